"""What Ctrl-C does to a sweep."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scribblebench.training.stop import Stop


@contextlib.contextmanager
def stopping_on_signals(stop: Stop, say: Callable[[str], None]) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM ask for the end, and the second one interrupt at once."""

    def handle(number: int, frame: object) -> None:
        if stop.now():
            raise KeyboardInterrupt
        stop.ask("interrupted" if number == signal.SIGINT else "terminated")
        say("saving the state of running trials; interrupt again to end at once")

    before = {n: signal.signal(n, handle) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
