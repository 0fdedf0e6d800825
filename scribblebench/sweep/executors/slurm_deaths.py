"""When tasks that end before they begin a trial are too many to go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from scribblebench.errors import InputError
from scribblebench.sweep.executors.slurm_tasks import Task

MAX_IDLE = 3
"""Tasks in a row that may end before they begin a trial."""


class Deaths:
    """Counts tasks that ended before they began a trial.

    One node that breaks everything it gets may take several; so they are counted for each trial,
    from its last start. Where no task has ever begun a trial, they are counted together.
    """

    def __init__(self) -> None:
        self._of_trial: Counter[str] = Counter()
        self._n, self._any_begun = 0, False

    def begins(self, trial_id: str) -> None:
        """Hear that a task does something with a trial."""
        self._any_begun = True
        self._of_trial.pop(trial_id, None)

    def count(self, task: Task, state: str, trials: Sequence[str]) -> InputError | None:
        """Count a task, and return the error that it is one too many.

        Parameters
        ----------
        task : Task
        state : str
            In which it ended.
        trials : sequence of str
            That it should have begun.
        """
        if not trials:
            return None
        self._n += 1
        self._of_trial.update(trials)
        most = max(self._of_trial[trial_id] for trial_id in trials)
        if most <= MAX_IDLE and (self._any_begun or self._n < MAX_IDLE):
            return None
        why = task.error or f"see {task.log if task.log.exists() else task.array_log}"
        return InputError(f"tasks end before they begin a trial ({state}): {why}")
