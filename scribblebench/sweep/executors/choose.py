"""Which executor a user has asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.sweep.executors.base import Executor
from scribblebench.sweep.executors.in_process import InProcess
from scribblebench.sweep.executors.local import Local
from scribblebench.sweep.executors.slots import slots_for
from scribblebench.training.device import choose_device

NAMES = ("local", "ray", "slurm")


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line; None leaves a choice to the executor.

    Parameters
    ----------
    name : {"local", "ray", "slurm"}
    device : str
    workers, threads : int, or None
        Trials at the same time, and the CPU threads of each.
    per_gpu : int
        Trials that share a GPU.
    ray_address : str, or None
        Of a running Ray cluster; the variable RAY_ADDRESS stands in for it.
    slurm : sequence of str
        Options of sbatch.
    trials_per_job : int
        Of each task of a SLURM array.
    """

    name: str
    device: str
    workers: int | None = None
    threads: int | None = None
    per_gpu: int = 1
    ray_address: str | None = None
    slurm: Sequence[str] = ()
    trials_per_job: int = 1

    @property
    def device_here(self) -> str:
        """What this process computes on: what a cluster's trials do need not be here."""
        return self.device if self.name == "local" else "cpu"


def choose_executor(wanted: Wanted, n_trials: int) -> tuple[Executor, int | None]:
    """Return the executor, and how many trials it runs at a time if that is known beforehand.

    Parameters
    ----------
    wanted : Wanted
    n_trials : int
        To be run.

    Raises
    ------
    InputError
        For an unknown executor, or options that do not go with it.
    """
    if wanted.name not in NAMES:
        hint = did_you_mean(wanted.name, list(NAMES))
        raise InputError(f"--executor: unknown executor '{wanted.name}'.{hint}")
    if wanted.name != "slurm" and (wanted.slurm or wanted.trials_per_job != 1):
        raise InputError("--slurm and --trials-per-job: go with --executor slurm")
    if wanted.name != "ray" and wanted.ray_address is not None:
        raise InputError("--ray-address: goes with --executor ray")
    if wanted.name == "slurm" and wanted.per_gpu != 1:
        raise InputError("--per-gpu: goes with --executor local and ray")
    here = choose_device(wanted.device_here)
    if wanted.name == "local" and wanted.per_gpu > 1 and here.type != "cuda":
        raise InputError(f"--per-gpu: the trials would run on {here.type}; see --workers")
    # The numbers are the same for all, and are checked in one place.
    slots = slots_for(
        wanted.device_here,
        workers=wanted.workers,
        threads=wanted.threads,
        per_gpu=wanted.per_gpu,
        n_trials=n_trials,
    )
    threads = wanted.threads or 1
    if wanted.name == "ray":
        from scribblebench.sweep.executors.ray import Ray

        gpus = 1.0 / wanted.per_gpu
        address = wanted.ray_address or os.environ.get("RAY_ADDRESS") or None
        ray = Ray(address, cpus=threads, gpus=gpus, workers=wanted.workers)
        return ray, wanted.workers
    if wanted.name == "slurm":
        from scribblebench.sweep.executors.slurm import Slurm

        slurm = Slurm(
            wanted.slurm,
            trials_per_job=wanted.trials_per_job,
            threads=threads,
            limit=wanted.workers,
        )
        return slurm, slurm.n_tasks(n_trials)
    if len(slots) > 1 or here.type == "cuda":
        # A GPU that fails is lost to its process, which must not be the command's own.
        return Local(slots), len(slots)
    return InProcess(here, slots[0].threads), 1
