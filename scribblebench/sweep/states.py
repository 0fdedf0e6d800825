"""How it stands with a trial, told from its folder alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from scribblebench.sweep.attempts import Attempt, Status, Watch
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
