"""When tasks that end before they begin a trial are too many to go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from scribblebench.errors import InputError
from scribblebench.sweep.executors.slurm_tasks import Task

MAX_IDLE = 3
"""Tasks in a row that may end before they begin a trial."""
TAKEN_BACK = ("PREEMPTED", "REVOKED")
"""States in which SLURM ends tasks for others' sake; they wait for their turn again."""


class Deaths:
    """Counts tasks that ended before they began a trial.

    One node that breaks everything it gets may take several; so they are counted for each trial,
    from its last start. Where no task has ever begun a trial, they are counted together, but for
    those that somebody cancelled: that may be a whole array at once, and says nothing of nodes.
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
            In which it ended. Those that SLURM took back do not count, nor those that ended well
            and do not tell why they could do nothing: there was nothing to do.
        trials : sequence of str
            That it should have begun.
        """
        had_nothing_to_do = state == "COMPLETED" and task.error is None
        if not trials or had_nothing_to_do or state in TAKEN_BACK:
            return None
        self._n += state != "CANCELLED"
        self._of_trial.update(trials)
        most = max(self._of_trial[trial_id] for trial_id in trials)
        if most <= MAX_IDLE and (self._any_begun or self._n < MAX_IDLE):
            return None
        why = task.error or f"see {task.log if task.log.exists() else task.array_log}"
        return InputError(f"tasks end before they begin a trial ({state}): {why}")
