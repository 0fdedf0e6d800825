"""Chord: straight lines from edge to edge."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.form import Lines, form
from scribblebench.scribbles.geodesic import nearer
from scribblebench.scribbles.region import Grid, Region
from scribblebench.scribbles.straight import ray, ray_length
from scribblebench.scribbles.thicken import thickened
from scribblebench.types import Float64Array, IntArray

DIRECTIONS = tuple(
    (sign * rows, cols)
    for rows, cols in ((0, 1), (1, 3), (1, 2), (2, 3), (1, 1), (3, 2), (2, 1), (3, 1), (1, 0))
    for sign in (1, -1)
    if (rows and cols) or sign > 0
)
"""Sixteen directions over half a turn, about 11 degrees apart."""

CLOSE = 1.5
"""Where no voxel is farther from the lines than this many voxels, further lines would only
repeat others."""

LONG = 0.6
"""A line is at least this share of the longest through its voxel: across a wall or a corner, lines
would be ticks."""


@form("chord")
def chord(region: Region, *, n_voxels: int, randomness: float, rng: np.random.Generator) -> Lines:
    """Draw straight lines through the region, then thicken them.

    The first line goes through the deepest voxel, each next one through the voxel with the largest
    geodesic distance to the lines. Of 16 directions it takes the one in which it is longest before
    it leaves the region. It is drawn from that voxel to both ends. When every voxel is close to
    a line, lines are thickened.

    With randomness r, the voxel is the one with the largest (1 - r) * distance / max + r * U, with
    U drawn once for each voxel, and the direction the one with the largest
    (1 - r) * length / max + r * U of those that are at least `LONG` times as long as the longest.

    See `scribblebench.scribbles.form.Rule` for parameters and result. In slices only.
    """
    directions, step = np.array(DIRECTIONS), np.array(region.step)
    n = min(n_voxels, len(region))
    voxels, starts, anchors = _chords(region.flat, directions, step, n, randomness, rng)
    lines = Lines(voxels, starts, anchors)
    return thickened(region, lines, n_voxels=n_voxels, randomness=randomness, rng=rng)


@compiled
def _chords(
    grid: Grid,
    directions: IntArray,
    step: Float64Array,
    n_voxels: int,
    randomness: float,
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray, IntArray]:
    """Draw chords until they hold `n_voxels` distinct voxels or every voxel is close to one."""
    nodes = grid.nodes
    rows, cols = directions[:, 0], directions[:, 1]
    marked = np.zeros(grid.inside.size, dtype=np.bool_)
    distance = np.full(marked.size, np.inf)
    even = np.ones(marked.size)
    chance = randomness * rng.random(nodes.size)
    away = grid.depth.copy()
    extent = np.empty(rows.size)
    chosen = np.empty(0, dtype=np.int64)
    starts, anchors = [0], [0]
    anchors.clear()
    n_marked = 0
    while n_marked < n_voxels:
        largest = away[nodes].max()
        if len(anchors) > 0 and largest <= CLOSE * step.max():
            break
        best, through = -1.0, -1
        for i in range(nodes.size):
            node = nodes[i]
            value = (1.0 - randomness) * away[node] / largest + chance[i]
            if value > best and not marked[node]:
                best, through = value, node
        for k in range(rows.size):
            n_there = ray_length(grid, through, rows[k], cols[k])
            n_back = ray_length(grid, through, -rows[k], -cols[k])
            major = max(abs(rows[k]), abs(cols[k]))
            by_step = np.sqrt((rows[k] * step[0]) ** 2 + (cols[k] * step[1]) ** 2) / major
            extent[k] = (n_there + n_back + 1) * by_step
        longest = extent.max()
        best, direction = -1.0, 0
        for k in range(rows.size):
            value = (1.0 - randomness) * extent[k] / longest + randomness * rng.random()
            if value > best and extent[k] >= LONG * longest:
                best, direction = value, k
        back = ray(grid, through, -rows[direction], -cols[direction])
        there = ray(grid, through, rows[direction], cols[direction])
        line = np.concatenate((back[::-1], np.array([through]), there))
        anchors.append(chosen.size + back.size)
        chosen = np.concatenate((chosen, line))
        starts.append(chosen.size)
        for node in line:
            if not marked[node]:
                marked[node] = True
                n_marked += 1
        nearer(grid, even, distance, line)
        away = distance
    return chosen, np.array(starts), np.array(anchors)
