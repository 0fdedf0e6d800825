"""Whole numbers in voxels, and what messages say of others."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scribblebench.errors import InputError
from scribblebench.types import AnyArray

LISTED = 8
"""Values that a message names: more are no slip but another kind of file, such as an image."""

WHOLE = 1e-3
"""How far from an integer a label may be: scaled files (255 x 1/255) miss it by rounding."""

LARGEST = 2.0**31
"""No label is larger; a float that is has no integer of its own."""


def counted_values(values: AnyArray) -> str:
    """Return the distinct values with their numbers of voxels, the least first.

    Of more than `LISTED` the others are counted: "5 (2 px), 7 (1 px) and 40 other values (99 px)".

    Parameters
    ----------
    values : ndarray of any shape
    """
    distinct, counts = np.unique(values, return_counts=True)
    listed = ", ".join(
        f"{value} ({n} px)" for value, n in zip(distinct[:LISTED], counts[:LISTED], strict=True)
    )
    left = len(distinct) - LISTED
    if left <= 0:
        return listed
    return f"{listed} and {left} other value{'s' * (left > 1)} ({counts[LISTED:].sum()} px)"


def whole_numbers(array: AnyArray, path: Path) -> AnyArray:
    """Return integers as they are, and floats as the integers next to them.

    Raises
    ------
    InputError
        See `read_integers`.
    """
    if array.dtype.kind != "f":
        return array
    with np.errstate(invalid="ignore"):  # NaN is found by the comparison
        whole = np.rint(array)
        wrong = ~(np.abs(array - whole) <= WHOLE)
        large = ~wrong & (np.abs(array) > LARGEST)
    if wrong.any():
        raise InputError(f"{path}: labels must be integers, got {counted_values(array[wrong])}")
    if large.any():
        text = f"labels must be at most {LARGEST:.0f} in size, got {counted_values(array[large])}"
        raise InputError(f"{path}: {text}")
    integers: AnyArray = whole.astype(np.int64)
    return integers
