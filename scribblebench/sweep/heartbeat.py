"""The sign of life of a running attempt."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from scribblebench.sweep.attempts import LEASE_S, Attempt, heartbeat_line

EVERY_S = 5.0


class Heartbeat:
    """A thread that rewrites an attempt's heartbeat while the block runs.

    Parameters
    ----------
    attempt : Attempt
    on_beat : callable, or None
        Called with each beat.
    on_error : callable, or None
        Called with the message when the file could not be written for half of the lease: others
        will take the trial over.
    """

    def __init__(
        self,
        attempt: Attempt,
        *,
        every_s: float = EVERY_S,
        patience_s: float = LEASE_S / 2,
        on_beat: Callable[[], None] | None = None,
        on_error: Callable[[str], None] | None = None,
    ) -> None:
        self._path = attempt.folder / "heartbeat"
        self._every_s, self._patience_s = every_s, patience_s
        self._on_beat = on_beat
        self._on_error = on_error
        self._steps = (0, 0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def step(self, done: int, total: int) -> None:
        """Take the steps done; told with the next beat."""
        self._steps = (done, total)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        beat = 0
        written = time.monotonic()
        while not self._ended.wait(self._every_s):
            beat += 1
            try:
                with self._path.open("r+", encoding="ascii") as file:
                    file.write(heartbeat_line(beat, *self._steps))
                written = time.monotonic()
            except OSError as error:
                if self._on_error and time.monotonic() - written >= self._patience_s:
                    self._on_error(f"{self._path}: cannot be written ({error.strerror})")
            if self._on_beat:
                self._on_beat()
