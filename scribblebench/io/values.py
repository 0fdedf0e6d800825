"""Values of voxels in messages."""

from __future__ import annotations

import numpy as np

from scribblebench.types import AnyArray

LISTED = 8
"""Values that a message names: more are no slip but another kind of file, such as an image."""


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
