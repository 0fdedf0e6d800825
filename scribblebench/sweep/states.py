"""How it stands with a trial, told from its folder alone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal, get_args

from scribblebench.sweep.attempts import LEASE_S, Attempt, Status, Watch
from scribblebench.sweep.store import Store

Name = Literal["finished", "running", "failed", "lost", "stopped", "to do"]
NAMES: tuple[Name, ...] = get_args(Name)


@dataclass(frozen=True)
class State:
    """State of one trial.

    Parameters
    ----------
    name : str
        finished: it has a result; running: its last attempt is alive; failed: that ended with an
        error; lost: its process is gone without a word; stopped: it saved its state when it was
        asked to; to do: it has no attempt.
    attempt : Attempt, or None
        The last one; None also where a trial is finished, which needs no look at it.
    status : Status, or None
        How that ended.
    """

    name: Name
    attempt: Attempt | None = None
    status: Status | None = None


def infrastructure_tries(store: Store, trial_id: str, run: str) -> int:
    """Return how many attempts of a run were lost, or failed by no fault of the trial.

    An attempt that is still running counts too.
    """
    statuses = [attempt.status() for attempt in _of_run(store, trial_id, run)]
    return sum(status is None or status.fault == "infrastructure" for status in statuses)


def has_failed_in(store: Store, trial_id: str, run: str) -> bool:
    """Return whether a trial failed by itself in a run."""
    statuses = [attempt.status() for attempt in _of_run(store, trial_id, run)]
    return any(status is not None and status.fault == "trial" for status in statuses)


def _of_run(store: Store, trial_id: str, run: str) -> list[Attempt]:
    attempts = [(a, a.owner()) for a in store.attempts(trial_id).all()]
    return [attempt for attempt, owner in attempts if owner is not None and owner.run == run]


def seen_once(store: Store, trial_id: str) -> State:
    """Return how it stands with a trial at a single look, for people.

    An attempt elsewhere counts as lost whose heartbeat is older than two leases by this machine's
    clock; nothing is decided by that.
    """
    state = state_of(store, trial_id, Watch())
    if state.name == "running" and silence_s(state.attempt) > 2 * LEASE_S:
        return State("lost", state.attempt)
    return state


def silence_s(attempt: Attempt | None) -> float:
    """Return the seconds since an attempt's last heartbeat, by the clocks of both machines."""
    if attempt is None:
        return 0.0
    try:
        return time.time() - (attempt.folder / "heartbeat").stat().st_mtime
    except OSError:
        return 0.0


def state_of(store: Store, trial_id: str, watch: Watch) -> State:
    """Return how it stands with a trial."""
    if store.is_finished(trial_id):
        return State("finished")
    last = store.attempts(trial_id).last()
    if last is None:
        return State("to do")
    status = last.status()
    if status is None:
        alive = watch.is_alive(last)
        # It may have ended between the two looks.
        status = last.status()
        if status is None:
            return State("running" if alive else "lost", last)
    if status.state == "finished":
        # Its result was there when it ended, so somebody has taken that away.
        return State("finished") if store.is_finished(trial_id) else State("to do", last, status)
    return State(status.state, last, status)
