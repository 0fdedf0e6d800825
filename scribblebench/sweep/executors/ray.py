"""Trials as tasks of a Ray cluster, which may be this machine alone.

Ray finds places for trials and keeps the processes that run them; it retries nothing. Whether a
trial is done, or was lost and is to be tried again, is told by the results folder, so whatever
becomes of Ray, the same command goes on.
"""

from __future__ import annotations

import functools
from typing import Any

from scribblebench.errors import InputError
from scribblebench.sweep.executors.ray_cluster import Demand, Places, check_nodes, connected
from scribblebench.sweep.executors.ray_tasks import Tasks
from scribblebench.sweep.executors.ray_worker import run_trial
from scribblebench.sweep.job import Job
from scribblebench.sweep.worker import Watcher
from scribblebench.training.stop import Stop

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


PATIENCE_S = 300.0
"""How long a running cluster may be without a place for a trial: nodes come and go."""


class Ray:
    """Runs each trial as a task of a Ray cluster.

    Parameters
    ----------
    address : str, or None
        "auto" or host:port of a running cluster; None starts one on this machine.
    cpus : int
        CPU threads of a trial.
    gpus : float
        GPUs of a trial, in (0, 1], where the order's device is "cuda", or "auto" and the cluster
        has some.
    workers : int, or None
        Trials at the same time, if not as many as the cluster takes.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        cpus: int = 1,
        gpus: float = 1.0,
        workers: int | None = None,
    ) -> None:
        if cpus < 1 or (workers is not None and workers < 1):
            raise InputError(f"cpus and workers must be at least 1, got {cpus} and {workers}")
        if not 0.0 < gpus <= 1.0:
            raise InputError(f"gpus must be above 0 and at most 1, got {gpus:g}")
        self._address, self._cpus, self._gpus, self._workers = address, cpus, gpus, workers

    def run(self, job: Job, *, watcher: Watcher, stop: Stop) -> None:
        """Run the trials as tasks; see `Executor.run`.

        Raises
        ------
        InputError
            Also if Ray is not installed, there is no such cluster, it has no room for a trial, or a
            node of it does not see the results folder.
        """
        n_cpus = self._workers * self._cpus if self._workers else None
        with connected(self._address, n_cpus=n_cpus):
            demand = Demand.on_this_cluster(job.order.device, cpus=self._cpus, gpus=self._gpus)
            places = Places(
                demand,
                workers=self._workers,
                # Whether a trial would finish in time must be told when it begins.
                follow=not job.order.whole_trials,
                patience_s=0.0 if self._address is None else PATIENCE_S,
            )
            places.limit()
            environment = _environment(self._cpus)
            check_nodes(job, environment)
            remote = _remote(demand, environment)
            tasks = Tasks(job, watcher, stop, remote=remote, places=places)
            try:
                tasks.work()
            finally:
                tasks.cancel(force=True)
            tasks.complain()


def _environment(threads: int) -> dict[str, str]:
    """Return what the processes of tasks find in their environment."""
    # Some libraries read their number of threads only there. All GPUs of the node stay visible,
    # because CUDA looks once in a process, and the next task in it may be given another GPU.
    return {
        **dict.fromkeys(THREADS, str(threads)),
        "RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES": "1",
    }


def _remote(demand: Demand, environment: dict[str, str]) -> Any:
    """Return a function that gives Ray a task and returns the reference to what comes of it."""
    import ray

    # Left to itself, Ray ends a process after each task on a GPU, for fear of memory it may hold.
    task = ray.remote(max_calls=0)(run_trial).options(
        num_cpus=demand.cpus,
        num_gpus=demand.gpus,
        memory=demand.memory,
        max_retries=0,
        runtime_env={"env_vars": environment},
    )
    return functools.partial(task.remote, threads=demand.cpus, on_gpu=demand.gpus > 0)
