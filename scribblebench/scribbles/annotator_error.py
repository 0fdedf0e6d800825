"""Annotator error: what a hand does that it should not, in doses that are counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np
from scipy import ndimage

from scribblebench.scribbles.strokes import Stroke, rasterise
from scribblebench.types import BoolArray, Float64Array, IntArray

CHOICES = 4
"""A slip begins at the one of so many points of the strokes, drawn by lot, that is nearest to the
edge: pens slip where there is little room."""

REACH = 4.0
"""Pens slip where the edge is not farther away than this many times `spill_distance` (but at least
this many voxels)."""

MOST_SLIPS = 1000
"""Slips after which a spill that was asked for is given up, where hardly anything lies outside."""

VAIN_SLIPS = 20
"""Slips in a row without a larger share outside, after which a spill is given up as well."""

MARGIN = 10
"""Voxels beyond the grid to which a shaken pen is followed."""

LEAST_SPREAD, MOST_SPREAD = 1e-6, 1e6
"""A spread of the share spilled that is smaller counts as 0. A larger one is cut, as practically
every share is 0 by then."""


@dataclass(frozen=True)
class AnnotatorError:
    """How often and how far an annotator errs. Off by default: everything is 0.

    Parameters
    ----------
    missed : float
        Probability that a class that is in a slice gets no stroke there.
    wrong_class : float
        Probability that a stroke carries the label of another class of the slice.
    spill : float
        Share of a class's marks in a slice that lie outside it, in [0, 1), reached by slips of the
        pen over the edge. Pens slip only within `REACH` of the edge: strokes farther away than
        that never spill, so that the share may not be reached. Rings of background near the
        foreground are normally beyond reach.
    spill_spread : float
        Standard deviation of that share between slices and classes, as a multiple of its mean; the
        share is drawn from a gamma distribution. 0: it is always the same.
    spill_distance : float
        Mean distance of a slip's end beyond the edge (exponential), in mm, or in voxels where
        their size is not known. No slip is longer than the grid's diagonal beyond the edge.
    shake : float
        Standard deviation of the pen's distance from where it should be along each axis, in the
        same unit.
    shake_length : float
        Length over which a shaking pen comes back, in the same unit, > 0; at least the smallest
        side of a voxel counts.
    """

    missed: float = 0.0
    wrong_class: float = 0.0
    spill: float = 0.0
    spill_spread: float = 0.0
    spill_distance: float = 1.5
    shake: float = 0.0
    shake_length: float = 8.0

    def __post_init__(self) -> None:
        for name in ("missed", "wrong_class"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be in [0, 1], got {getattr(self, name)}")
        if not 0.0 <= self.spill < 1.0:
            raise ValueError(f"spill must be in [0, 1), got {self.spill}")
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not (math.isfinite(value) and value >= 0.0):
                raise ValueError(f"{entry.name} must be finite and >= 0, got {value}")
        if self.shake_length == 0.0:
            raise ValueError("shake_length must be > 0, got 0.0")


@dataclass(frozen=True)
class Injected:
    """What an annotator did wrong with one class of one slice.

    Parameters
    ----------
    missed : bool
    wrong_strokes : int
        Strokes with the label of another class.
    slips : int
        Times that the pen ran over the edge, apart from shaking.
    spill_requested : float
        Share of the marks outside the class that was drawn for it in this slice; 0 where no spill
        was asked for, or no stroke is there that could spill. What came out may be less, where
        slips did not suffice, or more, where strokes shaken over the edge reach it already.
    """

    missed: bool = False
    wrong_strokes: int = 0
    slips: int = 0
    spill_requested: float = 0.0


def err(
    strokes: Sequence[Stroke],
    mask: BoolArray,
    error: AnnotatorError,
    *,
    others: Sequence[int],
    step: Sequence[float],
    rng: np.random.Generator,
) -> tuple[list[Stroke], Injected]:
    """Return what becomes of the strokes of one class in one slice or volume.

    The class is missed altogether; or its strokes are shaken, each point by noise that is normal
    at points `shake_length` apart and linear between them, and cut where they leave the grid;
    then slips are added, straight lines from a point of a stroke over the nearest edge, until the
    wanted share of the marks lies outside the class, or no more of them comes nearer to it, or
    none where all strokes are far from the edge; at last single strokes get another label. A
    stroke that was shaken, a slip and a stroke with a wrong label no longer keep to the class.

    Parameters
    ----------
    strokes : sequence of Stroke
        Within `mask`.
    mask : ndarray of bool, shape (H, W) or (P, H, W)
        The class.
    error : AnnotatorError
    others : sequence of int
        Labels that a wrong stroke may get; without any, no stroke gets one.
    step : sequence of float
        Size of a voxel along each axis.
    rng : numpy.random.Generator
        Source of every draw; advanced in place.
    """
    if rng.random() < error.missed:
        return [], Injected(missed=True)
    size = np.array(step, dtype=np.float64)
    found = list(strokes)
    if error.shake > 0.0:
        found = [part for stroke in found for part in _shaken(stroke, error, mask.shape, size, rng)]
    slips: list[Stroke] = []
    share = 0.0
    if error.spill > 0.0 and found:
        share = _drawn_spill(error, rng)
        slips = _slips(found, mask, share, error, size, rng)
    n_wrong = 0
    for i, stroke in enumerate(found):
        if rng.random() < error.wrong_class and others:
            label = int(others[int(rng.random() * len(others))])
            found[i] = replace(stroke, class_id=label, keeps_to_class=False)
            n_wrong += 1
    injected = Injected(wrong_strokes=n_wrong, slips=len(slips), spill_requested=share)
    return found + slips, injected


def _shaken(
    stroke: Stroke,
    error: AnnotatorError,
    shape: tuple[int, ...],
    size: Float64Array,
    rng: np.random.Generator,
) -> list[Stroke]:
    """Move a stroke's points by smooth noise and connect them again.

    What leaves the grid is lost, so that several strokes, or none, may be left of one.
    """
    ways = np.sqrt(((np.diff(stroke.points, axis=0) * size) ** 2).sum(axis=1))
    along = np.concatenate([[0.0], np.cumsum(ways)])
    along /= max(error.shake_length, float(size.min()))
    far = 2.0 * _diagonal(shape, size)
    knots = rng.normal(0.0, error.shake, (int(along[-1]) + 2, len(size))).clip(-far, far)
    moved = stroke.points.astype(np.float64)
    for axis in range(len(size)):
        moved[:, axis] += np.interp(along, np.arange(len(knots)), knots[:, axis]) / size[axis]
    moved = moved.clip(-MARGIN, np.array(shape) + MARGIN)
    points = connected(np.floor(moved + 0.5).astype(np.int64))
    on_grid = ((points >= 0) & (points < np.array(shape))).all(axis=1)
    cuts = np.flatnonzero(np.diff(on_grid)) + 1
    return [
        replace(stroke, points=part, last_touch=None, keeps_to_class=False)
        for part, kept in zip(np.split(points, cuts), np.split(on_grid, cuts), strict=True)
        if kept[0]
    ]


def _diagonal(shape: tuple[int, ...], size: Float64Array) -> float:
    """Return how long the grid is from corner to corner."""
    return float(np.sqrt(((np.array(shape) * size) ** 2).sum()))


def connected(points: IntArray) -> IntArray:
    """Return a line through points, each a neighbour of the one before it.

    Parameters
    ----------
    points : ndarray of int64, shape (n, D), n >= 1
    """
    parts = [points[:1]]
    for start, end in pairwise(points):
        n = int(np.abs(end - start).max())
        if n:
            share = np.arange(1, n + 1)[:, None] / n
            parts.append(np.floor(start + share * (end - start) + 0.5).astype(np.int64))
    return np.concatenate(parts)


def _drawn_spill(error: AnnotatorError, rng: np.random.Generator) -> float:
    """Return the share of the marks that is to lie outside one class of one slice."""
    if error.spill_spread < LEAST_SPREAD:
        return error.spill
    shape = 1.0 / min(error.spill_spread, MOST_SPREAD) ** 2
    return min(float(rng.gamma(shape, error.spill / shape)), 0.95)


def _slips(
    strokes: Sequence[Stroke],
    mask: BoolArray,
    share: float,
    error: AnnotatorError,
    size: Float64Array,
    rng: np.random.Generator,
) -> list[Stroke]:
    """Return straight lines over the edge until a share of the marks is outside."""
    if mask.all():
        return []
    # The frame of the grid is no edge: no mark lies beyond it.
    depth, nearest = ndimage.distance_transform_edt(mask, sampling=size, return_indices=True)
    marks = np.zeros(mask.shape, dtype=np.bool_)
    for stroke in strokes:
        within = mask if stroke.keeps_to_class else None
        marks |= rasterise(stroke, mask.shape, step=tuple(size), within=within)
    points = np.concatenate([stroke.points for stroke in strokes])
    source = np.repeat(np.arange(len(strokes)), [len(stroke.points) for stroke in strokes])
    near = depth[tuple(points.T)] <= REACH * max(error.spill_distance, float(size.min()))
    points, source = points[near], source[near]
    slips: list[Stroke] = []
    longest = _diagonal(mask.shape, size)
    best, n_best = -1.0, 0
    while len(points) and len(slips) < MOST_SLIPS:
        n_outside, n = int((marks & ~mask).sum()), int(marks.sum())
        if n_outside >= share * n:
            return slips
        if n_outside > best * n:
            best, n_best = n_outside / n, len(slips)
        elif len(slips) - n_best == VAIN_SLIPS:
            break
        lots = (rng.random(CHOICES) * len(points)).astype(np.int64)
        lot = lots[np.argmin(depth[tuple(points[lots].T)])]
        start = points[lot]
        way = (nearest[(slice(None), *start)] - start) * size
        length = float(np.sqrt((way**2).sum()))
        over = min(error.spill_distance * float(rng.standard_exponential()), longest)
        if length == 0.0:  # a shaken stroke is outside already
            way, length = rng.normal(size=len(size)) * size, float(size.min())
        end = start + np.floor(way / length * (length + over) / size + 0.5).astype(np.int64)
        line = connected(np.stack([start, end]))
        on_grid = ((line >= 0) & (line < np.array(mask.shape))).all(axis=1)
        line = line[: int(on_grid.argmin())] if not on_grid.all() else line
        # Not farther than is wanted: a voxel more outside changes the share by (1 - share) / n.
        wanted = int(np.ceil((share * n - n_outside) / (1.0 - share)))
        new = ~mask[tuple(line.T)] & ~marks[tuple(line.T)]
        line = line[: int(np.searchsorted(np.cumsum(new), wanted)) + 1]
        origin = strokes[int(source[lot])]
        slip = Stroke(line, origin.class_id, None, keeps_to_class=False)
        marks |= rasterise(slip, mask.shape, step=tuple(size))
        slips.append(slip)
    # Slips that only marked more of the class are left out.
    return slips[:n_best]
