"""Euclidean distances on grids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from scribblebench.scribbles.compiled import compiled
from scribblebench.types import BoolArray, Float64Array, IntArray


def distance_to_false(mask: BoolArray, step: Sequence[float]) -> Float64Array:
    """Return the distance of every voxel's centre to that of the nearest False voxel.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W) or (P, H, W)
        Holds a False voxel.
    step : sequence of float
        Size of a voxel along each axis.

    Returns
    -------
    distance : ndarray of float64
        In the unit of `step`, exact to rounding; 0 where `mask` is False. Slices with square
        pixels have a loop of their own, everything else goes through SciPy, which is slower.
    """
    if mask.ndim == 2 and step[0] == step[1]:
        return _between_squares(np.ascontiguousarray(mask), float(step[0]))
    return np.asarray(ndimage.distance_transform_edt(mask, sampling=step), dtype=np.float64)


@compiled
def _between_squares(mask: BoolArray, side: float) -> Float64Array:
    """Return the distances on square pixels by the method of Felzenszwalb and Huttenlocher (2012).

    Along a row, the squared distance at x is the least of (x - c)^2 + away[c]^2 over the columns c,
    with away the distance within a column: the lower envelope of parabolas. Within a run of True
    pixels no column beyond the False ones at its ends counts. All of it is in whole numbers.
    """
    height, width = mask.shape
    away = _within_columns(mask)
    distance = np.zeros((height, width))
    raised = np.empty(width, dtype=np.int64)  # away^2 + c^2
    lowest = np.empty(width, dtype=np.int64)  # columns whose parabolas make the envelope
    for row in range(height):
        end = 0
        for begin in range(width):
            if begin < end or not mask[row, begin]:
                continue
            n, end = 0, begin
            c = max(begin - 1, 0)
            while c < width and (c <= begin or mask[row, c - 1]):
                raised[c] = away[row, c] ** 2 + c * c
                while n > 1 and _hidden(raised, lowest[n - 2], lowest[n - 1], c):
                    n -= 1
                lowest[n] = c
                n += 1
                c += 1
            end = c
            k = 0
            for x in range(begin, end):
                least = raised[lowest[k]] - 2 * x * lowest[k]
                while k + 1 < n:
                    following = raised[lowest[k + 1]] - 2 * x * lowest[k + 1]
                    if following > least:
                        break
                    least = following
                    k += 1
                distance[row, x] = np.sqrt(least + x * x) * side
    return distance


@compiled
def _within_columns(mask: BoolArray) -> IntArray:
    """Return the distance to the nearest False pixel of the same column, or a larger one."""
    height, width = mask.shape
    away = np.zeros((height, width), dtype=np.int64)
    for c in range(width):
        away[0, c] = height + width if mask[0, c] else 0
    for r in range(1, height):
        for c in range(width):
            away[r, c] = away[r - 1, c] + 1 if mask[r, c] else 0
    for r in range(height - 2, -1, -1):
        for c in range(width):
            away[r, c] = min(away[r, c], away[r + 1, c] + 1)
    return away


@compiled
def _hidden(raised: IntArray, a: int, b: int, c: int) -> bool:
    """Say whether the parabola of b lies nowhere below those of both a and c, a < b < c."""
    return bool((raised[b] - raised[a]) * (c - b) >= (raised[c] - raised[b]) * (b - a))
