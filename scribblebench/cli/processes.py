"""Processes that share the work of a command."""

from __future__ import annotations

from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext


def worker_context() -> BaseContext:
    """Return how workers start: from one process that has imported all, where that can be.

    Importing takes a second and more. Not by forking this process, whose progress bar has a thread.
    """
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(["scribblebench.cli.app"])
    return context
