"""Random walk: a hand that wanders inside the class."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.form import Lines, form, preference
from scribblebench.scribbles.region import Grid, Region
from scribblebench.types import BoolArray, Float64Array, IntArray

PATIENCE = 200
"""Steps without a new voxel after which the pen is lifted and a new stroke begun. In the heart of
8 ACDC patients, walks over 3 to 30 % of a class mark a new pixel every 1 to 3.6 steps on
average, so a walk that still has room is hardly ever cut off."""

GLANCE = 2.0
"""Room straight on counts three times as much as room straight back, so that the walk rather
glances off the edge than turns back."""

BESIDE = 0.1
"""Room that a voxel next to a mark is."""

ALONG = 4
"""Steps on or next to marks that crossing a line may take."""

LITTLE = 0.01
"""Added to room, so that a walk with none turns as little as it can."""


@form("random_walk", three_d=True)
def random_walk(
    region: Region, *, n_voxels: int, randomness: float, rng: np.random.Generator
) -> Lines:
    """Draw a random walk that never leaves the region.

    The walk moves between neighbours, 8 in 2D and 26 in 3D. With probability `randomness` it draws
    the next step from those that stay inside; otherwise it goes on in its direction up to the edge
    of the region. There it is reflected: of all directions it takes the one with the most room,
    the voxels ahead up to the edge, times `GLANCE` + cos(turn). A marked voxel is no room, and one
    next to a mark counts `BESIDE`. It turns in the same way where it has gone on or next to its
    marks for more than `ALONG` steps, so that it crosses them but does not run along them.
    When `PATIENCE` steps brought nothing new, a new stroke begins.

    Where voxels are equally large on all axes all steps are equally likely; otherwise the weight
    of a step is the product over the axes it moves on of q / (3 - 2 q), with q the squared ratio
    of the smallest voxel size to that axis's, so that the walk spreads as fast in all directions.

    A stroke begins at the deepest voxel that is not marked (randomness 0), at a uniformly drawn
    one (randomness 1), or at a compromise of both. At randomness 1 this is a plain random walk.

    See `scribblebench.scribbles.form.Rule` for parameters and result.
    """
    score = preference(region, randomness=randomness, rng=rng)
    vectors, cosines = region.neighbours.vectors, region.neighbours.cosines
    q = (min(region.step) / np.array(region.step)) ** 2
    weights = np.where(vectors != 0, q / (3.0 - 2.0 * q), 1.0).prod(axis=1)
    n = min(n_voxels, len(region))
    voxels, starts = _walk(region.flat, weights, cosines, score, n, randomness, rng)
    return Lines.from_ends(voxels, starts)


@compiled
def _walk(
    grid: Grid,
    weights: Float64Array,
    cosines: Float64Array,
    score: Float64Array,
    n_voxels: int,
    randomness: float,
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray]:
    """Walk until `n_voxels` distinct voxels are visited; list every step."""
    inside, nodes, offsets = grid.inside, grid.nodes, grid.offsets
    marked = np.zeros(inside.size, dtype=np.bool_)
    steps = np.empty(4 * n_voxels + 16, dtype=np.int64)
    starts = np.zeros(nodes.size + 1, dtype=np.int64)
    taken = np.zeros(inside.size, dtype=np.int64)
    free = np.empty(offsets.size, dtype=np.int64)
    n, n_marked, n_lines = 0, 0, 0
    while n_marked < n_voxels:
        at = nodes[0]
        for node in nodes:
            if not marked[node] and (marked[at] or score[node] > score[at]):
                at = node
        direction, idle, along, useful = 0, 0, 0, n
        while True:
            if n == steps.size:
                longer = np.empty(2 * n, dtype=np.int64)
                longer[:n] = steps
                steps = longer
            steps[n] = at
            n += 1
            along = along + 1 if marked[at] or taken[at] > 2 else 0  # more than the step before
            if marked[at]:
                idle += 1
            else:
                marked[at] = True
                taken[at] += 1
                for offset in offsets:
                    taken[at + offset] += 1
                n_marked += 1
                idle = 0
                useful = n
            if n_marked == n_voxels or idle > PATIENCE:
                break
            n_free, total = 0, 0.0
            for k in range(offsets.size):
                if inside[at + offsets[k]]:
                    free[n_free] = k
                    n_free += 1
                    total += weights[k]
            if n_free == 0:
                break
            if rng.random() < randomness:
                left = rng.random() * total
                chosen = 0
                while chosen < n_free - 1 and left >= weights[free[chosen]]:
                    left -= weights[free[chosen]]
                    chosen += 1
                direction = free[chosen]
            elif along > ALONG or not inside[at + offsets[direction]]:
                along = 0
                direction = _reflected(grid, cosines, marked, taken, at, direction)
            at += offsets[direction]
        n = useful  # steps after the last new voxel left no mark
        n_lines += 1
        starts[n_lines] = n
    return steps[:n].copy(), starts[: n_lines + 1].copy()


@compiled
def _reflected(
    grid: Grid, cosines: Float64Array, marked: BoolArray, taken: IntArray, at: int, direction: int
) -> int:
    """Return the direction in which a walk that has come to the edge goes on.

    `taken` counts the marks on and next to each voxel.
    """
    best, chosen = -1.0, direction
    for k in range(grid.offsets.size):
        room, other = 0.0, at + grid.offsets[k]
        if not grid.inside[other]:
            continue
        while grid.inside[other]:
            if not marked[other]:
                room += 1.0 if taken[other] == 0 else BESIDE
            other += grid.offsets[k]
        value = (room + LITTLE) * (GLANCE + cosines[direction, k])
        if value > best:
            best, chosen = value, k
    return chosen
