"""The tasks of a run on SLURM, and which trials are theirs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

from scribblebench.errors import InputError
from scribblebench.io.atomic import WriteError
from scribblebench.sweep.executors import slurm_commands, slurm_roll
from scribblebench.sweep.executors.events import deliver
from scribblebench.sweep.executors.outcomes import Outcomes
from scribblebench.sweep.executors.slurm_arrays import UNSURE, Arrays
from scribblebench.sweep.executors.slurm_commands import SlurmError
from scribblebench.sweep.executors.slurm_deaths import Deaths
from scribblebench.sweep.executors.slurm_heritage import follow, sign
from scribblebench.sweep.executors.slurm_script import write_left
from scribblebench.sweep.executors.slurm_tasks import Task
from scribblebench.sweep.job import Job
from scribblebench.sweep.worker import Watcher
from scribblebench.training.stop import Stop

MAX_QUEUED = 4000
"""Tasks of a sweep that SLURM holds at a time; it is made for 10,000 of all users."""
PATIENCE_S = 900.0
"""What SLURM may stay silent: controllers are restarted and moved."""
GRACE_S = 120.0
"""What running tasks have to save the state of their trials when the sweep is stopped."""
RECANCEL_S = 20.0


class Fleet:
    """Keeps a task for every trial that is not settled; see `Slurm` for the parameters."""

    def __init__(
        self,
        job: Job,
        watcher: Watcher,
        stop: Stop,
        *,
        options: Sequence[str],
        trials_per_job: int,
        threads: int,
        limit: int | None,
        max_array: int,
    ) -> None:
        sign(job)
        self._job, self._watcher, self._stop = job, watcher, stop
        self._trials_per_job = trials_per_job
        self._arrays = Arrays(
            job,
            options=options,
            threads=threads,
            limit=limit,
            max_array=max_array,
        )
        self._outcomes = Outcomes(job, watcher)
        # Every trial that is left is held by a task, is free, or is watched.
        self._left = dict.fromkeys(job.order.trials)
        self._free: dict[str, None] = {}
        self._watched = dict.fromkeys(job.order.trials)
        self._tasks: dict[tuple[str, int], Task] = {}
        self._followed: list[Job] = []
        self._taken_away: dict[str, str] = {}
        self._deaths = Deaths()
        self._error: Exception | None = None
        self._has_asked, self._answered = False, time.monotonic()
        self._cancel_next, self._cancel_all = float("-inf"), float("inf")

    def is_at_work(self) -> bool:
        """Return whether there is anything to do, or to wait for."""
        if self._stop.now():
            return any(task.is_ours for task in self._tasks.values())
        return bool(self._left)

    def ask_slurm(self) -> None:
        """Learn which tasks may still run, and see to those that are gone.

        Raises
        ------
        InputError
            If SLURM has been silent for too long.
        """
        self._tell_left()
        try:
            entries = slurm_commands.queue()
        except SlurmError as error:
            silent_s = time.monotonic() - self._answered
            if silent_s > PATIENCE_S:
                raise InputError(
                    f"SLURM has not answered for {silent_s / 60:.0f} min ({error}); its jobs go "
                    "on, and the same command follows them"
                ) from error
            return
        self._answered = time.monotonic()
        if not self._has_asked:
            tasks, self._followed = follow(self._job, entries)
            self._tasks.update({(task.name, task.index): task for task in tasks})
        gone = slurm_roll.gone(
            self._tasks.values(), entries, outcomes=self._outcomes, watcher=self._watcher
        )
        for task, state in gone:
            self._bury(task, state)
        self._look()
        self._has_asked = True
        slurm_roll.cancel_silent(gone)

    def _tell_left(self) -> None:
        """Tell tasks that start how long the run may take; those at work are told by its end."""
        if self._stop.deadline is not None:
            # Where that cannot be written the workers do not get far either.
            with contextlib.suppress(WriteError):
                write_left(self._arrays.folder, self._stop.deadline - time.monotonic())

    def hear(self) -> None:
        """Pass on what the workers have told since the last time."""
        for task in list(self._tasks.values()):
            if task.state not in ("PENDING", UNSURE):
                self._hear(task)

    def _hear(self, task: Task) -> None:
        for event in task.events():
            if event["event"] != "broken":
                self._pass_on(event)
            elif not event["is_input"]:
                # The folder is the same for all of them; data may be missing on one node.
                self._fail(WriteError(event["error"]))

    def _pass_on(self, event: Mapping[str, Any]) -> None:
        kind, trial_id = event["event"], event["trial_id"]
        self._deaths.begins(trial_id)
        if trial_id not in self._left or not self._outcomes.hear(kind, trial_id):
            return
        deliver(event, self._watcher)
        if kind in ("finished", "failed"):
            self._watched[trial_id] = None
            self._look_at(trial_id)

    def _bury(self, task: Task, state: str) -> None:
        """See to a task that is gone."""
        del self._tasks[task.name, task.index]
        self._hear(task)
        left = [trial_id for trial_id in task.trials if trial_id in self._left]
        self._watched.update(dict.fromkeys(left))
        if task.trial_id is not None:
            self._taken_away[task.trial_id] = f"worker {task.worker} is gone ({state})"
        elif not task.has_begun and state != UNSURE:
            self._bury_idle(task, state, left)

    def _bury_idle(self, task: Task, state: str, left: Sequence[str]) -> None:
        """See to a task that has begun none of the trials that are left to it."""
        free = [i for i in left if self._outcomes.standing(i) == "free"]
        if self._job.order.whole_trials and state == "COMPLETED" and task.error is None:
            # It passed over what would not finish in time, and so would the next one.
            for trial_id in free:
                del self._left[trial_id], self._watched[trial_id]
            return
        error = self._deaths.count(task, state, free)
        if error is not None and not self._stop.now():
            self._fail(error)

    def _look(self) -> None:
        """Learn how the trials that no task holds stand."""
        held = {i for task in self._tasks.values() for i in task.trials}
        for trial_id in list(self._watched):
            self._look_at(trial_id)
        for trial_id in [i for i in self._free if i in held]:
            del self._free[trial_id]

    def _look_at(self, trial_id: str) -> None:
        standing = self._outcomes.standing(trial_id, quiet=not self._has_asked)
        if standing == "running":
            return
        del self._watched[trial_id]
        reason = self._taken_away.pop(trial_id, None)
        if standing == "settled":
            self._left.pop(trial_id, None)
            return
        if reason is not None:
            again = "" if self._stop.now() else "; the trial is tried again"
            self._watcher.trial_put_back(trial_id, reason + again)
        self._free[trial_id] = None

    def submit(self) -> None:
        """Submit the trials that are free."""
        room = MAX_QUEUED - len(self._tasks)
        if not self._free or room <= 0:
            return
        ids, n = list(self._free), self._trials_per_job
        ours = [task for task in self._tasks.values() if task.folder == self._arrays.folder]
        tasks = self._arrays.submit(
            [ids[i : i + n] for i in range(0, len(ids), n)][:room],
            after=ours[-1].job_id if ours else None,
            is_waiting=bool(self._tasks),
        )
        for task in tasks:
            self._tasks[task.name, task.index] = task
            for trial_id in task.trials:
                del self._free[trial_id]

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._stop.ask(str(error))

    def dismiss(self) -> None:
        """Ask the workers to end, and SLURM to forget the tasks that have not begun.

        Those that have not ended after `GRACE_S` are cancelled.
        """
        now = time.monotonic()
        if self._cancel_all == float("inf"):
            self._cancel_all = now + GRACE_S
            try:
                for job in (self._job, *self._followed):
                    job.write_stop(self._stop.reason or "")
            except WriteError:
                self._cancel_all = now
        if now >= self._cancel_next:
            self._cancel_next = now + RECANCEL_S
            self.cancel(pending_only=now < self._cancel_all)

    def cancel(self, *, pending_only: bool = False) -> None:
        """Cancel the tasks that are left, as far as SLURM answers."""
        names = {task.name for task in self._tasks.values() if task.is_ours}
        with contextlib.suppress(SlurmError):
            slurm_commands.cancel(sorted(names), pending_only=pending_only)

    def close(self) -> None:
        """Leave nothing in the queue, and raise what kept the workers from working.

        Raises
        ------
        WriteError, InputError
        """
        self.cancel(pending_only=True)
        if self._error is not None:
            raise self._error
