"""A worker: takes trials of a sweep, one after the other, as long as there are any."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol as Interface

import torch

from scribblebench.sweep.attempts import Attempt, Owner, Watch
from scribblebench.sweep.estimate import Estimates
from scribblebench.sweep.execution import Executed, execute
from scribblebench.sweep.job import Job
from scribblebench.sweep.provenance import provenance
from scribblebench.sweep.states import State, has_failed_in, infrastructure_tries, state_of
from scribblebench.training.stop import Stop

MAX_TRIES = 3
"""Attempts of a trial within a run that may be lost to the infrastructure."""
POLL_S = 0.5
"""Seconds between two looks at trials that others run."""


class Watcher(Interface):
    """Told about the course of a sweep; trials by their ids."""

    def trial_started(self, trial_id: str) -> None:
        """Hear that work on a trial begins."""

    def step(self, trial_id: str, done: int, total: int) -> None:
        """Take the training steps of a trial."""

    def trial_finished(self, trial_id: str, *, mean_dsc: float, seconds: float) -> None:
        """Hear that a trial's result is on the disk."""

    def trial_failed(self, trial_id: str, error: str) -> None:
        """Hear that a trial will not be tried again in this run."""

    def trial_put_back(self, trial_id: str, reason: str) -> None:
        """Hear that a trial ended without result or failure: stopped, or lost and tried again."""


class Worker:
    """Takes the trials of an order that are free, in their order.

    A trial is free if it has no result and nobody runs it; if it has failed, only where the order
    says so and not in this run; if it was lost, unless that has happened `MAX_TRIES` times in this
    run. Several workers, of one run or of several, on any machines, may work in one folder.

    Parameters
    ----------
    job : Job
    number : int
        Of the worker in its run.
    device : torch.device
    stop : Stop
        Asks the current trial to save its state, and no other to begin.
    watcher : Watcher
    """

    def __init__(
        self, job: Job, *, number: int, device: torch.device, stop: Stop, watcher: Watcher
    ) -> None:
        self._job = job
        self._device = device
        self._stop = stop
        self._watcher = watcher
        self._owner = Owner.this_process(job.order.run, number)
        self._watch = Watch()
        self._estimates = Estimates(job.order.estimates)
        # Asked once: the code at work is what was loaded, whatever is committed later.
        self._origin = provenance(device)

    def run(self) -> None:
        """Work until no trial is left, or `stop` asks for the end.

        Raises
        ------
        WriteError
            If the results folder cannot be written.
        InputError
            If the data cannot be read or are others.
        """
        left = list(self._job.order.trials)
        if left:
            self._job.data.get([self._job.plan.trials[i] for i in left])
        first = True
        # A deadline that has passed lets one trial make a step: each run must get somewhere.
        while left and not self._stop.asked and (first or not self._must_stop()):
            late = first and not self._job.order.whole_trials
            taken, done, others = self._take(left, even_if_late=late)
            left = [trial_id for trial_id in left if trial_id not in done]
            if taken:
                trial_id, attempt = taken
                left.remove(trial_id)
                if not self._execute(trial_id, attempt):
                    # Others first: what took its memory or its GPU may be gone by then.
                    left.append(trial_id)
                first = False
            elif others and self._job.order.wait and not self._must_stop():
                time.sleep(POLL_S)
            else:
                return

    def _must_stop(self) -> bool:
        if reason := self._job.read_stop():
            self._stop.ask(reason)
        return self._stop.now()

    def _take(
        self, left: Sequence[str], *, even_if_late: bool
    ) -> tuple[tuple[str, Attempt] | None, set[str], bool]:
        """Claim the first free trial.

        Returns
        -------
        taken : (trial_id, attempt), or None
        done : set of str
            Trials before it that need no other look in this run.
        others : bool
            Whether somebody else runs one of those before it.
        """
        done: set[str] = set()
        others = False
        for trial_id in left:
            state = state_of(self._job.store, trial_id, self._watch)
            if state.name == "running":
                others = True
            elif not self._is_free(trial_id, state):
                done.add(trial_id)
            elif even_if_late or self._is_in_time(trial_id):
                attempts = self._job.store.attempts(trial_id)
                attempt = attempts.claim(self._owner, state.attempt)
                if attempt and self._job.store.has_result_now(trial_id):
                    # Finished between the look and the claim, or a cache had not told it yet.
                    attempt.end("stopped", error="somebody else has finished the trial")
                    done.add(trial_id)
                elif attempt:
                    return (trial_id, attempt), done, others
                else:
                    others = True
            else:
                done.add(trial_id)
        return None, done, others

    def _is_free(self, trial_id: str, state: State) -> bool:
        if state.name == "finished":
            return False
        if state.name in ("to do", "stopped"):
            return True
        assert state.attempt is not None
        if state.status is None or state.status.fault == "infrastructure":
            return not self._give_up(trial_id, state.attempt)
        retry = self._job.order.retry_failed
        return retry and not has_failed_in(self._job.store, trial_id, self._owner.run)

    def _give_up(self, trial_id: str, last: Attempt) -> bool:
        """Return whether a trial was lost too often in this run, and record that it failed."""
        tries = infrastructure_tries(self._job.store, trial_id, self._owner.run)
        if tries < MAX_TRIES:
            return False
        if last.status() is None:
            error = f"its process was killed, {tries} times in this run"
            last.end("failed", fault="infrastructure", error=error)
            self._watcher.trial_failed(trial_id, error)
        return True

    def _is_in_time(self, trial_id: str) -> bool:
        """Return whether a trial is expected to finish before the deadline, where that matters."""
        deadline = self._stop.deadline
        if deadline is None or not self._job.order.whole_trials:
            return True
        seconds = self._estimates.seconds(self._job.plan.trials[trial_id])
        return seconds is None or time.monotonic() + seconds <= deadline

    def _execute(self, trial_id: str, attempt: Attempt) -> bool:
        """Run an attempt; return whether the trial needs no other look in this run."""
        self._watcher.trial_started(trial_id)
        ended: Executed = execute(
            self._job,
            trial_id,
            attempt,
            device=self._device,
            origin=self._origin,
            stop=self._stop,
            on_step=lambda done, total: self._watcher.step(trial_id, done, total),
        )
        if ended.state == "finished":
            self._estimates.add(self._job.plan.trials[trial_id], ended.seconds)
            self._watcher.trial_finished(trial_id, mean_dsc=ended.mean_dsc, seconds=ended.seconds)
        elif ended.state == "stopped":
            self._watcher.trial_put_back(trial_id, ended.error)
        elif ended.fault == "infrastructure" and not self._give_up(trial_id, attempt):
            self._watcher.trial_put_back(trial_id, ended.error)
            return False
        else:
            self._watcher.trial_failed(trial_id, ended.error)
        return True
