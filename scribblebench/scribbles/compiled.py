"""Compilation of the loops that NumPy cannot express."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile `function` with numba.

    The machine code is kept on disk, beside the package or in the user's cache folder, so that
    only the first use on a machine waits for the compiler. Arithmetic stays as written
    (no `fastmath`), so that results are the same on every machine.
    """
    try:
        return cast(F, njit(cache=True)(function))
    except RuntimeError:  # neither folder can be written
        return cast(F, njit(function))
