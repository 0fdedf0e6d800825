"""When work has to end before it is done."""

from __future__ import annotations

import time


class StoppedError(Exception):
    """A run ended before it was done; its checkpoint holds its state."""


class Stop:
    """A deadline, and a request to stop that may come at any time from any thread.

    Parameters
    ----------
    deadline : float, or None
        `time.monotonic()` at which to stop.
    """

    def __init__(self, deadline: float | None = None) -> None:
        self.deadline = deadline
        self._reason: str | None = None
        self._asked = False

    def ask(self, reason: str) -> None:
        """Ask for the end; the first reason is kept."""
        self._reason = self._reason or reason
        self._asked = True

    @property
    def asked(self) -> bool:
        """Whether somebody asked for the end; a deadline that has passed is another matter."""
        return self._asked

    @property
    def reason(self) -> str | None:
        """Why to stop; None while there is no reason."""
        if self._reason is None and self.deadline is not None and time.monotonic() >= self.deadline:
            self._reason = "out of time"
        return self._reason

    def now(self) -> bool:
        """Return whether to stop."""
        return self.reason is not None
