"""A worker in a process of its own: it reads its orders from the folder and tells what it does.

Events are lines of JSON on standard output; everything else that is printed goes to standard
error. A worker ends when nothing is left to do, on SIGTERM and, where it listens, when its standard
input ends, because whoever started it wants so or is dead; a trial at work saves its state first.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from scribblebench.errors import InputError
from scribblebench.io.atomic import WriteError
from scribblebench.sweep.execution import DeviceError
from scribblebench.sweep.inputs import LoadedData
from scribblebench.sweep.job import Job, Order
from scribblebench.sweep.plan_file import read_plan
from scribblebench.sweep.sources import DataRequest
from scribblebench.sweep.store import Store
from scribblebench.sweep.worker import Worker
from scribblebench.training.device import choose_device
from scribblebench.training.stop import Stop

BROKEN = 4
"""Exit code of a worker that can do nothing: its data or the results folder fail it."""
LEFT_EARLY = 5
"""Exit code of a worker that ended early and was not asked to by its sweep."""
ASKED = "asked to stop"
"""Reason to stop when the sweep asked for it."""


class EventWriter:
    """A watcher that writes events to a stream."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.has_begun = False
        """Whether work on any trial has begun."""

    def trial_started(self, trial_id: str) -> None:
        """Write that work on a trial begins."""
        self.has_begun = True
        self.write("started", trial_id=trial_id)

    def step(self, trial_id: str, done: int, total: int) -> None:
        """Write the training steps of a trial."""
        self.write("step", trial_id=trial_id, done=done, total=total)

    def trial_finished(self, trial_id: str, *, mean_dsc: float, seconds: float) -> None:
        """Write that a trial has its result."""
        self.write("finished", trial_id=trial_id, mean_dsc=mean_dsc, seconds=seconds)

    def trial_failed(self, trial_id: str, error: str) -> None:
        """Write that a trial failed."""
        self.write("failed", trial_id=trial_id, error=error)

    def trial_put_back(self, trial_id: str, reason: str) -> None:
        """Write that a trial ended without a result."""
        self.write("put_back", trial_id=trial_id, reason=reason)

    def broken(self, error: str, *, is_input: bool) -> None:
        """Write why the worker can do nothing: bad input, or a folder that cannot be written."""
        self.write("broken", error=error, is_input=is_input)

    def write(self, event: str, **about: Any) -> None:
        """Write one event; nobody may be listening any more."""
        with contextlib.suppress(OSError):
            self._stream.write(json.dumps({"event": event, **about}) + "\n")
            self._stream.flush()


def load_job(folder: Path, run: str, *, root: Path | None = None) -> Job:
    """Read the plan and the order of a run.

    Parameters
    ----------
    folder : Path
        Results folder.
    run : str
    root : Path, or None
        Folder of the data on this machine, if it is not where the order says.

    Raises
    ------
    InputError
        If they are not there or cannot be read.
    """
    store = Store(folder)
    order = Order.read(store.run_folder(run) / "order.json")
    plan = read_plan(store.run_folder(run) / "plan.json")
    places = order.places if root is None else replace(order.places, root=root)
    request = DataRequest.of(plan.trials[order.trials[0]])
    data = LoadedData(request, plan.data_fingerprint, places=places)
    return Job(store, plan, order, data)


def serve(
    folder: Path,
    run: str,
    *,
    number: int,
    device: str,
    stop_after_s: float | None,
    listen: bool,
    root: Path | None = None,
    trials: tuple[str, ...] | None = None,
) -> int:
    """Work for a run of a sweep until nothing is left; return the exit code.

    Parameters
    ----------
    folder : Path
        Results folder.
    run : str
    number : int
        Of this worker.
    device : str
        As on the command line.
    stop_after_s : float, or None
        Seconds from now after which to save the state and end.
    listen : bool
        Whether to end with the standard input.
    root : Path, or None
        Folder of the data on this machine, if it is not where the order says.
    trials : tuple of str, or None
        A part of the order's trials.
    """
    stop = Stop(None if stop_after_s is None else time.monotonic() + stop_after_s)
    events = EventWriter(_event_stream())
    faulthandler.enable()
    signal.signal(signal.SIGTERM, lambda *_: stop.ask("terminated"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; its owner decides
    if listen:
        threading.Thread(target=_listen, args=(stop,), daemon=True).start()
    try:
        job = load_job(folder, run, root=root)
        if trials is not None:
            job = Job(job.store, job.plan, job.order.only(trials), job.data)
        chosen = choose_device(device)
        Worker(job, number=number, device=chosen, stop=stop, watcher=events).run()
    except DeviceError:
        return LEFT_EARLY
    except (InputError, WriteError) as error:
        events.broken(str(error), is_input=isinstance(error, InputError))
        return BROKEN
    of_its_own = stop.asked and stop.reason != ASKED and job.read_stop() is None
    if of_its_own and not listen and not events.has_begun:
        # Whoever started it may have given it too little time, and would do so again.
        why = f"told to end ({stop.reason}) before a trial began; reading the data takes its time"
        events.broken(why, is_input=True)
    return LEFT_EARLY if listen and of_its_own else 0


def _event_stream() -> IO[str]:
    """Return a stream to standard output, and send all else that is printed to standard error."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stream


def _listen(stop: Stop) -> None:
    """Wait for the end of standard input."""
    with contextlib.suppress(OSError, ValueError):
        while os.read(0, 1024):
            pass
    stop.ask(ASKED)
