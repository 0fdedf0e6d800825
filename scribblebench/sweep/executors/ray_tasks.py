"""The tasks of a sweep on a Ray cluster: those with Ray and those to come."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scribblebench.errors import InputError
from scribblebench.io.atomic import WriteError
from scribblebench.sweep.attempts import Watch
from scribblebench.sweep.estimate import Estimates
from scribblebench.sweep.executors.events import deliver
from scribblebench.sweep.executors.ray_cluster import Places
from scribblebench.sweep.executors.ray_traces import Task, Traces
from scribblebench.sweep.job import Job
from scribblebench.sweep.states import State, state_of
from scribblebench.sweep.worker import Watcher
from scribblebench.training.stop import Stop

POLL_S = 0.2
LATE_S = 60.0
"""Seconds after a deadline in which the first trial may still begin: every run gets on a bit."""
MIN_IDLE_LOSSES = 3
"""Tasks in a row that may be lost before their trials begin: something is wrong with all."""


class Tasks:
    """Gives Ray the trials of a job, a few at a time, and takes in what becomes of them.

    Parameters
    ----------
    job : Job
    watcher : Watcher
    stop : Stop
    remote : callable
        Gives Ray a task of `scribblebench.sweep.executors.ray_worker.run_trial`.
    places : Places
    """

    def __init__(
        self, job: Job, watcher: Watcher, stop: Stop, *, remote: Callable[..., Any], places: Places
    ) -> None:
        self._job, self._watcher, self._stop = job, watcher, stop
        self._remote, self._places = remote, places
        self._traces = Traces(job, watcher)
        self._to_do = deque(job.order.trials)
        self._tasks: dict[Any, Task] = {}
        self._open: set[str] = set()  # run by somebody else, or lost and perhaps still alive
        self._lost: dict[str, str] = {}  # why, until they are tried again
        self._watch = Watch()
        self._estimates = Estimates(job.order.estimates)
        self._numbers = itertools.count()
        self._has_submitted = self._has_begun = self._is_dismissed = False
        self._idle_losses = 0
        self._error: Exception | None = None

    def work(self) -> None:
        """Work until no trial is left, or `stop` asks for the end and running ones have saved."""
        self._fill()
        while self._tasks or ((self._to_do or self._open) and not self._is_ending()):
            for reference in self._wait():
                self._take_in(self._tasks.pop(reference), reference)
            if self._traces.look(list(self._tasks.values())):
                self._has_begun |= any(task.has_begun for task in self._tasks.values())
                for trial_id in list(self._open):
                    self._settle(trial_id)
            if self._is_ending():
                self._dismiss()
            else:
                self._fill()

    def cancel(self, *, force: bool) -> None:
        """Take tasks back from Ray; those at work are interrupted or, by force, killed."""
        import ray

        for reference in self._tasks:
            with contextlib.suppress(ray.exceptions.RayError):
                ray.cancel(reference, force=force)

    def complain(self) -> None:
        """Raise what kept the tasks from working, if anything did."""
        if self._error is not None:
            raise self._error

    def _is_ending(self) -> bool:
        if self._error is not None:
            return True
        deadline, now = self._stop.deadline, time.monotonic()
        if deadline is not None and deadline <= now < deadline + LATE_S and not self._has_begun:
            return False
        return self._stop.now()

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._stop.ask(str(error))

    def _dismiss(self) -> None:
        """Ask all tasks to end, through the folder and through Ray."""
        if self._is_dismissed:
            return
        self._is_dismissed = True
        with contextlib.suppress(WriteError):
            self._job.write_stop(self._stop.reason or "asked to stop")
        self.cancel(force=False)

    def _fill(self) -> None:
        """Give Ray as many trials as it may hold."""
        try:
            limit = self._places.limit()
        except InputError as error:
            self._fail(error)
            return
        while self._to_do and len(self._tasks) < limit:
            trial_id = self._to_do.popleft()
            state = state_of(self._job.store, trial_id, self._watch)
            if state.name == "running":
                self._open.add(trial_id)
            elif state.name == "finished":
                self._tell_end(trial_id, state)
            elif self._is_in_time(trial_id):
                self._submit(trial_id, state)

    def _is_in_time(self, trial_id: str) -> bool:
        """Return whether a trial is expected to finish before the deadline, where that matters."""
        deadline = self._stop.deadline
        if deadline is None or not self._job.order.whole_trials or not self._has_submitted:
            return True
        seconds = self._estimates.seconds(self._job.plan.trials[trial_id])
        return seconds is None or time.monotonic() + seconds <= deadline

    def _submit(self, trial_id: str, state: State) -> None:
        why = self._lost.pop(trial_id, "its process is gone")
        if state.name == "lost" and state.attempt is not None:
            # A process on another machine that has not watched it would believe it alive.
            state.attempt.end("failed", fault="infrastructure", error=why)
        deadline = self._stop.deadline
        task = Task(trial_id, next(self._numbers))
        reference = self._remote(
            str(self._job.store.root.absolute()),
            self._job.order.run,
            trial_id,
            number=task.number,
            stop_after_s=None if deadline is None else max(0.0, deadline - time.monotonic()),
        )
        self._tasks[reference] = task
        self._has_submitted = True

    def _wait(self) -> Sequence[Any]:
        """Wait for the next tasks that end, but not for long."""
        import ray

        if not self._tasks:
            time.sleep(POLL_S)
            return []
        references = list(self._tasks)
        ready, _ = ray.wait(references, num_returns=1, timeout=POLL_S)
        if ready:
            ready, _ = ray.wait(references, num_returns=len(references), timeout=0)
        return list(ready)

    def _take_in(self, task: Task, reference: Any) -> None:
        """See what came of a task that has ended."""
        import ray

        try:
            self._hear(task, ray.get(reference))
        except ray.exceptions.RayTaskError as error:
            self._fail(error)  # a bug: what can go wrong in a trial is among its events
        except ray.exceptions.RayError as error:
            what = f"its Ray worker was lost ({type(error).__name__})"
            self._traces.see(task)
            if isinstance(error, ray.exceptions.TaskCancelledError) and self._is_dismissed:
                what = "asked to stop"
            else:
                self._lost[task.trial_id] = what
                what += "; the trial is tried again"
                self._count_idle_loss(task, error)
            if task.has_begun:
                self._watcher.trial_put_back(task.trial_id, what)
            self._settle(task.trial_id)

    def _count_idle_loss(self, task: Task, error: Exception) -> None:
        """Give up if task after task is lost before its trial begins, on nodes that stay."""
        import ray

        if task.has_begun:
            self._idle_losses = 0
        elif not isinstance(error, ray.exceptions.NodeDiedError):
            self._idle_losses += 1
        if self._idle_losses >= max(MIN_IDLE_LOSSES, len(self._tasks)):
            reason = " ".join(str(error).split())
            self._fail(InputError(f"Ray cluster: loses tasks before their trials begin ({reason})"))

    def _hear(self, task: Task, events: Sequence[Mapping[str, Any]]) -> None:
        for event in events:
            if event["event"] == "broken":
                kind = InputError if event["is_input"] else WriteError
                self._fail(kind(event["error"]))
                return
            if event["event"] == "started" and task.has_begun:
                continue
            task.has_begun = self._has_begun = True
            if event["event"] == "finished":
                config = self._job.plan.trials[task.trial_id]
                self._estimates.add(config, event["seconds"])
            deliver(event, self._watcher)
        self._idle_losses = 0
        if not events:
            self._settle(task.trial_id)

    def _settle(self, trial_id: str) -> None:
        """Decide about a trial that no event has told the end of."""
        state = state_of(self._job.store, trial_id, self._watch)
        self._open.discard(trial_id)
        if state.name == "running":
            self._open.add(trial_id)
        elif state.name == "finished" or (state.name == "failed" and trial_id not in self._lost):
            self._tell_end(trial_id, state)
        else:
            self._to_do.appendleft(trial_id)

    def _tell_end(self, trial_id: str, state: State) -> None:
        """Tell how a trial has ended without our hearing of it, unless that was before this run."""
        if state.name == "finished":
            result = self._job.store.read_result(trial_id)
            seconds = float(result["timing"]["wall_s"])
            self._watcher.trial_finished(trial_id, mean_dsc=result["mean_dsc"], seconds=seconds)
        elif state.attempt is not None and state.status is not None:
            owner = state.attempt.owner()
            if owner is not None and owner.run == self._job.order.run:
                self._watcher.trial_failed(trial_id, state.status.error)
