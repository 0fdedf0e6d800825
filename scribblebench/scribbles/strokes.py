"""Strokes: single marks of a pen that can be rasterised, saved and replayed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from scribblebench.errors import InputError
from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.region import strides
from scribblebench.types import AnyArray, BoolArray, IntArray

FORMAT = 2
"""Version of the JSON layout of strokes."""

WIDEST = 64
"""Widest pen in voxels: memory for a brush grows with the fourth power."""


@dataclass(frozen=True, eq=False)
class Stroke:
    """One line of the pen, from touching down to lifting.

    Parameters
    ----------
    points : ndarray of int64, shape (n, D)
        Voxels that the middle of the pen passes, in order; each is a neighbour of the one before.
        D is 2 (row, col) or 3 (plane, row, col).
    class_id : int
        What is marked.
    width : float or None
        Diameter of the pen in mm, or in voxels where the voxel size is not known. None marks one
        voxel a point.
    last_touch : int or None
        Voxels that a wide pen still marks at the last point, the nearest first; None: all of them.
        It is how a stroke of a wide pen meets a budget to the voxel.
    keeps_to_class : bool
        Whether it marks only voxels of its class, as every stroke without an error does.
    across : int or None
        Axis of a volume across which its slice lies: a wide pen does not reach into other
        slices. None: it reaches as far along every axis.
    """

    points: IntArray
    class_id: int
    width: float | None = None
    last_touch: int | None = None
    keeps_to_class: bool = True
    across: int | None = None

    def length(self, step: Sequence[float] | None = None) -> float:
        """Return the length of the line, plus one voxel for the pen itself.

        In the unit of `step`, the size of a voxel along each axis (1 by default). A single
        point is as long as the smallest voxel size, n points along a row n voxels.
        """
        size = np.ones(self.points.shape[1]) if step is None else np.array(step, dtype=float)
        ways = np.sqrt(((np.diff(self.points, axis=0) * size) ** 2).sum(axis=1))
        return float(ways.sum() + size.min())


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


@compiled
def _stroke(
    marks: BoolArray,
    inside: BoolArray,
    points: IntArray,
    offsets: IntArray,
    earlier: IntArray,
    last_touch: int,
) -> None:
    for i in range(points.size):
        if inside[points[i]]:
            most = last_touch if i == points.size - 1 else offsets.size
            touch(marks, inside, points[i], offsets, earlier, offsets.size, most)


def rasterise(
    stroke: Stroke,
    shape: Sequence[int],
    *,
    step: Sequence[float] | None = None,
    within: BoolArray | None = None,
) -> BoolArray:
    """Return the voxels that a stroke marks.

    Parameters
    ----------
    stroke : Stroke
    shape : sequence of int
        Of the result, D axes.
    step : sequence of float, optional
        Size of a voxel along each axis in the unit of the stroke's width; 1 by default.
    within : ndarray of bool, optional
        What the pen keeps to, as where strokes were drawn inside a class: voxels outside are
        not marked, nor those that the pen would reach only across them. Everything by default.

    Returns
    -------
    marks : ndarray of bool
    """
    size = tuple(1.0 for _ in shape) if step is None else tuple(float(s) for s in step)
    if stroke.across is None:
        brush = brush_of(stroke.width, size)
    else:
        brush = brush_across(stroke.width, size, stroke.across)
    marks = np.zeros(tuple(shape), dtype=np.bool_)
    on_grid = ((stroke.points >= 0) & (stroke.points < np.array(shape))).all(axis=1)
    points = stroke.points[on_grid]
    if not len(points):
        return marks
    # Only the part of the grid that the pen reaches, with a frame.
    frame = max(1, brush.reach)
    low, high = points.min(axis=0), points.max(axis=0) + 1
    box = tuple(
        slice(max(int(a) - frame, 0), min(int(b) + frame, n))
        for a, b, n in zip(low, high, shape, strict=True)
    )
    allowed = marks[box] | True if within is None else within[box]
    inside = np.pad(allowed, frame)
    local = points - np.array([b.start for b in box]) + frame
    drawn = np.zeros(inside.shape, dtype=np.bool_)
    most = len(brush.vectors) if stroke.last_touch is None else stroke.last_touch
    _stroke(
        drawn.ravel(),
        inside.ravel(),
        local @ strides(inside.shape),
        brush.offsets(inside.shape),
        brush.earlier,
        most,
    )
    marks[box] = drawn[tuple(slice(frame, -frame) for _ in shape)]
    return marks


def replay(
    strokes: Iterable[Stroke],
    label_map: AnyArray,
    *,
    ignore_label: int,
    step: Sequence[float] | None = None,
    out: AnyArray | None = None,
) -> AnyArray:
    """Draw strokes into a scribble label map.

    Parameters
    ----------
    strokes : iterable of Stroke
        Later ones draw over earlier ones.
    label_map : integer ndarray, shape (H, W) or (P, H, W)
        Dense labels of the same grid. Strokes that keep to their class keep to it here.
    ignore_label : int
        Value of voxels that are not marked. Voxels without a label never are.
    step : sequence of float, optional
        Size of a voxel along each axis; 1 by default.
    out : ndarray, optional
        What to draw into; an empty one by default.

    Returns
    -------
    scribble : ndarray
        `out`, or else a new array of the shape and type of `label_map`.
    """
    scribble = np.full_like(label_map, ignore_label) if out is None else out
    for stroke in strokes:
        kept = stroke.keeps_to_class
        within = label_map == stroke.class_id if kept else label_map != ignore_label
        marks = rasterise(stroke, label_map.shape, step=step, within=within)
        scribble[marks] = stroke.class_id
    return scribble


def to_json(strokes: Iterable[Stroke], *, unit: str) -> str:
    """Return strokes as a JSON text that `from_json` reads; `unit` is that of their widths."""
    entries = [
        {
            "class_id": stroke.class_id,
            "width": stroke.width,
            "last_touch": stroke.last_touch,
            "keeps_to_class": stroke.keeps_to_class,
            "across": stroke.across,
            "points": stroke.points.tolist(),
        }
        for stroke in strokes
    ]
    return json.dumps({"format": FORMAT, "unit": unit, "strokes": entries})


def from_json(text: str) -> list[Stroke]:
    """Return the strokes in a JSON text that `to_json` made.

    Raises
    ------
    ValueError
        If the text is not such a text.
    """
    content: Any = json.loads(text)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"strokes must be JSON of format {FORMAT}")
    try:
        return [
            Stroke(
                np.array(entry["points"], dtype=np.int64).reshape(len(entry["points"]), -1),
                int(entry["class_id"]),
                None if entry["width"] is None else float(entry["width"]),
                None if entry["last_touch"] is None else int(entry["last_touch"]),
                bool(entry["keeps_to_class"]),
                None if entry["across"] is None else int(entry["across"]),
            )
            for entry in content["strokes"]
        ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"strokes: an entry lacks {error}") from error
