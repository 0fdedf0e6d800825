"""Spiral: around inside the edge and on towards the middle, as people mostly draw."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.contour import level_lines
from scribblebench.scribbles.form import Lines, form
from scribblebench.scribbles.region import Grid, Region
from scribblebench.scribbles.spline import apart, smooth_way
from scribblebench.scribbles.thicken import thickened
from scribblebench.types import Float64Array, IntArray

BENDS, CLOSEST = 14, 3
"""Points of the spline on one turn, and how many voxels along an axis they are apart at least: a
hand rounds off what is smaller."""

MOST_TURNS = 8.0
"""Turns after which the spiral ends, if it has not come to the middle before."""

WOBBLE, SWAYS = 0.4, 3.0
"""At randomness 1, the spiral is deeper or less deep by up to this share, and how often in a turn
that is drawn anew."""

SHIFT = 0.3
"""At randomness 1, the depth of the beginning is drawn from an interval of this width."""


@form("spiral")
def spiral(
    region: Region,
    *,
    n_voxels: int,
    randomness: float,
    rng: np.random.Generator,
    depth: float = 0.3,
    inward: float = 0.25,
    arc: float = 0.0,
    gap: float = 4.0,
) -> Lines:
    """Draw a spiral from the edge to the middle, then thicken it.

    The spiral follows the outer contour at the share `depth` of the largest distance to the edge,
    and with every turn comes nearer to the middle by `inward` of that distance: from the contour
    it goes up the distance to the edge until it is deep enough or cannot go farther. A cubic
    B-spline through `BENDS` points a turn smoothes it; where that would leave the region, the
    shortest way is taken. In a ring it ends on the line midway between the two edges, and follows
    that. It begins outside, at the contour's voxel farthest from the deepest one.

    With randomness r, the depth along the way is multiplied by 1 + r * `WOBBLE` * (2 N - 1) with N
    noise in [0, 1), linear between `SWAYS` draws a turn; the first depth is shifted by
    r * `SHIFT` * (U - 1/2); the spiral begins anywhere on the share r of the contour about that
    voxel and runs the other way with probability r / 2; an arc ends up to r * `arc` later than
    without, a gap is 1 + r * (U - 1/2) times as long.

    Parameters
    ----------
    depth : float
        In [0, 1]: 0 begins at the outermost voxels, 1 in the middle.
    inward : float
        Depth gained in a turn, >= 0; with 0 one turn is all.
    arc : float
        Voxels after which the pen is lifted; 0: never.
    gap : float
        Voxels that are then left out, > 0.

    See `scribblebench.scribbles.form.Rule` for the other parameters and the result. In slices
    only.
    """
    if not 0.0 <= depth <= 1.0:
        raise ValueError(f"depth must be in [0, 1], got {depth}")
    for name, value in (("inward", inward), ("arc", arc)):
        if not value >= 0.0:
            raise ValueError(f"{name} must be >= 0, got {value}")
    if not gap > 0.0:
        raise ValueError(f"gap must be > 0, got {gap}")
    first = min(max(depth + randomness * SHIFT * (rng.random() - 0.5), 0.0), 1.0)
    contour = level_lines(region, region.depth, 0.0)[0]
    start = _tip(region, contour) + round(randomness * (rng.random() - 0.5) * len(contour))
    contour = np.roll(contour, -start)
    if rng.random() < randomness / 2.0:
        contour = contour[::-1].copy()
    turns = 1.0 if inward == 0.0 else min((1.0 - first) / inward + 1.0, MOST_TURNS)
    at = np.arange(int(turns * BENDS) + 1) / BENDS
    knots = rng.random(int(MOST_TURNS * SWAYS) + 2)
    sway = np.interp(at * SWAYS, np.arange(len(knots)), 2.0 * knots - 1.0)
    goals = (first + inward * at) * (1.0 + randomness * WOBBLE * sway)
    bends = _bends(region.flat, contour, (at % 1.0 * len(contour)).astype(np.int64), goals)
    way = smooth_way(region.flat, bends)
    lines = Lines.of([(line, 0) for line in _lifted(way, arc, gap, randomness, rng)])
    return thickened(region, lines, n_voxels=n_voxels, randomness=randomness, rng=rng)


def _tip(region: Region, contour: IntArray) -> int:
    """Return which voxel of a contour is farthest from the region's deepest voxel."""
    middle = region.voxels[[np.argmax(region.depth[region.voxels])]]
    apart = region.coordinates(contour) - region.coordinates(middle)
    return int(np.argmax(((apart * np.array(region.step)) ** 2).sum(axis=1)))


def _lifted(
    way: IntArray, arc: float, gap: float, randomness: float, rng: np.random.Generator
) -> list[IntArray]:
    """Cut a way into arcs with gaps between them; all of it, where `arc` is 0.

    What one arc is longer the next is shorter, so that n arcs hold at least n times `arc`.
    """
    if arc == 0.0:
        return [way]
    arcs, at, before = [], 0, 0.0
    while at < len(way):
        longer = randomness * rng.random()
        end = at + max(1, round(arc * (1.0 + longer - before)))
        arcs.append(way[at:end])
        at = end + max(1, round(gap * (1.0 + randomness * (rng.random() - 0.5))))
        before = longer
    return arcs


@compiled
def _bends(grid: Grid, contour: IntArray, feet: IntArray, goals: Float64Array) -> IntArray:
    """Return points along the spiral: from feet on the contour, upwards to a goal in depth."""
    deepest = grid.depth[grid.nodes].max()
    bends = np.empty(feet.size, dtype=np.int64)
    n = 0
    for i in range(feet.size):
        at = contour[feet[i]]
        while grid.depth[at] < goals[i] * deepest:
            best, above = 0.0, -1
            for k in range(grid.offsets.size):
                other = at + grid.offsets[k]
                if grid.inside[other]:
                    rise = (grid.depth[other] - grid.depth[at]) / grid.lengths[k]
                    if rise > best:
                        best, above = rise, other
            if above < 0:
                break
            at = above
        if n == 0 or apart(grid, bends[n - 1], at) >= CLOSEST:
            bends[n] = at
            n += 1
    return bends[:n].copy()
