"""What tasks at work leave in the results folder, read before they end and tell it themselves."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from scribblebench.errors import InputError
from scribblebench.sweep.job import Job
from scribblebench.sweep.worker import Watcher

EVERY_S = 2.0
LOOKED_AT = 50
"""Tasks looked at in one go: shared file systems are slow."""


@dataclass
class Task:
    """A task that Ray has been given.

    Parameters
    ----------
    trial_id : str
    number : int
        Of the worker in the run; no two tasks have the same.
    has_begun : bool
        Whether its attempt has been seen, and told.
    """

    trial_id: str
    number: int
    has_begun: bool = False


class Traces:
    """Tells a watcher which trials have begun, and their steps, from the attempts' folders.

    Parameters
    ----------
    job : Job
    watcher : Watcher
    """

    def __init__(self, job: Job, watcher: Watcher) -> None:
        self._job, self._watcher = job, watcher
        self._looked, self._first = time.monotonic(), 0

    def look(self, tasks: Sequence[Task]) -> bool:
        """Look at some of the tasks, if it is time; return whether it was."""
        if time.monotonic() - self._looked < EVERY_S:
            return False
        self._first = self._first if self._first < len(tasks) else 0
        for task in tasks[self._first : self._first + LOOKED_AT]:
            self.see(task)
        self._first += LOOKED_AT
        self._looked = time.monotonic()
        return True

    def see(self, task: Task) -> None:
        """Look at one task."""
        with contextlib.suppress(InputError):  # it may be half there, and is looked at again
            last = self._job.store.attempts(task.trial_id).last()
            owner = last.owner() if last else None
            if last is None or owner is None or owner.run != self._job.order.run:
                return
            if owner.worker != task.number:
                return
            if not task.has_begun:
                task.has_begun = True
                self._watcher.trial_started(task.trial_id)
            done, total = last.steps()
            if total:
                self._watcher.step(task.trial_id, done, total)
