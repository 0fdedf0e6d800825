"""Processes that share the work of a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from typing import TypeVar

from scribblebench.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")


def worker_context() -> BaseContext:
    """Return how workers start: from one process that has imported all, where that can be.

    Importing takes a second and more. Not by forking this process, whose progress bar has a thread.
    """
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(["scribblebench.cli.app"])
    return context


def results_of(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[tuple[int, Result]]:
    """Yield the number of each item and what the function returns for it, as they are done.

    After an item that raises no other is begun. Those at work are still finished and yielded; then
    the error is raised, that of the first item if there are several.

    Raises
    ------
    InputError
        If a worker was ended by somebody else, and what the function raises.
    """
    if workers == 1 or len(items) < 2:
        yield from ((number, function(item)) for number, item in enumerate(items))
        return
    with ProcessPoolExecutor(min(workers, len(items)), worker_context()) as pool:
        try:
            futures = [pool.submit(function, item) for item in items]
            numbers = {future: number for number, future in enumerate(futures)}
            for future in as_completed(futures):
                if future.exception() is not None:
                    break
                yield numbers.pop(future), future.result()
            pool.shutdown(cancel_futures=True)
            ended = [future for future in numbers if not future.cancelled()]
            for future in ended:
                if future.exception() is None:
                    yield numbers[future], future.result()
            for future in ended:
                future.result()
        except BrokenProcessPool as error:
            raise InputError("a worker ended unexpectedly, for want of memory?") from error
        finally:
            pool.shutdown(cancel_futures=True)
