"""Splines: smooth ways through points, as the hand draws them, that stay inside a region."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.geodesic import lower, way_back
from scribblebench.scribbles.region import Grid
from scribblebench.scribbles.straight import segment
from scribblebench.types import IntArray


@compiled
def apart(grid: Grid, one: int, other: int) -> int:
    """Return how many voxels two are apart, along the axis where it is most."""
    rows = abs(one // grid.width - other // grid.width)
    return max(rows, abs(one % grid.width - other % grid.width))


@compiled
def shortest(grid: Grid, start: int, end: int) -> IntArray:
    """Return the shortest way between two voxels, both included: straight where that is inside."""
    straight = segment(grid, start, end)
    if straight.size > 0:
        return straight
    distance = np.full(grid.inside.size, np.inf)
    parent = np.full(grid.inside.size, -1, dtype=np.int64)
    lower(grid, np.ones(distance.size), distance, parent, np.array([end]))
    return way_back(parent, start)


@compiled
def smooth_way(grid: Grid, points: IntArray) -> IntArray:
    """Return the voxels of a uniform cubic B-spline with these points, each next to the last.

    The end points count three times, so that it begins and ends in them. A leg that would leave
    the region is replaced by the shortest way to its end point.
    """
    rows, cols = points // grid.width, points % grid.width
    last = points.size - 1
    way = np.empty(64, dtype=np.int64)
    way[0] = points[0]
    n = 1
    for i in range(-2, last + 1):
        a, b = min(max(i - 1, 0), last), min(max(i, 0), last)
        c, d = min(max(i + 1, 0), last), min(max(i + 2, 0), last)
        side = 0
        for one, other in ((a, b), (b, c), (c, d)):
            side = max(side, abs(rows[other] - rows[one]), abs(cols[other] - cols[one]))
        n_steps = 2 * side + 1  # at most half a voxel each
        leg = np.empty(n_steps + 1, dtype=np.int64)
        stays = True
        for k in range(n_steps + 1):
            t = k / n_steps
            s = 1.0 - t
            wa, wd = s * s * s / 6.0, t * t * t / 6.0
            wc = (1.0 + 3.0 * t + 3.0 * t * t - 3.0 * t * t * t) / 6.0
            # From point b, so that rounding is the same wherever the region lies.
            row = wa * (rows[a] - rows[b]) + wc * (rows[c] - rows[b]) + wd * (rows[d] - rows[b])
            col = wa * (cols[a] - cols[b]) + wc * (cols[c] - cols[b]) + wd * (cols[d] - cols[b])
            over = int(np.floor(row + 0.5)) * grid.width + int(np.floor(col + 0.5))
            leg[k] = points[b] + over
            if not grid.inside[leg[k]]:
                stays = False
                break
        if not stays:
            leg = shortest(grid, way[n - 1], points[c])
        elif apart(grid, way[n - 1], leg[0]) > 1:
            leg = np.concatenate((shortest(grid, way[n - 1], leg[0]), leg))
        if n + leg.size > way.size:
            way = np.concatenate((way, np.empty(way.size + leg.size, dtype=np.int64)))
        for at in leg:
            if at != way[n - 1]:
                way[n] = at
                n += 1
    return way[:n].copy()
