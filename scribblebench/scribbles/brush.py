"""Brushes: what a pen covers around its middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scribblebench.errors import InputError
from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.region import strides
from scribblebench.types import BoolArray, IntArray

WIDEST = 64
"""Widest pen in voxels: memory for a brush grows with the fourth power."""


@dataclass(frozen=True, eq=False)
class Brush:
    """The voxels that a pen covers around its middle.

    Parameters
    ----------
    vectors : ndarray of int64, shape (N, D)
        From the middle, the nearest first; the first is zero.
    earlier : ndarray of int64, shape (N, M)
        For each, the indices of its neighbours that come before it; -1 where there are fewer.
        A voxel is marked only if one of these is, so that no touch jumps over a gap.
    """

    vectors: IntArray
    earlier: IntArray

    @property
    def reach(self) -> int:
        """Voxels that the pen covers beyond its middle, along the axis where it is most."""
        return int(self.vectors.max())

    def offsets(self, shape: Sequence[int]) -> IntArray:
        """Return `vectors` as flat offsets in an array of a shape."""
        return self.vectors @ strides(shape)


@lru_cache(maxsize=64)
def brush_of(width: float | None, step: tuple[float, ...]) -> Brush:
    """Return the voxels whose centres are within `width` / 2 of the middle of a pen.

    Where the width is nearer to an even number of voxels than to an odd one, the middle is not
    the centre of a voxel but half a voxel further, so that a pen two voxels wide marks two.
    `step` is the size of a voxel along each axis, in the unit of `width`.

    Raises
    ------
    InputError
        If the pen is wider than `WIDEST` voxels.
    """
    diameter = 0.0 if width is None else width
    if not diameter <= WIDEST * min(step):
        raise InputError(f"width must be at most {WIDEST} voxels, got {diameter / min(step):g}")
    in_voxels = np.rint(diameter / np.array(step))
    middle = np.where((in_voxels > 0) & (in_voxels % 2 == 0), 0.5, 0.0)
    reach = [int(diameter / 2.0 / s) + 1 for s in step]
    grid = np.stack(np.meshgrid(*[np.arange(-r, r + 1) for r in reach], indexing="ij"), axis=-1)
    vectors = grid.reshape(-1, len(step))
    square = (((vectors - middle) * np.array(step)) ** 2).sum(axis=1)
    covered = (square <= (diameter / 2.0) ** 2) | ~vectors.any(axis=1)
    vectors, square = vectors[covered], square[covered]
    order = np.lexsort((square, vectors.any(axis=1)))
    vectors = vectors[order]
    near = np.abs(vectors[:, None] - vectors[None]).max(axis=2) == 1
    found = [np.flatnonzero(row[:k]) for k, row in enumerate(near)]
    earlier = np.full((len(vectors), max(1, *map(len, found))), -1, dtype=np.int64)
    for k, before in enumerate(found):
        earlier[k, : len(before)] = before
    return Brush(vectors.astype(np.int64), earlier)


def brush_across(width: float | None, step: tuple[float, ...], across: int) -> Brush:
    """Return the brush of a pen that draws in slices across an axis of a volume."""
    flat = brush_of(width, step[:across] + step[across + 1 :])
    return Brush(np.insert(flat.vectors, across, 0, axis=1), flat.earlier)


@compiled
def touch(
    marks: BoolArray,
    inside: BoolArray,
    at: int,
    offsets: IntArray,
    earlier: IntArray,
    most_new: int,
    most: int,
) -> tuple[int, int]:
    """Mark what a pen covers at `at`, in place; return how many voxels, and how many are new.

    Parameters
    ----------
    marks, inside : ndarray of bool, shape (n,)
        Flat, with a frame at least as wide as the pen reaches.
    at : int
        Flat index inside.
    offsets, earlier : ndarray of int64
        The brush.
    most_new, most : int
        Stop when so many new voxels, or so many voxels, are marked.
    """
    covered = np.zeros(offsets.size, dtype=np.bool_)
    n, n_new = 0, 0
    for k in range(offsets.size):
        if n_new == most_new or n == most:
            break
        if not inside[at + offsets[k]]:
            continue
        reached = k == 0
        for other in earlier[k]:
            if other >= 0 and covered[other]:
                reached = True
                break
        if reached:
            covered[k] = True
            n += 1
            if not marks[at + offsets[k]]:
                marks[at + offsets[k]] = True
                n_new += 1
    return n, n_new
