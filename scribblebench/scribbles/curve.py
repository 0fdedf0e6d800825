"""Curve: smooth lines inside the class."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.form import Lines, form
from scribblebench.scribbles.geodesic import nearer, way_back, ways_from
from scribblebench.scribbles.region import Grid, Region
from scribblebench.scribbles.straight import segment
from scribblebench.scribbles.thicken import thickened
from scribblebench.types import Float64Array, IntArray

EDGE = 1.5
"""Corners keep away from the edge: their distance to the lines counts up to this many times their
depth, as for `points`."""

SIGHT = 4.0
"""How far the next corner may be, in largest depths (but not less than `SIGHT_VOXELS`)."""

SIGHT_VOXELS = 24.0

GAPS = (12, 8, 5, 3, 2)
"""Voxels of the way from corner to corner between two points of the spline; the first of these for
which the curve stays inside."""

CLOSE = 1.5
"""Where no voxel is farther from the curves than this many voxels, further curves would only
repeat others."""


@form("curve")
def curve(
    region: Region,
    *,
    n_voxels: int,
    randomness: float,
    rng: np.random.Generator,
    corners: int = 4,
) -> Lines:
    """Draw smooth curves inside the region, then thicken them.

    A curve goes from corner to corner: straight where that stays inside, else by the tree of ways
    along the middle of the region. Then it is smoothed to a cubic B-spline with as few points as
    keep it inside. The first corner of the first curve is the deepest voxel; each next corner is
    the one farthest from the curves drawn and from the corners so far, out of those within
    `SIGHT`, where that distance counts up to `EDGE` times the voxel's depth. When every voxel is
    close to a curve, curves are thickened.

    With randomness r, corners are the voxels with the largest (1 - r) * distance / max + r * U.

    Parameters
    ----------
    corners : int
        Of a curve, at least 2.

    See `scribblebench.scribbles.form.Rule` for the other parameters and the result. In slices
    only.
    """
    if corners < 2:
        raise ValueError(f"corners must be at least 2, got {corners}")
    deepest = float(region.depth.max())
    reach = max(SIGHT * deepest, SIGHT_VOXELS * min(region.step))
    cost = deepest / np.where(region.inside, region.depth, 1.0)
    root = region.voxels[np.argmax(region.depth[region.voxels])]
    _, tree = ways_from(region, np.array([root]), cost=cost)
    step, n = np.array(region.step), min(n_voxels, len(region))
    voxels, starts = _curves(region.flat, tree, step, int(corners), reach, n, randomness, rng)
    lines = Lines.from_ends(voxels, starts)
    return thickened(region, lines, n_voxels=n_voxels, randomness=randomness, rng=rng)


@compiled
def _curves(
    grid: Grid,
    tree: IntArray,
    step: Float64Array,
    n_corners: int,
    reach: float,
    n_voxels: int,
    randomness: float,
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray]:
    """Draw curves until they hold `n_voxels` distinct voxels or every voxel is close to one."""
    nodes = grid.nodes
    rows, cols = nodes // grid.width * step[0], nodes % grid.width * step[1]
    bound = EDGE * grid.depth[nodes]
    even = np.ones(grid.inside.size)
    distance = np.full(even.size, np.inf)
    marked = np.zeros(even.size, dtype=np.bool_)
    near = grid.depth[nodes]
    voxels = np.empty(0, dtype=np.int64)
    starts = [0]
    n_marked = 0
    while n_marked < n_voxels and (n_marked == 0 or near.max() > CLOSE * step.max()):
        way = _way(grid, tree, rows, cols, bound, near, n_corners, reach, randomness, rng)
        line = smoothed(grid, way)
        voxels = np.concatenate((voxels, line))
        starts.append(voxels.size)
        for node in line:
            if not marked[node]:
                marked[node] = True
                n_marked += 1
        nearer(grid, even, distance, line)
        near = distance[nodes]
    return voxels, np.array(starts)


@compiled
def _way(
    grid: Grid,
    tree: IntArray,
    rows: Float64Array,
    cols: Float64Array,
    bound: Float64Array,
    near: Float64Array,
    n_corners: int,
    reach: float,
    randomness: float,
    rng: np.random.Generator,
) -> IntArray:
    """Choose the corners of one curve and return the way from one to the next.

    `rows`, `cols` and `bound` are those of the nodes; `near`, their distance to what is drawn, is
    changed.
    """
    nodes = grid.nodes
    clearance = np.minimum(near, bound)  # 0 out of sight
    way = np.empty(0, dtype=np.int64)
    for i in range(n_corners):
        largest = clearance.max()
        best, corner = -1.0, -1
        for k in range(nodes.size):
            if clearance[k] > 0.0:
                value = (1.0 - randomness) * clearance[k] / largest
                if randomness > 0.0:
                    value += randomness * rng.random()
                if value > best:
                    best, corner = value, k
        if corner < 0:
            break
        if i == 0:
            way = nodes[corner : corner + 1]
        else:
            leg = segment(grid, way[-1], nodes[corner])
            if leg.size == 0:
                leg = _by_tree(tree, way[-1], nodes[corner])
            way = np.concatenate((way, leg[1:]))
        row, col = rows[corner], cols[corner]
        for k in range(nodes.size):
            apart = np.sqrt((rows[k] - row) ** 2 + (cols[k] - col) ** 2)
            near[k] = min(near[k], apart)
            clearance[k] = min(near[k], bound[k]) if apart <= reach else 0.0
    return way


@compiled
def _by_tree(tree: IntArray, start: int, end: int) -> IntArray:
    """Return the way from `start` to `end` along a tree of parents."""
    up, down = way_back(tree, start), way_back(tree, end)
    n = 0  # voxels that both have in common before the root
    while n < min(up.size, down.size) and up[up.size - 1 - n] == down[down.size - 1 - n]:
        n += 1
    return np.concatenate((up[: up.size - n + 1], down[: down.size - n][::-1]))


@compiled
def smoothed(grid: Grid, way: IntArray) -> IntArray:
    """Return a way as a smooth curve between the same ends, as smooth as stays inside.

    Parameters
    ----------
    grid : Grid
        Of a 2-D region.
    way : ndarray of int64, shape (m,)
        Voxels inside, each a neighbour of the one before it.
    """
    for gap in GAPS:
        n_sides = max((way.size - 1) // gap, 1)
        points = way[(np.arange(n_sides + 1) * (way.size - 1)) // n_sides]
        line = _spline(grid, points)
        if line.size > 0:
            return line
    return way


@compiled
def _spline(grid: Grid, points: IntArray) -> IntArray:
    """Return the voxels of a uniform cubic B-spline with these points; empty if one is outside.

    The end points count three times, so that the curve begins and ends in them.
    """
    rows, cols = points // grid.width, points % grid.width
    last = points.size - 1
    voxels = np.empty(64, dtype=np.int64)
    n = 0
    for i in range(-2, last + 1):
        a, b = min(max(i - 1, 0), last), min(max(i, 0), last)
        c, d = min(max(i + 1, 0), last), min(max(i + 2, 0), last)
        side = 0
        for one, other in ((a, b), (b, c), (c, d)):
            side = max(side, abs(rows[other] - rows[one]), abs(cols[other] - cols[one]))
        n_steps = 2 * side + 1  # at most half a voxel each
        for k in range(n_steps + 1):
            t = k / n_steps
            s = 1.0 - t
            wa, wd = s * s * s / 6.0, t * t * t / 6.0
            wb = (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0
            wc = 1.0 - wa - wb - wd
            row = int(wa * rows[a] + wb * rows[b] + wc * rows[c] + wd * rows[d] + 0.5)
            col = int(wa * cols[a] + wb * cols[b] + wc * cols[c] + wd * cols[d] + 0.5)
            at = row * grid.width + col
            if not grid.inside[at]:
                return voxels[:0]
            if n == 0 or voxels[n - 1] != at:
                if n == voxels.size:
                    voxels = np.concatenate((voxels, np.empty_like(voxels)))
                voxels[n] = at
                n += 1
    return voxels[:n].copy()
