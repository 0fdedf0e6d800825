"""Drawing: a form's lines in the parts of one class, cut where the budget is spent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from scribblebench.scribbles.budget import Unit, apportion
from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.cost import CostModel
from scribblebench.scribbles.face_steps import with_face_steps
from scribblebench.scribbles.form import FORMS, Lines
from scribblebench.scribbles.region import Region, regions_of
from scribblebench.scribbles.strokes import Brush, Stroke, brush_of, touch
from scribblebench.types import BoolArray, Float64Array, IntArray

Components = Literal["every", "largest", "one"] | float
COMPONENTS = ("every", "largest", "one")

FIRST_TRY = 64
"""Voxels that lines are asked to hold at first for a budget in mm or seconds; then four times as
many, until it is spent."""


@dataclass(frozen=True)
class Pen:
    """How one class is drawn.

    Parameters
    ----------
    form : str
        A name in `FORMS`.
    randomness : float
        In [0, 1]; see `scribblebench.scribbles.form`.
    width : float or None
        Diameter of the pen in mm, or in voxels where their size is not known; None: one voxel.
    options : mapping of str to float
        The form's own settings.
    components : "every", "largest", "one", or float
        Which connected parts of the class are drawn in. "every": all of them, in proportion to
        their size; if there are more parts than voxels to mark, the largest ones. "largest": no
        other. "one": one by lot, in proportion to size; the next only when it is full. A number:
        each with this probability; the largest if none is.
    face_steps : bool
        Whether lines step from face to face only, as some annotation tools draw: a diagonal step
        then goes by the deeper of the two voxels beside it, if that is inside.
    """

    form: str
    randomness: float = 0.5
    width: float | None = None
    options: Mapping[str, float] = field(default_factory=dict)
    components: Components = "every"
    face_steps: bool = False

    def __post_init__(self) -> None:
        FORMS[self.form].check_options(list(self.options), self.form)
        if not 0.0 <= self.randomness <= 1.0:
            raise ValueError(f"randomness must be in [0, 1], got {self.randomness}")
        if self.width is not None and not self.width > 0.0:
            raise ValueError(f"width must be > 0, got {self.width}")
        if isinstance(self.components, str):
            if self.components not in COMPONENTS:
                raise ValueError(
                    f"components must be {', '.join(COMPONENTS)} or a probability, "
                    f"got '{self.components}'"
                )
        elif not 0.0 <= self.components <= 1.0:
            raise ValueError(f"components must be a probability in [0, 1], got {self.components}")


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
        """Whether the budget ended the drawing in every part, and not the want of room."""
        return all(cut.ended for cut in self.cuts)

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
        suffice, but the first mark in each part is always made.
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
    amounts = allot(sizes, amount, pen.components, in_voxels=unit == "pixels", stream=stream)
    cuts = []
    for part, (region, share) in enumerate(zip(regions, amounts, strict=True)):
        if share > 0.0:
            canvas = Canvas(marks, allowed, brush)
            cuts.append(_draw_part(region, share, pen, unit, canvas, partial(stream, part), cost))
    return Drawing(regions[0].coordinates(np.flatnonzero(marks)), tuple(cuts), pen.width)


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


def allot(
    sizes: IntArray,
    amount: float,
    components: Components,
    *,
    in_voxels: bool,
    stream: Callable[..., np.random.Generator],
) -> list[float]:
    """Return what each part of a class gets of an amount; see `Pen.components`.

    Parameters
    ----------
    sizes : ndarray of int64, shape (k,)
        Voxels of the parts, in descending order.
    """
    if not len(sizes):
        return []
    if len(sizes) == 1:
        return [min(float(amount), float(sizes[0])) if in_voxels else float(amount)]
    chosen = np.ones(len(sizes), dtype=np.bool_)
    if components == "largest":
        chosen[1:] = False
    elif components == "one":
        return _one_by_one(sizes, amount, in_voxels, stream("components"))
    elif not isinstance(components, str):
        chosen = stream("components").random(len(sizes)) < components
        if not chosen.any():
            chosen[:1] = True
    weights = np.where(chosen, sizes, 0)
    if in_voxels:
        return [float(n) for n in apportion(weights, min(int(amount), int(weights.sum())))]
    return [float(share) for share in amount * weights / max(int(weights.sum()), 1)]


def _one_by_one(
    sizes: IntArray, amount: float, in_voxels: bool, rng: np.random.Generator
) -> list[float]:
    """Give to one part by lot what it can hold, then to the next."""
    shares = [0.0] * len(sizes)
    left, parts = amount, list(range(len(sizes)))
    while parts and left > 0.0:
        lot = rng.random() * sum(int(sizes[p]) for p in parts)
        for part in parts:
            lot -= int(sizes[part])
            if lot < 0.0:
                break
        parts.remove(part)
        shares[part] = min(left, float(sizes[part])) if in_voxels else left
        left -= shares[part]
    return shares


@dataclass(frozen=True, eq=False)
class Canvas:
    """What is drawn on: the marks so far, where there may be marks, and the pen's brush."""

    marks: BoolArray
    allowed: BoolArray
    brush: Brush


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
    n_voxels = min(int(amount) if in_voxels else FIRST_TRY, len(region))
    before = canvas.marks.copy()
    while True:
        lines = rule(
            region, n_voxels=n_voxels, randomness=pen.randomness, rng=stream(), **pen.options
        )
        if pen.face_steps:
            lines = with_face_steps(region, lines)
        if in_voxels:
            limit = Limit(int(amount), np.inf, 0.0, np.zeros(0))
        else:
            limit = Limit(-1, amount, *_prices(region, lines, unit, cost))
        cut = _cut(region, lines, canvas, limit)
        if cut.ended or n_voxels == len(region):
            return cut
        # Lengths and seconds buy an unknown number of voxels; and a wide pen in another part may
        # have marked some of this one's already.
        n_voxels = min(4 * n_voxels, len(region))
        canvas.marks[:] = before


def _prices(
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


def _cut(region: Region, lines: Lines, canvas: Canvas, limit: Limit) -> Cut:
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
