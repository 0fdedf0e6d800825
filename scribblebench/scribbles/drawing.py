"""Drawing: a form's lines in the parts of one class, cut where the budget is spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from scribblebench.scribbles.brush import brush_of
from scribblebench.scribbles.budget import Unit
from scribblebench.scribbles.components import allot
from scribblebench.scribbles.cost import CostModel
from scribblebench.scribbles.cutting import Canvas, Cut, Limit, cut, price_of_touching_down, prices
from scribblebench.scribbles.face_steps import with_face_steps
from scribblebench.scribbles.form import FORMS
from scribblebench.scribbles.pen import Pen
from scribblebench.scribbles.region import Region, regions_of
from scribblebench.scribbles.strokes import Stroke
from scribblebench.types import BoolArray, IntArray

FIRST_TRY = 64
"""Voxels that lines are asked to hold at first for a budget in mm or seconds; then four times as
many, until it is spent."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """What was drawn of one class in one slice or volume.

    Parameters
    ----------
    voxels : ndarray of int64, shape (n, D)
        Those that are marked.
    cuts : tuple of Cut
        How, part by part.
    width : float or None
        Of the pen.
    """

    voxels: IntArray
    cuts: tuple[Cut, ...]
    width: float | None

    @property
    def pen_downs(self) -> int:
        """How often the pen touched down."""
        return sum(len(cut.drawn) for cut in self.cuts)

    @property
    def ended(self) -> bool:
        """Whether the budget ended the drawing, and not the want of room in every part."""
        return any(cut.ended for cut in self.cuts)

    @property
    def spent(self) -> float:
        """What was spent of a budget that is not in voxels, in its unit."""
        return sum(cut.spent for cut in self.cuts)

    def strokes(self, class_id: int) -> list[Stroke]:
        """Return the strokes, part by part in the order of drawing."""
        return [stroke for cut in self.cuts for stroke in cut.strokes(class_id, self.width)]


def draw(
    mask: BoolArray,
    *,
    pen: Pen,
    amount: float,
    unit: Unit,
    stream: Callable[..., np.random.Generator],
    step: Sequence[float] | None = None,
    cost: CostModel | None = None,
    within: BoolArray | None = None,
    origin: Sequence[int] | None = None,
) -> Drawing:
    """Draw the scribble of one class.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W) or (P, H, W)
        Where the middle of the pen may go.
    pen : Pen
        How to draw.
    amount : float
        What to spend, > 0, on the whole class. Voxels are met exactly, unless there are fewer
        where the pen may draw. Lengths and seconds are spent up to the last voxel for which they
        suffice, but the first mark is always made; several parts share them out in steps of what
        a single mark takes.
    unit : str
        "pixels", "length" or "seconds".
    stream : callable
        Returns the random stream of a name, afresh at each call:
        `functools.partial(rng_for, seed, case_id, ...)`.
    step : sequence of float, optional
        Size of a voxel along each axis, in mm; 1 by default.
    cost : CostModel, optional
        For a budget in seconds.
    within : ndarray of bool, optional
        What a wide pen may mark, a superset of `mask`; `mask` by default.
    origin : sequence of int, optional
        Where `mask` begins in the caller's array, to which the result refers.

    Returns
    -------
    drawing : Drawing
        With the same streams, the voxels that a smaller amount marks are part of those that a
        larger one does.
    """
    size = (1.0,) * mask.ndim if step is None else tuple(float(s) for s in step)
    brush = brush_of(pen.width, size)
    margin = max(1, brush.reach)
    regions = regions_of(mask, size, margin=margin, origin=origin)
    if not regions:
        return Drawing(np.zeros((0, mask.ndim), dtype=np.int64), (), pen.width)
    allowed = _allowed(mask if within is None else within, regions[0], origin)
    marks = np.zeros(allowed.size, dtype=np.bool_)
    sizes = np.array([len(region) for region in regions], dtype=np.int64)
    canvas = Canvas(marks, allowed, brush)
    quantum = None if unit == "pixels" else price_of_touching_down(size, unit, cost)
    full: dict[int, float] = {}
    while True:
        shares = allot(sizes, amount, pen.components, quantum=quantum, full=full, stream=stream)
        cuts = {
            part: _draw_part(regions[part], share, pen, unit, canvas, partial(stream, part), cost)
            for part, share in enumerate(shares)
            if share > 0.0
        }
        found = {
            part: cut.spent for part, cut in cuts.items() if not cut.ended and part not in full
        }
        if unit == "pixels" or not found or len(regions) == 1:
            break
        # Parts that turned out to be full hold less than they got: once more, with what is left.
        full |= found
        marks[:] = False
    voxels = regions[0].coordinates(np.flatnonzero(marks))
    return Drawing(voxels, tuple(cuts.values()), pen.width)


def _allowed(within: BoolArray, region: Region, origin: Sequence[int] | None) -> BoolArray:
    """Return what may be marked on a region's grid; flat, nothing in the outermost frame."""
    base = (0,) * within.ndim if origin is None else origin
    allowed = np.zeros(region.grid.shape, dtype=np.bool_)
    to, here = [], []
    for start, offset, n, size in zip(
        region.origin, base, region.grid.shape, within.shape, strict=True
    ):
        first, last = max(start - offset, 0), min(start - offset + n, size)
        here.append(slice(first, last))
        to.append(slice(first - start + offset, last - start + offset))
    allowed[tuple(to)] = within[tuple(here)]
    return allowed.ravel()


def _draw_part(
    region: Region,
    amount: float,
    pen: Pen,
    unit: Unit,
    canvas: Canvas,
    stream: Callable[..., np.random.Generator],
    cost: CostModel | None,
) -> Cut:
    """Draw in one part until `amount` is spent or the part is full."""
    rule = FORMS[pen.form].rule
    in_voxels = unit == "pixels"
    n_most = int(amount) if np.isfinite(amount) else len(region)
    n_voxels = min(n_most if in_voxels else FIRST_TRY, len(region))
    before = canvas.marks.copy()
    while True:
        lines = rule(
            region, n_voxels=n_voxels, randomness=pen.randomness, rng=stream(), **pen.options
        )
        if pen.face_steps:
            lines = with_face_steps(region, lines)
        if in_voxels:
            limit = Limit(n_most, np.inf, 0.0, np.zeros(0))
        else:
            limit = Limit(-1, amount, *prices(region, lines, unit, cost))
        found = cut(region, lines, canvas, limit)
        if found.ended or n_voxels == len(region):
            return found
        # Lengths and seconds buy an unknown number of voxels; and a wide pen in another part may
        # have marked some of this one's already.
        n_voxels = min(4 * n_voxels, len(region))
        canvas.marks[:] = before
