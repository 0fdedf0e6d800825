"""Regions: the connected parts of a class, laid out for fast walking in two or three dimensions.

A region lives on a flat grid with a frame of voxels outside it. A neighbour is then one addition
and one look-up away, in 2D and in 3D alike, and no border has to be minded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scribblebench.scribbles.distance import distance_to_false
from scribblebench.types import AnyArray, BoolArray, Float64Array, IntArray

S = TypeVar("S", bound=np.generic)


@dataclass(frozen=True)
class Neighbours:
    """The 8 (2D) or 26 (3D) neighbours of a voxel.

    Parameters
    ----------
    vectors : ndarray of int64, shape (N, D)
        Steps in voxels, the face neighbours first.
    lengths : ndarray of float64, shape (N,)
        Their lengths in the unit of the voxel sizes.
    cosines : ndarray of float64, shape (N, N)
        Cosines of the angles between any two of them.
    """

    vectors: IntArray
    lengths: Float64Array
    cosines: Float64Array


@lru_cache(maxsize=64)
def neighbours(step: tuple[float, ...]) -> Neighbours:
    """Return the neighbours on a grid with voxels of size `step`, one number an axis."""
    vectors = [v for v in product((0, 1, -1), repeat=len(step)) if any(v)]
    vectors.sort(key=lambda v: sum(map(abs, v)))
    array = np.array(vectors, dtype=np.int64)
    metric = array * np.array(step)
    lengths = np.sqrt((metric**2).sum(axis=1))
    cosines = (metric[:, None] * metric[None]).sum(axis=2) / (lengths[:, None] * lengths[None])
    return Neighbours(array, lengths, cosines)


class Grid(NamedTuple):
    """A region as compiled loops see it. All arrays but the last three are over the flat grid.

    Parameters
    ----------
    inside : ndarray of bool, shape (n,)
        Where lines may go; False in the frame.
    depth : ndarray of float64, shape (n,)
        See `Region`.
    nodes : ndarray of int64, shape (m,)
        Flat indices of the voxels inside, in raster order.
    offsets : ndarray of int64, shape (N,)
        What to add to a flat index to reach each neighbour.
    lengths : ndarray of float64, shape (N,)
        Distances to the neighbours.
    width : int
        Voxels from one row to the next.
    """

    inside: BoolArray
    depth: Float64Array
    nodes: IntArray
    offsets: IntArray
    lengths: Float64Array
    width: int


@dataclass(frozen=True, eq=False)
class Region:
    """One connected part of a class.

    Parameters
    ----------
    grid : ndarray of bool, shape (H, W) or (P, H, W)
        True inside; the class's bounding box with a frame of voxels around it, the same for all
        parts of a class.
    origin : tuple of int
        Where the first voxel of `grid` lies in the caller's array (negative in the frame).
    step : tuple of float
        Size of a voxel along each axis, in mm or, where that is not known, 1.
    depth : ndarray of float64, flat
        Distance of each voxel's centre to that of the nearest one outside the class, in the unit
        of `step`; 0 outside the part. The frame of the caller's array counts as outside.
    margin : int
        Width of the frame in voxels.
    """

    grid: BoolArray
    origin: tuple[int, ...]
    step: tuple[float, ...]
    depth: Float64Array
    margin: int = 1

    @cached_property
    def inside(self) -> BoolArray:
        """`grid`, flat."""
        return self.grid.ravel()

    @cached_property
    def voxels(self) -> IntArray:
        """Flat indices of the voxels inside, in raster order."""
        return np.flatnonzero(self.inside)

    @cached_property
    def neighbours(self) -> Neighbours:
        """The vectors to neighbouring voxels."""
        return neighbours(self.step)

    @cached_property
    def flat(self) -> Grid:
        """The region for compiled loops."""
        shape = self.grid.shape
        offsets: IntArray = self.neighbours.vectors @ strides(shape)
        lengths = self.neighbours.lengths
        return Grid(self.inside, self.depth, self.voxels, offsets, lengths, shape[-1])

    def __len__(self) -> int:
        return len(self.voxels)

    def coordinates(self, flat: IntArray) -> IntArray:
        """Return the positions of flat indices in the caller's array, shape (n, D)."""
        at = np.stack(np.unravel_index(flat, self.grid.shape), axis=1)
        return np.asarray(at + np.array(self.origin), dtype=np.int64)


def strides(shape: Sequence[int]) -> IntArray:
    """Return how far apart flat indices of neighbours along each axis are in an array."""
    apart = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    return np.array(apart, dtype=np.int64)


def regions_of(
    mask: BoolArray,
    step: Sequence[float],
    *,
    margin: int = 1,
    origin: Sequence[int] | None = None,
) -> list[Region]:
    """Split a mask into its connected parts, the largest first.

    Voxels that touch by a corner are connected. Parts of equal size come in raster order.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W) or (P, H, W)
    step : sequence of float
        Size of a voxel along each axis, > 0.
    margin : int
        Width of the frame in voxels, at least 1.
    origin : sequence of int, optional
        Where `mask` begins in the caller's array; at its first voxel by default.
    """
    if mask.ndim not in (2, 3) or mask.dtype != np.bool_:
        raise ValueError(f"mask must be a 2-D or 3-D bool array, got {mask.ndim}-D {mask.dtype}")
    if len(step) != mask.ndim or not all(s > 0 for s in step):
        raise ValueError(f"step must be {mask.ndim} numbers > 0, got {tuple(step)}")
    box = bounding_box(mask)
    if box is None:
        return []
    base = (0,) * mask.ndim if origin is None else origin
    corner = tuple(o + b.start - margin for o, b in zip(base, box, strict=True))
    size = tuple(float(s) for s in step)
    shown = framed(mask[box], margin)
    depth = distance_to_false(shown, size).ravel()
    labels, n_parts = _labelled(shown)
    if n_parts == 1:
        return [Region(shown, corner, size, depth, margin)]
    _, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first[1:], -sizes[1:])) + 1
    parts = [labels == label for label in order]
    return [
        Region(part, corner, size, np.where(part.ravel(), depth, 0.0), margin) for part in parts
    ]


def _labelled(mask: BoolArray) -> tuple[AnyArray, int]:
    """Label the connected parts from 1 on, in any order; return also how many there are."""
    if mask.ndim == 2:  # OpenCV is faster, but for slices only
        n_labels, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
        return labels, n_labels - 1
    labels, n_parts = ndimage.label(mask, np.ones((3,) * mask.ndim))
    return labels, int(n_parts)


def framed(array: npt.NDArray[S], margin: int) -> npt.NDArray[S]:
    """Return an array with a frame of zeros, `margin` voxels wide (`np.pad` takes much longer)."""
    whole = np.zeros([n + 2 * margin for n in array.shape], dtype=array.dtype)
    whole[(slice(margin, -margin),) * array.ndim] = array
    return whole


def bounding_box(mask: BoolArray) -> tuple[slice, ...] | None:
    """Return the smallest box that holds all of `mask`, or None if it is empty."""
    if mask.ndim == 2:  # OpenCV looks at the pixels only once
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        return (slice(top, top + height), slice(left, left + width)) if width else None
    box: list[slice] = []
    for axis in range(mask.ndim):
        others = tuple(a for a in range(mask.ndim) if a != axis)
        held: BoolArray = np.asarray(mask.any(axis=others))
        if not held.any():
            return None
        first, last = int(held.argmax()), len(held) - int(held[::-1].argmax())
        box.append(slice(first, last))
        mask = mask[(*(slice(None),) * axis, box[-1])]
    return tuple(box)
