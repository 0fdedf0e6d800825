"""Job arrays of a run: as large as SLURM takes them, one after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence

from scribblebench.errors import InputError
from scribblebench.sweep.executors import slurm_commands
from scribblebench.sweep.executors.slurm_commands import SilentError, SlurmError
from scribblebench.sweep.executors.slurm_script import (
    array_arguments,
    array_name,
    write_list,
    write_script,
)
from scribblebench.sweep.executors.slurm_tasks import Task
from scribblebench.sweep.job import Job

RETRY_S = 60.0
"""Seconds to wait with what SLURM did not take."""
UNSURE = "UNSURE"
"""State of tasks of which SLURM did not say whether it took them."""


class Arrays:
    """Submits tasks.

    Parameters
    ----------
    job : Job
    options : sequence of str
        Of the user, for `sbatch`.
    threads : int
        CPUs of a task.
    limit : int, or None
        Tasks at the same time: of an array, and each array waits for the end of the one before.
    max_array : int
        Tasks of an array.
    """

    def __init__(
        self,
        job: Job,
        *,
        options: Sequence[str],
        threads: int,
        limit: int | None,
        max_array: int,
    ) -> None:
        self._run = job.order.run
        self.folder = job.store.run_folder(job.order.run).absolute()
        self._script = write_script(job, threads=threads)
        self._options, self._threads, self._limit = options, threads, limit
        self._max_array = max_array
        self._n_arrays = self._n_workers = 0
        self._not_before = float("-inf")

    def submit(
        self, chunks: Sequence[Sequence[str]], *, after: str | None, is_waiting: bool
    ) -> list[Task]:
        """Submit as many tasks as SLURM takes; nothing for a while after it refused some.

        Parameters
        ----------
        chunks : sequence of sequence of str
            Trials of each task.
        after : str, or None
            Job of the last array that has not ended; matters only with a limit.
        is_waiting : bool
            Whether there are tasks whose end may make room for others.

        Raises
        ------
        InputError
            If SLURM refuses them for good.
        WriteError
            If the folder of the run cannot be written.
        """
        tasks: list[Task] = []
        size = self._max_array
        while len(tasks) < len(chunks) and time.monotonic() >= self._not_before:
            part = chunks[len(tasks) : len(tasks) + size]
            try:
                new = self._submit_array(part, after)
            except SlurmError as error:
                if error.is_limit and len(part) > 1:
                    size = len(part) // 2
                elif error.is_limit and (is_waiting or tasks):
                    self._not_before = time.monotonic() + RETRY_S
                else:
                    raise InputError(f"sbatch: {error}") from error
            else:
                tasks += new
                after = new[0].job_id
        return tasks

    def _submit_array(self, chunks: Sequence[Sequence[str]], after: str | None) -> list[Task]:
        number, first = self._n_arrays, self._n_workers
        name = array_name(self._run, number)
        tasks = [
            Task(name, i, first + i, tuple(chunk), self.folder) for i, chunk in enumerate(chunks)
        ]
        write_list(self.folder, number, [(task.worker, task.trials) for task in tasks])
        arguments = array_arguments(
            self._script,
            run=self._run,
            number=number,
            n_tasks=len(chunks),
            limit=self._limit,
            threads=self._threads,
            after=after if self._limit is not None else None,
            options=self._options,
        )
        try:
            job_id = slurm_commands.submit(*arguments)
        except SilentError:
            self._not_before = time.monotonic() + RETRY_S
            for task in tasks:
                task.state = UNSURE
        else:
            for task in tasks:
                task.job_id = job_id
        # The numbers of what was refused are used again.
        self._n_arrays, self._n_workers = number + 1, first + len(chunks)
        return tasks
