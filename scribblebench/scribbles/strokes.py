"""Strokes: single marks of a pen that can be rasterised, saved and replayed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scribblebench.scribbles.brush import brush_across, brush_of, touch
from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.region import strides
from scribblebench.types import AnyArray, BoolArray, IntArray

FORMAT = 2
"""Version of the JSON layout of strokes."""


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
