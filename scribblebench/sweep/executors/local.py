"""Workers in processes of this machine: no service, and a dead one costs one attempt."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from scribblebench.errors import InputError
from scribblebench.io.atomic import WriteError
from scribblebench.sweep.executors.events import deliver
from scribblebench.sweep.job import Job
from scribblebench.sweep.worker import Watcher
from scribblebench.training.stop import Stop

POLL_S = 0.2
MAX_IDLE_DEATHS = 3
"""Workers in a row that may die before they begin a trial: something is wrong with all of them."""


@dataclass(frozen=True)
class Slot:
    """What one worker computes on: a device and a number of CPU threads."""

    device: str
    threads: int


class Local:
    """Runs a persistent worker process in each slot and replaces those that die.

    Parameters
    ----------
    slots : sequence of Slot
    """

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._slots = list(slots)

    def run(self, job: Job, *, watcher: Watcher, stop: Stop) -> None:
        """Run the workers; see `Executor.run`."""
        crew = _Crew(job, watcher, stop)
        try:
            for slot in self._slots[: max(1, len(job.order.trials))]:
                crew.start(slot)
            while crew.is_at_work():
                crew.hear()
                if stop.asked:  # a deadline is the workers' own
                    crew.dismiss()
        finally:
            crew.kill()
        crew.complain()


class _Process:
    """One worker process and the trial that it is at."""

    def __init__(self, process: subprocess.Popen[str], number: int, slot: Slot) -> None:
        self.process = process
        self.number = number
        self.slot = slot
        self.trial_id: str | None = None
        self.has_begun = False
        self.heard_all = False

    def close(self) -> None:
        """Close the pipes to the process."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


class _Crew:
    """The worker processes of a run."""

    def __init__(self, job: Job, watcher: Watcher, stop: Stop) -> None:
        self._job, self._watcher, self._stop = job, watcher, stop
        self._members: list[_Process] = []
        self._events: queue.Queue[tuple[_Process, str | None]] = queue.Queue()
        self._idle_deaths = 0
        self._error: Exception | None = None
        self._n_started = 0

    def start(self, slot: Slot) -> None:
        """Start a worker."""
        number, self._n_started = self._n_started, self._n_started + 1
        run = self._job.order.run
        command = [sys.executable, "-m", "scribblebench", "run-trial", str(self._job.store.root)]
        command += ["--run", run, "--worker", str(number), "--device", slot.device, "--listen"]
        if self._stop.deadline is not None:
            left = max(0.0, self._stop.deadline - time.monotonic())
            command += ["--stop-after", str(left / 60.0)]
        path = self._job.store.worker_log(run, number)
        try:
            log = path.open("w", encoding="utf-8")
        except OSError as error:
            raise WriteError(f"{path}: cannot be written ({error.strerror})") from error
        with log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=_environment(slot),
                start_new_session=True,  # an interrupt at the terminal is for the parent alone
            )
        member = _Process(process, number, slot)
        self._members.append(member)
        assert process.stdout is not None
        threading.Thread(target=self._read, args=(member, process.stdout), daemon=True).start()

    def _read(self, member: _Process, stream: IO[str]) -> None:
        for line in stream:
            self._events.put((member, line))
        self._events.put((member, None))

    def is_at_work(self) -> bool:
        """Return whether there are workers left."""
        return bool(self._members)

    def hear(self) -> None:
        """Pass on the next event, if one comes, and see to workers that have ended."""
        with contextlib.suppress(queue.Empty):
            member, line = self._events.get(timeout=POLL_S)
            if line is None:
                member.heard_all = True
            else:
                with contextlib.suppress(ValueError):  # a line cut short by a kill
                    self._pass_on(member, json.loads(line))
        for member in [m for m in self._members if m.heard_all and m.process.poll() is not None]:
            self._members.remove(member)
            member.close()
            self._bury(member)

    def _pass_on(self, member: _Process, event: Mapping[str, Any]) -> None:
        if event["event"] == "broken":
            kind = InputError if event["is_input"] else WriteError
            self._fail(kind(event["error"]))
            return
        if event["event"] == "started":
            member.trial_id, member.has_begun = event["trial_id"], True
            self._idle_deaths = 0
        elif event["event"] in ("finished", "failed", "put_back"):
            member.trial_id = None
        deliver(event, self._watcher)

    def _bury(self, member: _Process) -> None:
        """See to a worker that has ended; one that died is replaced."""
        code = member.process.returncode
        if code == 0 or self._error is not None:
            return
        what = f"signal {-code}" if code < 0 else f"exit code {code}"
        if member.trial_id is not None:
            self._watcher.trial_put_back(
                member.trial_id, f"worker {member.number} died ({what}); the trial is tried again"
            )
        if not member.has_begun:
            self._idle_deaths += 1
        if self._idle_deaths >= MAX_IDLE_DEATHS:
            log = self._job.store.worker_log(self._job.order.run, member.number)
            self._fail(InputError(f"workers die before they begin ({what}); see {log}"))
        elif not self._stop.now():
            self.start(member.slot)

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._stop.ask(str(error))

    def dismiss(self) -> None:
        """Ask the workers to end: their standard input ends."""
        for member in self._members:
            if member.process.stdin is not None:
                with contextlib.suppress(OSError):
                    member.process.stdin.close()

    def kill(self) -> None:
        """End the workers that are left, at once."""
        for member in self._members:
            member.process.kill()
            member.process.wait()
            member.close()

    def complain(self) -> None:
        """Raise what kept the workers from working, if anything did."""
        if self._error is not None:
            raise self._error


def _environment(slot: Slot) -> dict[str, str]:
    """Return the environment of a worker: its threads, which some libraries read only there."""
    threads = str(slot.threads)
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, threads)}
