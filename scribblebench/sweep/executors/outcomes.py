"""How trials that no worker of an executor holds stand, as workers of its run would see them."""

from __future__ import annotations

import time
from typing import Literal

from scribblebench.sweep.attempts import LEASE_S, Watch
from scribblebench.sweep.job import Job
from scribblebench.sweep.states import State, has_failed_in, infrastructure_tries, state_of
from scribblebench.sweep.worker import MAX_TRIES, Watcher

Standing = Literal["settled", "running", "free"]


class Outcomes:
    """Looks at trials in the results folder, and tells what workers did not.

    Parameters
    ----------
    job : Job
    watcher : Watcher
        Hears how a trial ended once, whether from its worker or from the folder.
    """

    def __init__(self, job: Job, watcher: Watcher) -> None:
        self._job, self._watcher = job, watcher
        self._watch = Watch()
        self._told: dict[str, float] = {}

    def hear(self, event: str, trial_id: str) -> bool:
        """Remember what a worker told of a trial; return whether its end was not known yet."""
        news = trial_id not in self._told
        if event in ("finished", "failed"):
            self._told.setdefault(trial_id, time.monotonic())
        return news

    def standing(self, trial_id: str, *, quiet: bool = False) -> Standing:
        """Return whether a trial needs nothing more in this run, is run by somebody, or is free.

        Parameters
        ----------
        trial_id : str
        quiet : bool
            Do not tell the watcher, because that was so before this run.
        """
        state = state_of(self._job.store, trial_id, self._watch)
        if state.name == "running":
            return "running"
        if not self._is_settled(trial_id, state):
            # What a worker has told may take a while until it is seen over a network.
            told = self._told.get(trial_id)
            return "free" if told is None or time.monotonic() - told > LEASE_S else "running"
        if not quiet and trial_id not in self._told:
            self._tell(trial_id, state)
        return "settled"

    def is_silent(self, trial_id: str, *, run: str, worker: int) -> bool:
        """Return whether a worker's attempt at a trial is dead, whoever runs the trial since.

        Its process is gone without a word, or its heartbeat has stopped.
        """
        for attempt in reversed(self._job.store.attempts(trial_id).all()):
            owner = attempt.owner()
            if owner is not None and (owner.run, owner.worker) == (run, worker):
                # It may have ended between the two looks.
                return not self._watch.is_alive(attempt) and attempt.status() is None
        return False

    def _is_settled(self, trial_id: str, state: State) -> bool:
        """Return whether a worker would pass a trial over; see `scribblebench.sweep.worker`."""
        if state.name != "failed":
            return state.name == "finished"
        assert state.attempt is not None
        assert state.status is not None
        store, run = self._job.store, self._job.order.run
        if state.status.fault == "infrastructure":
            return infrastructure_tries(store, trial_id, run) >= MAX_TRIES
        return has_failed_in(store, trial_id, run) or not self._job.order.retry_failed

    def _tell(self, trial_id: str, state: State) -> None:
        self._told[trial_id] = time.monotonic()
        if state.status is not None and state.name == "failed":
            self._watcher.trial_failed(trial_id, state.status.error)
        else:
            result = self._job.store.read_result(trial_id)
            self._watcher.trial_finished(
                trial_id, mean_dsc=result["mean_dsc"], seconds=result["timing"]["wall_s"]
            )
