"""Which tasks do not run any more, by SLURM's word and by their heartbeats."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from scribblebench.sweep.executors import slurm_commands
from scribblebench.sweep.executors.outcomes import Outcomes
from scribblebench.sweep.executors.slurm_arrays import UNSURE
from scribblebench.sweep.executors.slurm_commands import Entry, SlurmError
from scribblebench.sweep.executors.slurm_tasks import Task
from scribblebench.sweep.worker import Watcher

SILENT = "no heartbeat"
"""End of tasks whose node hangs: SLURM may learn that late."""


def gone(
    tasks: Iterable[Task], entries: Sequence[Entry], *, outcomes: Outcomes, watcher: Watcher
) -> list[tuple[Task, str]]:
    """Return the tasks that do not run any more, and what is known of their end.

    Parameters
    ----------
    tasks : iterable of Task
        Their states are brought up to date.
    entries : sequence of Entry
        What SLURM knows.
    outcomes : Outcomes
        Watches the heartbeats.
    watcher : Watcher
        Hears which trials SLURM has put back together with their tasks.
    """
    known = {(entry.name, entry.index): entry for entry in entries}
    found, vanished = [], []
    for task in tasks:
        entry = known.get((task.name, task.index))
        if entry is None:
            vanished.append(task)
            continue
        task.job_id, task.state = entry.job_id, entry.state
        if task.state == "PENDING" and task.trial_id is not None:
            watcher.trial_put_back(task.trial_id, "SLURM has put its task back")
            task.trial_id = None
        if entry.has_ended:
            found.append((task, task.state))
        elif task.state == "RUNNING" and _is_silent(task, outcomes):
            found.append((task, SILENT))
    ids = [(task.job_id, task.index) for task in vanished if task.job_id is not None]
    states = slurm_commands.accounted(ids)
    for task in vanished:
        unknown = UNSURE if task.state == UNSURE else "unknown to SLURM"
        found.append((task, states.get((task.job_id or "", task.index), unknown)))
    return found


def _is_silent(task: Task, outcomes: Outcomes) -> bool:
    return task.trial_id is not None and outcomes.is_silent(
        task.trial_id, run=task.run, worker=task.worker
    )


def cancel_silent(found: Iterable[tuple[Task, str]]) -> None:
    """Cancel the tasks that SLURM believes to run, as far as it answers, unless others watch them.

    They would hold their nodes, and their places among the tasks at a time, until SLURM's own
    time limit.
    """
    ids = [
        (task.job_id, task.index)
        for task, state in found
        if state == SILENT and task.is_ours and task.job_id is not None
    ]
    if ids:
        with contextlib.suppress(SlurmError):
            slurm_commands.cancel_tasks(ids)
