"""One worker, in this process."""

from __future__ import annotations

import torch

from scribblebench.sweep.job import Job
from scribblebench.sweep.worker import Watcher, Worker
from scribblebench.training.stop import Stop


class InProcess:
    """Runs trials one after the other, in this process.

    Parameters
    ----------
    device : torch.device
    threads : int, or None
        CPU threads; None leaves torch's as they are.
    """

    def __init__(self, device: torch.device, threads: int | None = None) -> None:
        self._device, self._threads = device, threads

    def run(self, job: Job, *, watcher: Watcher, stop: Stop) -> None:
        """Run one worker; see `Executor.run`."""
        if self._threads is not None:
            torch.set_num_threads(self._threads)
        Worker(job, number=0, device=self._device, stop=stop, watcher=watcher).run()
