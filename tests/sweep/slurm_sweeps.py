"""Sweeps on the SLURM of `slurm_node`, and looks at what they leave."""

import subprocess
import threading

from commands import TOY
from sweeping import sweep

from scribblebench.sweep.executors.slurm import Slurm
from scribblebench.sweep.executors.slurm_commands import queue
from scribblebench.sweep.store import Store
from scribblebench.training.stop import Stop

LONG = TOY | {
    "densities": [0.1],
    "seeds": [0, 1],
    "training": TOY["training"] | {"steps": 100_000},
}
"""Two trials that run until they are stopped."""


class Background:
    """A sweep in a thread of this process."""

    def __init__(self, path, output, *, stop=None, **options):
        self.output, self.stop = output, stop or Stop()
        self.executor = Slurm(["time=30"], poll_s=1.0, **options)
        self._ended = None
        self._thread = threading.Thread(target=self._run, args=(path,), daemon=True)
        self._thread.start()

    def _run(self, path):
        try:
            self._ended = sweep(path, self.output, executor=self.executor, stop=self.stop)
        except Exception as error:
            self._ended = error

    def poll(self):
        return None if self._thread.is_alive() else 0

    def communicate(self):
        self._thread.join(timeout=300)
        assert not self._thread.is_alive(), "waited for too long"
        if isinstance(self._ended, Exception):
            raise self._ended
        return self._ended


def n_attempts(output):
    """Return how many attempts each trial has."""
    store = Store(output)
    return {p.name: len(store.attempts(p.name).all()) for p in output.glob("trials/*")}


def trains(folder):
    """Return whether an attempt has made steps; its log begins a moment after it."""
    log = folder / "log.txt"
    return log.exists() and "step" in log.read_text()


def in_queue():
    return [entry for entry in queue() if not entry.has_ended]


def slurm(*command):
    subprocess.run(command, check=True, timeout=30, capture_output=True)
