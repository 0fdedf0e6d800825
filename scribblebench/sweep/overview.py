"""How it stands with a whole sweep, told from its folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import partial

from scribblebench.sweep.attempts import Watch
from scribblebench.sweep.endings import Endings
from scribblebench.sweep.estimate import Estimates
from scribblebench.sweep.index import finished_trials, latest
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.plan_file import Plan
from scribblebench.sweep.states import Name, State, seen_once, state_of
from scribblebench.sweep.store import Store


@dataclass(frozen=True)
class Overview:
    """States of the planned trials.

    Parameters
    ----------
    plan : Plan
    states : dict of str to State
        By id, in the order of the plan.
    n_unplanned : int
        Finished trials that the plan does not ask for.
    seconds_left : float, or None
        Of work on trials that are neither finished nor failed, one after the other; None where
        trials of a kind that none has finished of are among them.
    """

    plan: Plan
    states: dict[str, State]
    n_unplanned: int
    seconds_left: float | None

    def count(self, name: Name) -> int:
        """Return how many trials are in a state."""
        return sum(state.name == name for state in self.states.values())

    def of(self, *names: Name) -> list[tuple[str, TrialConfig, State]]:
        """Return the trials in some states."""
        return [(i, self.plan.trials[i], s) for i, s in self.states.items() if s.name in names]


def overview(store: Store, watch: Watch | None = None) -> Overview:
    """Look at every trial of a folder's plan.

    Parameters
    ----------
    store : Store
    watch : Watch, or None
        One that is kept between looks tells attempts of other machines better than a first look.

    Raises
    ------
    InputError
        If there is no plan, or a file cannot be read.
    """
    plan = store.read_plan()
    table = finished_trials(store)
    finished = set(table.index.tolist())
    states = states_of(store, plan.trials, finished=finished, watch=watch)
    estimates = Estimates.of(latest(table), plan.trials)
    left = _seconds_left(plan, states, estimates)
    return Overview(plan, states, len(finished - plan.trials.keys()), left)


def states_of(
    store: Store, ids: Iterable[str], *, finished: Set[str], watch: Watch | None = None
) -> dict[str, State]:
    """Look at some trials.

    Parameters
    ----------
    store : Store
    ids : iterable of str
    finished : set of str
        Ids of the finished trials in the folder.
    watch : Watch, or None
        See `overview`.

    Returns
    -------
    states : dict of str to State
        By id, in the order of `ids`.
    """
    begun = set(_names(store))
    endings = Endings(store)
    done, to_do = State("finished"), State("to do")
    states = {}
    for trial_id in ids:
        if trial_id in finished:
            states[trial_id] = done
        elif trial_id not in begun:
            states[trial_id] = to_do
        else:
            states[trial_id] = endings.state(trial_id, partial(_look, store, trial_id, watch))
    endings.save()
    return states


def _look(store: Store, trial_id: str, watch: Watch | None) -> State:
    return state_of(store, trial_id, watch) if watch else seen_once(store, trial_id)


def _names(store: Store) -> list[str]:
    with contextlib.suppress(FileNotFoundError), os.scandir(store.root / "trials") as entries:
        return [entry.name for entry in entries]
    return []


def _seconds_left(plan: Plan, states: dict[str, State], estimates: Estimates) -> float | None:
    total = 0.0
    for trial_id, state in states.items():
        if state.name in ("finished", "failed"):
            continue
        seconds = estimates.seconds(plan.trials[trial_id])
        if seconds is None:
            return None
        total += seconds * share_left(state)
    return total


def share_left(state: State) -> float:
    """Return the share of a trial's steps that are to do, by its last heartbeat."""
    done, steps = state.attempt.steps() if state.attempt else (0, 0)
    return 1.0 - done / steps if steps else 1.0
