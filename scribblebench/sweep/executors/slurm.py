"""Workers in tasks of SLURM's job arrays.

What is done is told by the results folder alone; SLURM is asked only which tasks may still run.
The trials of a task that is gone are submitted again unless they are settled or somebody runs
them. An executor that dies leaves its jobs at work: the next one follows them.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence

from scribblebench.errors import InputError
from scribblebench.sweep.executors import slurm_commands
from scribblebench.sweep.executors.slurm_commands import SlurmError
from scribblebench.sweep.executors.slurm_fleet import Fleet
from scribblebench.sweep.executors.slurm_script import sbatch_options
from scribblebench.sweep.job import Job
from scribblebench.sweep.worker import Watcher
from scribblebench.training.stop import Stop

LOOK_S = 1.0
"""Seconds between two looks at what workers tell."""
POLL_S = 10.0
"""Seconds between two questions to SLURM, whose controller serves everybody."""


class Slurm:
    """Submits trials in job arrays, and submits again what was lost.

    Parameters
    ----------
    options : sequence of str
        For `sbatch`: `partition=gpu`, `gres=gpu:1`, `time=04:00:00`, `exclusive`.
    trials_per_job : int
        Trials of a task, one after the other; each task spends seconds on starting.
    threads : int
        CPUs of a task.
    limit : int, or None
        Tasks at the same time.
    poll_s : float

    Raises
    ------
    InputError
        If an option is not one, or there is no SLURM here.
    """

    def __init__(
        self,
        options: Sequence[str] = (),
        *,
        trials_per_job: int = 1,
        threads: int = 1,
        limit: int | None = None,
        poll_s: float = POLL_S,
    ) -> None:
        for name, number in (("trials-per-job", trials_per_job), ("threads", threads)):
            if number < 1:
                raise InputError(f"--{name}: must be at least 1, got {number}")
        if limit is not None and limit < 1:
            raise InputError(f"--workers: must be at least 1, got {limit}")
        self._options = sbatch_options(options)
        self._trials_per_job, self._threads, self._limit = trials_per_job, threads, limit
        self._poll_s = poll_s
        if shutil.which("sbatch") is None:
            raise InputError("--executor slurm: there is no sbatch here")
        try:
            self._max_array = slurm_commands.max_array_size()
        except SlurmError as error:
            raise InputError(f"--executor slurm: {error}") from error

    def n_tasks(self, n_trials: int) -> int:
        """Return how many tasks may run at a time for so many trials."""
        wanted = max(1, -(-n_trials // self._trials_per_job))
        return wanted if self._limit is None else min(wanted, self._limit)

    def run(self, job: Job, *, watcher: Watcher, stop: Stop) -> None:
        """Run the workers; see `Executor.run`."""
        fleet = Fleet(
            job,
            watcher,
            stop,
            options=self._options,
            trials_per_job=self._trials_per_job,
            threads=self._threads,
            limit=self._limit,
            max_array=self._max_array,
        )
        try:
            polled = float("-inf")
            while fleet.is_at_work():
                if time.monotonic() - polled >= self._poll_s:
                    fleet.ask_slurm()
                    polled = time.monotonic()
                fleet.hear()
                if stop.now():
                    fleet.dismiss()
                else:
                    fleet.submit()
                time.sleep(min(LOOK_S, self._poll_s))
        except KeyboardInterrupt:
            fleet.cancel()
            raise
        fleet.close()
