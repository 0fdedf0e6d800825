"""How attempts without a result ended: a table derived from their files.

`endings.parquet` only saves time where very many trials have failed. It is for people who look;
workers ask the files.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from scribblebench.io.atomic import WriteError, atomic_path
from scribblebench.sweep.attempts import Attempt, Status
from scribblebench.sweep.states import State
from scribblebench.sweep.store import Store

COLUMNS = ("trial_id", "changed_ns", "attempt", "state", "ended", "fault", "error")
"""A row a trial whose last attempt has ended without a result: its id, when an attempt was last
added, in ns since 1970, the last one's number, and its status but for the traceback."""
FEW = 100
"""Trials whose files are read sooner than a table."""
SETTLED_S = 60.0
"""Age of what is kept: file systems that count whole seconds give two attempts one time."""


class Endings:
    """The endings that were known at the last look, and those that this one finds.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._path = store.root / "endings.parquet"
        self._trials = str(store.root / "trials")
        self._known = self._read()
        self._kept: dict[str, tuple[int, State]] = {}

    def state(self, trial_id: str, look: Callable[[], State]) -> State:
        """Return the state of a trial without result; look only if its attempts have changed."""
        # Asked before the look: an attempt that is added meanwhile must be seen by the next one.
        changed_ns = self._changed_ns(trial_id)
        known = self._known.get(trial_id)
        if known is not None and known[0] == changed_ns:
            self._kept[trial_id] = known
            return known[1]
        state = look()
        is_settled = time.time() - changed_ns / 1e9 > SETTLED_S
        if is_settled and state.status is not None and state.name in ("failed", "stopped"):
            self._kept[trial_id] = (changed_ns, state)
        return state

    def save(self) -> None:
        """Write what is known, if it would save time and the folder can be written."""
        if len(self._kept) < FEW or self._kept == self._known:
            return
        rows = [
            (trial_id, changed_ns, state.attempt.number, *_values(state.status))
            for trial_id, (changed_ns, state) in self._kept.items()
            if state.attempt is not None and state.status is not None
        ]
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        with contextlib.suppress(WriteError), atomic_path(self._path) as temporary:
            table.to_parquet(temporary, index=False)

    def _changed_ns(self, trial_id: str) -> int:
        try:  # a Path for each of very many trials would take longer than the question
            return os.stat(f"{self._trials}/{trial_id}/attempts").st_mtime_ns  # noqa: PTH116
        except OSError:
            return -1

    def _read(self) -> dict[str, tuple[int, State]]:
        """Return the endings as they were left; an unreadable table holds none."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            table = pd.read_parquet(self._path)
            if tuple(table.columns) == COLUMNS:
                return dict(self._entries(table.itertuples(index=False, name=None)))
        return {}

    def _entries(self, rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[str, tuple[int, State]]]:
        for trial_id, changed_ns, number, name, *about in rows:
            attempt = Attempt(f"{self._trials}/{trial_id}/attempts/{number}")
            yield trial_id, (changed_ns, State(name, attempt, Status(name, *about)))


def _values(status: Status) -> tuple[Any, ...]:
    return status.state, status.ended, status.fault, status.error
