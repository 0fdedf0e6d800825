"""What the worker processes of a Ray cluster run: one trial a task.

Ray keeps these processes from task to task, so plan, order and data are read once in each.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from scribblebench.errors import InputError
from scribblebench.io.atomic import WriteError
from scribblebench.sweep.execution import DeviceError
from scribblebench.sweep.job import Job
from scribblebench.sweep.provenance import source_digest
from scribblebench.sweep.worker import Worker
from scribblebench.sweep.worker_process import EventWriter, load_job
from scribblebench.training.stop import Stop

PROBE_S = 5.0
"""How long a file may take to be seen on another machine."""


class EventList(EventWriter):
    """A watcher that keeps events, but for single steps, to be told when the task ends."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def write(self, event: str, **about: Any) -> None:
        """Keep one event."""
        if event != "step":
            self.events.append({"event": event, **about})


def run_trial(
    folder: str,
    run: str,
    trial_id: str,
    *,
    number: int,
    threads: int,
    on_gpu: bool,
    stop_after_s: float | None,
) -> list[dict[str, Any]]:
    """Run one trial, if it is free, and return the events.

    A trial that somebody else runs is left to him at once: waiting would keep a place of the
    cluster from others. An interrupt, which is how Ray cancels a task at work, saves the state.

    Parameters
    ----------
    folder : str
        Results folder.
    run, trial_id : str
    number : int
        Of the worker: another one for each task.
    threads : int
    on_gpu : bool
        Whether to compute on the GPU that Ray has assigned.
    stop_after_s : float, or None
        Seconds from now after which to save the state and end.
    """
    stop = Stop(None if stop_after_s is None else time.monotonic() + stop_after_s)
    told = EventList()
    device = torch.device("cpu")
    try:
        with _interrupts_asking(lambda: stop.ask("asked to stop")):
            whole = _job(folder, run)
            order = replace(whole.order.only((trial_id,)), wait=False)
            job = Job(whole.store, whole.plan, order, whole.data)
            torch.set_num_threads(threads)
            if on_gpu:
                device = torch.device("cuda", assigned_gpu())
            Worker(job, number=number, device=device, stop=stop, watcher=told).run()
    except DeviceError:
        os._exit(1)  # Ray keeps its processes, and this one is of no more use
    except (InputError, WriteError) as error:
        told.broken(str(error), is_input=isinstance(error, InputError))
    if device.type == "cuda":
        torch.cuda.empty_cache()  # others share the GPU while this process waits for a task
    return told.events


@functools.lru_cache(maxsize=1)
def _job(folder: str, run: str) -> Job:
    return load_job(Path(folder), run)


@contextlib.contextmanager
def _interrupts_asking(ask: Callable[[], None]) -> Iterator[None]:
    """Call `ask` on SIGINT while the block runs."""
    before = signal.signal(signal.SIGINT, lambda *_: ask())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def assigned_gpu() -> int:
    """Return the index in this process of the GPU that Ray has assigned to the task.

    All of the node's GPUs stay visible to the process (see `scribblebench.sweep.executors.ray`),
    because CUDA reads what is visible once in a process, and the next task may get another one.
    """
    import ray

    (name,) = ray.get_runtime_context().get_accelerator_ids()["GPU"]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return visible.split(",").index(name) if visible else int(name)


def probe(folder: str, run: str) -> tuple[bool, str]:
    """Return whether this machine sees a run of the sweep, and a digest of its code."""
    files = [Path(folder, "runs", run, name) for name in ("plan.json", "order.json")]
    deadline = time.monotonic() + PROBE_S
    while not (seen := all(file.is_file() for file in files)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return seen, source_digest()
