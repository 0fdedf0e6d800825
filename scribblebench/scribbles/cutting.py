"""Cutting: where in a form's lines the budget is spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scribblebench.scribbles.brush import Brush, touch
from scribblebench.scribbles.budget import Unit
from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.cost import CostModel
from scribblebench.scribbles.form import Lines
from scribblebench.scribbles.region import Region
from scribblebench.scribbles.strokes import Stroke
from scribblebench.types import BoolArray, Float64Array, IntArray


@dataclass(frozen=True, eq=False)
class Cut:
    """What was drawn of a form's lines in one region.

    Parameters
    ----------
    region : Region
    lines : Lines
    drawn : ndarray of int64, shape (n_drawn, 3)
        Of each line that was drawn its number, and its first and last voxel that was.
    backwards : bool
        Whether the last touch was at the first voxel of the last line drawn.
    last_touch : int or None
        Voxels of the last touch of a wide pen, if the budget ended in it.
    n_marked : int
        Voxels newly marked.
    spent : float
        Of a budget that is not in voxels.
    ended : bool
        Whether the budget ended the drawing, and not the want of room.
    """

    region: Region
    lines: Lines
    drawn: IntArray
    backwards: bool
    last_touch: int | None
    n_marked: int
    spent: float
    ended: bool

    def strokes(self, class_id: int, width: float | None) -> Iterator[Stroke]:
        """Yield the strokes in the order of drawing."""
        coordinates = self.region.coordinates(self.lines.voxels)
        last = len(self.drawn) - 1
        for k, (_, first, final) in enumerate(self.drawn.tolist()):
            points = coordinates[first : final + 1]
            if k < last:
                yield Stroke(points, class_id, width)
            else:
                points = points[::-1] if self.backwards else points
                yield Stroke(points, class_id, width, self.last_touch)


@dataclass(frozen=True, eq=False)
class Canvas:
    """What is drawn on: the marks so far, where there may be marks, and the pen's brush."""

    marks: BoolArray
    allowed: BoolArray
    brush: Brush


def price_of_touching_down(step: Sequence[float], unit: Unit, cost: CostModel | None) -> float:
    """Return what a single mark takes of a budget in mm or seconds.

    The size of the smallest voxel, or the time of a stroke; one second where that takes none.
    """
    if unit == "length":
        return min(step)
    assert cost is not None, "a budget in seconds needs a cost model"
    return cost.seconds_per_stroke or 1.0


def prices(
    region: Region, lines: Lines, unit: Unit, cost: CostModel | None
) -> tuple[float, Float64Array]:
    """Return the price of touching down, and that of each way from one listed voxel to the next."""
    ways = np.diff(region.coordinates(lines.voxels), axis=0) * np.array(region.step)
    lengths = np.sqrt((ways**2).sum(axis=1))
    if unit == "length":
        return min(region.step), lengths
    assert cost is not None, "a budget in seconds needs a cost model"
    one = min(region.step)
    ease = 1.0 / np.maximum(2.0 * region.depth[lines.voxels] - one, one)
    difficulty = lengths * (ease[1:] + ease[:-1]) / 2.0
    return cost.seconds_per_stroke, cost.seconds_per_difficulty * difficulty


class Limit(NamedTuple):
    """Where a drawing ends.

    Parameters
    ----------
    most : int
        Voxels newly marked; -1 for any number.
    amount : float
        Of the price.
    down : float
        Price of touching down.
    ways : ndarray of float64, shape (n - 1,)
        Price of the way from each listed voxel to the next; empty where nothing has a price.
    """

    most: int
    amount: float
    down: float
    ways: Float64Array


def cut(region: Region, lines: Lines, canvas: Canvas, limit: Limit) -> Cut:
    """Draw lines up to a limit."""
    drawn, backwards, touched, n_marked, spent, ended = _drawn(
        lines.voxels,
        lines.starts,
        lines.anchors,
        canvas.marks,
        canvas.allowed,
        canvas.brush.offsets(region.grid.shape),
        canvas.brush.earlier,
        limit,
    )
    last_touch = touched if 0 <= touched < len(canvas.brush.vectors) else None
    return Cut(
        region,
        lines,
        drawn,
        bool(backwards),
        last_touch,
        n_marked,
        float(spent),
        bool(ended),
    )


@compiled
def _drawn(
    voxels: IntArray,
    starts: IntArray,
    anchors: IntArray,
    marks: BoolArray,
    allowed: BoolArray,
    offsets: IntArray,
    earlier: IntArray,
    limit: Limit,
) -> tuple[IntArray, bool, int, int, float, bool]:
    """Draw lines from their anchors on, into `marks`, until the budget is spent; see `Cut`.

    A line that would mark nothing new is left out.
    """
    drawn = np.empty((anchors.size, 3), dtype=np.int64)
    n_drawn, n_marked, spent = 0, 0, 0.0
    backwards, touched, ended = False, -1, False
    for line in range(anchors.size):
        fresh = False
        for i in range(starts[line], starts[line + 1]):
            if not marks[voxels[i]]:
                fresh = True
                break
        if not fresh:
            continue
        if n_drawn > 0 and spent + limit.down > limit.amount:
            ended = True
            break
        low = high = at = anchors[line]
        price = limit.down
        forward = True
        while True:
            spent += price
            left = -1 if limit.most < 0 else limit.most - n_marked
            touched, n_new = touch(marks, allowed, voxels[at], offsets, earlier, left, offsets.size)
            n_marked += n_new
            low, high = min(low, at), max(high, at)
            backwards = at == low and at < anchors[line]
            if n_marked == limit.most:
                ended = True
                break
            can_go_on, can_go_back = high + 1 < starts[line + 1], low > starts[line]
            if not can_go_on and not can_go_back:
                break
            at = high + 1 if can_go_on and (forward or not can_go_back) else low - 1
            forward = not forward
            if limit.ways.size > 0:
                price = limit.ways[high] if at > high else limit.ways[at]
                if spent + price > limit.amount:
                    ended = True
                    break
        drawn[n_drawn, 0], drawn[n_drawn, 1], drawn[n_drawn, 2] = line, low, high
        n_drawn += 1
        if ended:
            break
    return drawn[:n_drawn].copy(), backwards, touched, n_marked, spent, ended
