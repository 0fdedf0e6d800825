"""What executors of a results folder leave to each other in the queue."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from scribblebench.io.atomic import write_json
from scribblebench.sweep.attempts import Owner
from scribblebench.sweep.executors import slurm_commands
from scribblebench.sweep.executors.slurm_commands import Entry, SlurmError
from scribblebench.sweep.executors.slurm_script import array_name, parse_name, read_list
from scribblebench.sweep.executors.slurm_tasks import Task
from scribblebench.sweep.job import Job
from scribblebench.sweep.processes import process_birth, this_machine


def sign(job: Job) -> None:
    """Say in a run's folder which process watches its jobs, and that its workers need not wait.

    A worker that waits for a trial of somebody else's would hold a part of the cluster for it;
    the executor waits instead.
    """
    folder = job.store.run_folder(job.order.run)
    write_json(folder / "executor.json", asdict(Owner.this_process(job.order.run, 0)))
    replace(job.order, wait=False).write(folder / "order.json")


def is_abandoned(folder: Path) -> bool:
    """Return whether the process that watched a run's jobs is known to be dead."""
    try:
        owner = Owner(**json.loads((folder / "executor.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return False
    here = bool(owner.machine) and owner.machine == this_machine()
    return here and process_birth(owner.pid) != owner.birth


def follow(job: Job, entries: Iterable[Entry]) -> tuple[list[Task], list[Job]]:
    """Find the tasks of earlier runs of a results folder.

    Those that run keep their trials. Those that wait are cancelled where nobody watches them any
    more: they would find their trials done. Others share the work, as any two sweeps do.

    Returns
    -------
    tasks : list of Task
        Those that run; ours where nobody else watches them.
    jobs : list of Job
        The runs that nobody else watches, as far as they still have tasks.
    """
    wanted = set(job.order.trials)
    lists: dict[tuple[str, int], list[tuple[int, tuple[str, ...]]]] = {}
    abandoned: dict[str, bool] = {}
    tasks, waiting = [], set()
    for entry in entries:
        array = parse_name(entry.name)
        if array is None or entry.has_ended or array[0] == job.order.run:
            continue
        run, number = array
        folder = job.store.run_folder(run)
        if array not in lists:
            lists[array] = read_list(folder, number)
            abandoned[run] = is_abandoned(folder)
        if entry.index >= len(lists[array]):
            continue
        if entry.state == "PENDING":
            waiting |= {array} if abandoned[run] else set()
            continue
        worker, trials = lists[array][entry.index]
        task = Task(
            entry.name,
            entry.index,
            worker,
            tuple(trial_id for trial_id in trials if trial_id in wanted),
            folder,
            is_ours=abandoned[run],
            job_id=entry.job_id,
            state=entry.state,
            has_begun=True,
        )
        task.skip_events()
        tasks.append(task)
    with contextlib.suppress(SlurmError):  # they would find nothing to do
        slurm_commands.cancel([array_name(*array) for array in sorted(waiting)], pending_only=True)
    runs = {parse_name(task.name) for task in tasks if task.is_ours}
    jobs = [replace(job, order=replace(job.order, run=run)) for run, _ in filter(None, runs)]
    return tasks, jobs
