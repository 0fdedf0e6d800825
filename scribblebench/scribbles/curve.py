"""Curve: smooth lines that sweep on through the class."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.form import Lines, form
from scribblebench.scribbles.region import Grid, Region
from scribblebench.scribbles.spline import smooth_way
from scribblebench.scribbles.straight import on_ray, segment
from scribblebench.scribbles.thicken import thickened
from scribblebench.types import BoolArray, Float64Array, IntArray

LEG, SHORT = 0.75, 8.0
"""A leg from corner to corner is this many largest depths long, which leaves room to turn, but at
least this many voxels: on the wall of a heart longer ones would cut across the bend."""

LEAST, MOST = 0.5, 1.5
"""How near and how far the next corner may be, in legs."""

BESIDE = 1
"""Voxels to each side of a curve that the way to the next corner should not run along."""

CANDIDATES = 250
"""Voxels of a region among which corners are chosen; more make no visible difference."""

TRIES = 16
"""Of the voxels with the largest merit otherwise, so many are asked how open the way to them is."""

CLOSE = 2.0
"""Where no corner would be farther from the curves than this many voxels, further curves would
only repeat others."""


@form("curve")
def curve(
    region: Region,
    *,
    n_voxels: int,
    randomness: float,
    rng: np.random.Generator,
    corners: int = 8,
) -> Lines:
    """Draw smooth curves inside the region, then thicken them.

    A curve is a cubic B-spline through corners, see `smooth_way`. Its first corner is the voxel of
    largest clearance: the distance to the curves drawn, or to the deepest voxel as long as there
    is none, which counts up to the voxel's depth. Each next corner is `LEAST` to `MOST` legs
    (`LEG`) away, turns the curve by less than a right angle and has the largest merit, the product
    of clearance (to the corners before, too), the distance from the corner before, which counts
    up to one leg, the cosine of the turn, and how open the straight way is: the smallest depth on
    it as a share of that at its ends, times the square of the share of its voxels that do not lie
    beside a curve (`BESIDE`), which must be half. A curve ends early where no voxel is left. When
    every voxel is close to a curve, curves are thickened. In regions of more than `CANDIDATES`
    voxels, only every n-th may be a corner.

    With randomness r, (1 - r) * clearance / max + r * U takes the place of clearance, with U
    uniform and drawn anew for every voxel and corner.

    Parameters
    ----------
    corners : int
        Of a curve at most, at least 2.

    See `scribblebench.scribbles.form.Rule` for the other parameters and the result. In slices
    only.
    """
    if corners < 2:
        raise ValueError(f"corners must be at least 2, got {corners}")
    leg = max(LEG * float(region.depth.max()), SHORT * min(region.step))
    every = len(region) // CANDIDATES + 1
    step, n = np.array(region.step), min(n_voxels, len(region))
    voxels, starts = _curves(region.flat, every, step, int(corners), leg, n, randomness, rng)
    lines = Lines.from_ends(voxels, starts)
    return thickened(region, lines, n_voxels=n_voxels, randomness=randomness, rng=rng)


@compiled
def _curves(
    grid: Grid,
    every: int,
    step: Float64Array,
    n_corners: int,
    leg: float,
    n_voxels: int,
    randomness: float,
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray]:
    """Draw curves until they hold `n_voxels` distinct voxels or every corner is close to one."""
    nodes = grid.nodes[::every].copy()
    at = _places(grid, nodes, step)
    near = np.full(nodes.size, np.inf)
    deepest = grid.nodes[np.argmax(grid.depth[grid.nodes])]
    _approach(near, at, _places(grid, np.array([deepest]), step))
    near += 1e-9  # the only voxel of a region is a corner too
    marked = np.zeros(grid.inside.size, dtype=np.bool_)
    beside = np.zeros(grid.inside.size, dtype=np.bool_)
    voxels = np.empty(0, dtype=np.int64)
    starts = [0]
    n_marked, close = 0, 0.0
    while n_marked < n_voxels and near.max() > close:
        chosen = _corners(grid, nodes, at, near, beside, n_corners, leg, close, randomness, rng)
        if n_marked == 0:
            near[:], close = np.inf, CLOSE * step.max()
        near[chosen[0]] = 0.0
        if chosen.size < 2 and n_marked > 0:  # a dot is no curve
            continue
        line = smooth_way(grid, nodes[chosen])
        voxels = np.concatenate((voxels, line))
        starts.append(voxels.size)
        for node in line:
            if not marked[node]:
                marked[node] = True
                n_marked += 1
        _approach(near, at, _places(grid, line, step))
        _widen(grid, beside, line)
    return voxels, np.array(starts)


@compiled
def _places(grid: Grid, nodes: IntArray, step: Float64Array) -> Float64Array:
    """Return where voxels are from the first of the region, wherever that lies."""
    origin = grid.nodes[0]
    rows = nodes // grid.width - origin // grid.width
    cols = nodes % grid.width - origin % grid.width
    return np.stack((rows * step[0], cols * step[1]))


@compiled
def _approach(near: Float64Array, at: Float64Array, line: Float64Array) -> None:
    """Bring distances of places `at` to what is drawn up to date after `line` was; in place."""
    for k in range(near.size):
        least = near[k] * near[k]
        for i in range(0, line.shape[1], 2):
            least = min(least, (at[0, k] - line[0, i]) ** 2 + (at[1, k] - line[1, i]) ** 2)
        near[k] = np.sqrt(least)


@compiled
def _widen(grid: Grid, beside: BoolArray, line: IntArray) -> None:
    """Mark the voxels at most `BESIDE` rows and columns from a line; in place."""
    for node in line:
        for over in range(-BESIDE, BESIDE + 1):
            middle = node + over * grid.width
            for other in range(max(middle - BESIDE, 0), min(middle + BESIDE + 1, beside.size)):
                beside[other] = True


@compiled
def _corners(
    grid: Grid,
    nodes: IntArray,
    at: Float64Array,
    near: Float64Array,
    beside: BoolArray,
    n_corners: int,
    leg: float,
    close: float,
    randomness: float,
    rng: np.random.Generator,
) -> IntArray:
    """Choose the corners of one curve; return which of `nodes` they are."""
    clearance = np.minimum(near, grid.depth[nodes])
    crowded = beside.copy()
    merit = clearance / clearance.max()
    if randomness > 0.0:
        for k in range(nodes.size):
            merit[k] = (1.0 - randomness) * merit[k] + randomness * rng.random()
            merit[k] = merit[k] if near[k] > close else 0.0
    chosen = np.empty(n_corners, dtype=np.int64)
    chosen[0] = np.argmax(merit)
    heading = np.zeros(2)
    for i in range(1, n_corners):
        last = chosen[i - 1]
        largest = clearance.max()
        _merits(merit, at, clearance / largest, last, heading, leg, randomness, rng)
        best, corner = 0.0, -1
        for _ in range(TRIES):
            k = int(np.argmax(merit))
            if merit[k] <= best:
                break
            value = merit[k] * _openness(grid, crowded, nodes[last], nodes[k])
            merit[k] = 0.0
            if value > best:
                best, corner = value, k
        if corner < 0:
            return chosen[:i]
        if i > 1:
            _widen(grid, crowded, segment(grid, nodes[chosen[i - 2]], nodes[last]))
        chosen[i] = corner
        heading = at[:, corner] - at[:, last]
        heading /= np.sqrt((heading**2).sum())
        for k in range(nodes.size):
            rows, cols = at[0, k] - at[0, corner], at[1, k] - at[1, corner]
            if clearance[k] * clearance[k] > rows * rows + cols * cols:
                clearance[k] = np.sqrt(rows * rows + cols * cols)
    return chosen


@compiled
def _merits(
    merit: Float64Array,
    at: Float64Array,
    clearance: Float64Array,
    last: int,
    heading: Float64Array,
    leg: float,
    randomness: float,
    rng: np.random.Generator,
) -> None:
    """Write to `merit` that of each place after the corner `last`, the way there left aside."""
    first = heading[0] == 0.0 and heading[1] == 0.0
    for k in range(merit.size):
        merit[k] = 0.0
        rows, cols = at[0, k] - at[0, last], at[1, k] - at[1, last]
        ahead = heading[0] * rows + heading[1] * cols
        apart = rows * rows + cols * cols
        near_or_far = apart < (LEAST * leg) ** 2 or apart > (MOST * leg) ** 2
        if near_or_far or clearance[k] <= 0.0 or (ahead <= 0.0 and not first):
            continue
        apart = np.sqrt(apart)
        chance = randomness * rng.random() if randomness > 0.0 else 0.0
        merit[k] = (1.0 - randomness) * clearance[k] + chance
        merit[k] *= min(apart, leg) * (1.0 if first else ahead / apart)


@compiled
def _openness(grid: Grid, crowded: BoolArray, start: int, end: int) -> float:
    """Return how deep in the region and how free of curves the straight way is; 0 if it leaves."""
    rows = end // grid.width - start // grid.width
    cols = end % grid.width - start % grid.width
    n = max(abs(rows), abs(cols))
    shallow = min(grid.depth[start], grid.depth[end])
    least, n_crowded = shallow, 0
    for k in range(1, n + 1):
        at = on_ray(start, grid.width, rows, cols, k)
        if crowded[at]:
            n_crowded += 1
        if not grid.inside[at] or 2 * n_crowded > n:
            return 0.0
        least = min(least, grid.depth[at])
    return float(least / shallow * (1.0 - n_crowded / n) ** 2)
