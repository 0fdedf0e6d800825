"""How near the annotation comes to every pixel of a class."""

from __future__ import annotations

import math

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.types import BoolArray, Float64Array


def distance_within(
    marks: BoolArray, mask: BoolArray, *, spacing: tuple[float, float] = (1.0, 1.0)
) -> Float64Array:
    """Return each pixel's distance to the nearest mark, along paths that stay in `mask`.

    A path consists of steps between 8-neighbours, so the distance is never below the Euclidean
    one and, where nothing is in the way, at most 8.3 % above it (for equal spacing).

    Parameters
    ----------
    marks, mask : ndarray of bool, shape (H, W)
        Annotated pixels, and the class; marks outside the class count for nothing.
    spacing : tuple of 2 floats
        (row, col) distances; their unit is that of the result.

    Returns
    -------
    distance : ndarray of float64, shape (H, W)
        Infinite outside `mask` and in its 8-connected components without a mark.
    """
    distance = np.full((mask.shape[0] + 2, mask.shape[1] + 2), np.inf)
    distance[1:-1, 1:-1][marks & mask] = 0.0
    _spread(distance, np.pad(mask, 1), spacing[0], spacing[1], math.hypot(*spacing))
    return distance[1:-1, 1:-1]


@compiled
def _spread(
    distance: Float64Array, inside: BoolArray, row: float, col: float, diagonal: float
) -> None:
    """Lower distances to those through neighbours, forth and back, until none changes."""
    height, width = distance.shape
    changed = True
    while changed:
        changed = False
        for r in range(1, height - 1):
            for c in range(1, width - 1):
                if inside[r, c]:
                    d = min(distance[r - 1, c] + row, distance[r, c - 1] + col)
                    d = min(d, distance[r - 1, c - 1] + diagonal)
                    d = min(d, distance[r - 1, c + 1] + diagonal)
                    if d < distance[r, c]:
                        distance[r, c] = d
                        changed = True
        for r in range(height - 2, 0, -1):
            for c in range(width - 2, 0, -1):
                if inside[r, c]:
                    d = min(distance[r + 1, c] + row, distance[r, c + 1] + col)
                    d = min(d, distance[r + 1, c + 1] + diagonal)
                    d = min(d, distance[r + 1, c - 1] + diagonal)
                    if d < distance[r, c]:
                        distance[r, c] = d
                        changed = True
