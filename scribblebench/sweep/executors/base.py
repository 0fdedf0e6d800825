"""What an executor is."""

from __future__ import annotations

from typing import Protocol as Interface

from scribblebench.sweep.job import Job
from scribblebench.sweep.worker import Watcher
from scribblebench.training.stop import Stop


class Executor(Interface):
    """Runs workers on a job until nothing is left to do."""

    def run(self, job: Job, *, watcher: Watcher, stop: Stop) -> None:
        """Run workers, and tell the watcher what they do.

        Parameters
        ----------
        job : Job
            Its run has a folder that holds the plan and the order.
        watcher : Watcher
        stop : Stop
            Asks for the end; workers save the state of their trials.

        Raises
        ------
        WriteError
            If the results folder cannot be written.
        InputError
            If a worker cannot read the data.
        """
        ...
