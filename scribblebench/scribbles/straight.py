"""Straight lines on a grid."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.region import Grid
from scribblebench.types import IntArray


@compiled
def on_ray(start: int, width: int, rows: int, cols: int, k: int) -> int:
    """Return the k-th voxel of a ray; halves are rounded away from 0, so rays are mirrored."""
    major = max(abs(rows), abs(cols))
    dr = (2 * k * abs(rows) + major) // (2 * major)
    dc = (2 * k * abs(cols) + major) // (2 * major)
    return start + (dr if rows > 0 else -dr) * width + (dc if cols > 0 else -dc)


@compiled
def ray_length(grid: Grid, start: int, rows: int, cols: int) -> int:
    """Return how many voxels `ray` would."""
    n = 0
    while grid.inside[on_ray(start, grid.width, rows, cols, n + 1)]:
        n += 1
    return n


@compiled
def ray(grid: Grid, start: int, rows: int, cols: int) -> IntArray:
    """Return the voxels from `start` in direction (rows, cols) up to the edge of a 2-D region.

    Parameters
    ----------
    grid : Grid
    start : int
        Flat index inside; not in the result.
    rows, cols : int
        The direction, not both 0; only their ratio counts.

    Returns
    -------
    voxels : ndarray of int64, shape (n,)
        In order; each is a neighbour of the one before it.
    """
    n = ray_length(grid, start, rows, cols)
    voxels = np.empty(n, dtype=np.int64)
    for k in range(n):
        voxels[k] = on_ray(start, grid.width, rows, cols, k + 1)
    return voxels


@compiled
def segment(grid: Grid, start: int, end: int) -> IntArray:
    """Return the voxels of the straight line between two, both included, if all are inside.

    Empty where the line would leave the region.
    """
    rows = end // grid.width - start // grid.width
    cols = end % grid.width - start % grid.width
    n = max(abs(rows), abs(cols))
    voxels = np.empty(n + 1, dtype=np.int64)
    voxels[0] = start
    for k in range(1, n + 1):
        voxels[k] = on_ray(start, grid.width, rows, cols, k)
        if not grid.inside[voxels[k]]:
            return voxels[:0]
    return voxels
