"""How many workers a machine takes, and what each computes on."""

from __future__ import annotations

from pathlib import Path

import torch

from scribblebench.errors import InputError
from scribblebench.sweep.executors.local import Slot
from scribblebench.training.device import available_cores, choose_device

MEMORY_GIB = 1.5
"""What a worker is reckoned to need: interpreter and libraries 0.5 GiB, training and data 1 GiB."""


def slots_for(
    device: str,
    *,
    workers: int | None = None,
    threads: int | None = None,
    per_gpu: int = 1,
    n_trials: int | None = None,
) -> list[Slot]:
    """Divide a machine among workers.

    On CPUs: as many workers as there are cores, but no more than fit into the free memory, with
    one thread each, because trials side by side waste less than threads in a trial. On GPUs:
    `per_gpu` workers on each (on the one that `device` names). If the number of workers is given,
    the cores are divided between them, and on GPUs in any case. The number of threads does not
    depend on that of the trials: sums are rounded otherwise with another one.

    Parameters
    ----------
    device : str
        As on the command line.
    workers, threads : int, or None
        Asked for, instead of these rules.
    per_gpu : int
    n_trials : int, or None
        There are no more workers than trials.

    Raises
    ------
    InputError
        If a number is below 1, or there is no such device.
    """
    for name, number in (("workers", workers), ("threads", threads), ("per-gpu", per_gpu)):
        if number is not None and number < 1:
            raise InputError(f"--{name}: must be at least 1, got {number}")
    chosen = choose_device(device)
    cores = available_cores()
    if chosen.type == "cuda":
        n_gpus = torch.cuda.device_count()
        gpus = [chosen.index] if chosen.index is not None else list(range(n_gpus))
        n = workers or per_gpu * len(gpus)
        devices = [f"cuda:{gpus[i % len(gpus)]}" for i in range(n)]
    else:
        n = workers or max(1, min(cores, int(free_memory_gib() / MEMORY_GIB)))
        devices = ["cpu"] * n
    divided = max(1, cores // len(devices)) if workers or chosen.type == "cuda" else 1
    slots = [Slot(name, threads or divided) for name in devices]
    return slots if n_trials is None else slots[: max(1, n_trials)]


def free_memory_gib() -> float:
    """Return the memory that is available to new processes; infinite where not known."""
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        return float(fields["MemAvailable"].split()[0]) / 2**20
    except (OSError, KeyError, ValueError, IndexError):
        return float("inf")
