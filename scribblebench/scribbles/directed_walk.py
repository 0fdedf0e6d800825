"""Directed walk: a hand that sweeps on to where there is room."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.form import Lines, form, preference
from scribblebench.scribbles.random_walk import PATIENCE
from scribblebench.scribbles.region import Grid, Region
from scribblebench.types import BoolArray, Float64Array, IntArray

SIGHT = 8
"""Voxels that the hand looks ahead, in each direction: about where a walk begins to turn before
the edge."""

SHORE, SHALLOW = 0.3, 0.2
"""A voxel is near the edge where its depth is less than this share of the largest and than half of
what the hand sees, and how much room it then is."""

BESIDE = 0.1
"""Room that a marked voxel is, or one next to a mark: a hand crosses its marks rather than run into
the edge, but does not run along them."""

NOISE = 3.0
"""At randomness 1, chance turns the walk more than room does, which is at most 1."""


@form("directed_walk", three_d=True)
def directed_walk(
    region: Region,
    *,
    n_voxels: int,
    randomness: float,
    rng: np.random.Generator,
    persistence: float = 0.7,
) -> Lines:
    """Draw a walk with persistence that is steered away from the region's edge and from its marks.

    The walk has a heading, any direction, and goes to the neighbour nearest to it, keeping account
    of what it is off. At each step the heading becomes

        persistence * heading + (1 - persistence) * (room + noise)

    and is brought to length 1. Room is the mean of the directions to the neighbours that are not
    behind, weighted by the square of what lies ahead in each and brought to length 1: of `SIGHT`
    voxels, those up to the edge, of which those near it count `SHALLOW`, and marked ones and those
    next to a mark `BESIDE`. Noise is r * `NOISE` times a vector of U along each axis, with U
    uniform in [-1, 1). Where the neighbour is outside the region, the walk takes the one inside
    that turns it least, and that is its heading. When `PATIENCE` steps brought nothing new, a new
    stroke begins. Strokes begin as in `random_walk`; their first heading is along the last axis,
    or with probability `randomness` towards any neighbour.

    With little randomness the walk is a smooth line that turns before the edge, follows it inside
    and then fills what is empty; with much it is a winding line that covers more ground than a
    plain random walk.

    Parameters
    ----------
    persistence : float
        In [0, 1]. With 1, it turns at the edge only.

    See `scribblebench.scribbles.form.Rule` for the other parameters and the result.
    """
    if not 0.0 <= persistence <= 1.0:
        raise ValueError(f"persistence must be in [0, 1], got {persistence}")
    score = preference(region, randomness=randomness, rng=rng)
    n = min(n_voxels, len(region))
    steps = region.neighbours.vectors * np.array(region.step)
    voxels, starts = _walk(region.flat, steps, score, n, float(persistence), randomness, rng)
    return Lines.from_ends(voxels, starts)


@compiled
def _walk(
    grid: Grid,
    vectors: Float64Array,
    score: Float64Array,
    n_voxels: int,
    persistence: float,
    randomness: float,
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray]:
    """Walk until `n_voxels` distinct voxels are visited; list every step."""
    nodes, offsets = grid.nodes, grid.offsets
    marked = np.zeros(grid.inside.size, dtype=np.bool_)
    taken = np.zeros(grid.inside.size, dtype=np.bool_)
    steps = np.empty(2 * n_voxels + 16, dtype=np.int64)
    starts = np.zeros(nodes.size + 1, dtype=np.int64)
    shore = min(SHORE * grid.depth[nodes].max(), SIGHT / 2 * grid.lengths[0])
    noise = NOISE * randomness
    n, n_marked, n_lines = 0, 0, 0
    while n_marked < n_voxels:
        at = nodes[0]
        for node in nodes:
            if not marked[node] and (marked[at] or score[node] > score[at]):
                at = node
        idle, useful = 0, n
        first = int(rng.random() * offsets.size) if rng.random() < randomness else 0
        heading = vectors[first] / grid.lengths[first]
        off = np.zeros(heading.size)
        while True:
            if n == steps.size:
                longer = np.empty(2 * n, dtype=np.int64)
                longer[:n] = steps
                steps = longer
            steps[n] = at
            n += 1
            if marked[at]:
                idle += 1
            else:
                marked[at] = taken[at] = True
                for offset in offsets:
                    taken[at + offset] = True
                n_marked += 1
                idle = 0
                useful = n
            if n_marked == n_voxels or idle > PATIENCE:
                break
            if persistence < 1.0:
                _steer(grid, vectors, taken, at, heading, shore, persistence, noise, rng)
            chosen = _next(grid, vectors, at, heading, off)
            if chosen < 0:
                break
            at += offsets[chosen]
        n = useful  # steps after the last new voxel left no mark
        n_lines += 1
        starts[n_lines] = n
    return steps[:n].copy(), starts[: n_lines + 1].copy()


@compiled
def _steer(
    grid: Grid,
    vectors: Float64Array,
    taken: BoolArray,
    at: int,
    heading: Float64Array,
    shore: float,
    persistence: float,
    noise: float,
    rng: np.random.Generator,
) -> None:
    """Turn `heading` to where there is room and by chance; in place."""
    axes = heading.size
    room = np.zeros(axes)
    for k in range(grid.offsets.size):
        ahead = 0.0
        for axis in range(axes):
            ahead += heading[axis] * vectors[k, axis]
        if ahead < -1e-9:
            continue
        free, other = 0.0, at + grid.offsets[k]
        for _ in range(SIGHT):
            if not grid.inside[other]:
                break
            if taken[other]:
                free += BESIDE
            else:
                free += 1.0 if grid.depth[other] >= shore else SHALLOW
            other += grid.offsets[k]
        for axis in range(axes):
            room[axis] += free * free * vectors[k, axis] / grid.lengths[k]
    length = np.sqrt((room**2).sum())
    if length > 0.0:
        room /= length
    for axis in range(axes):
        if noise > 0.0:
            room[axis] += noise * (2.0 * rng.random() - 1.0)
        room[axis] = persistence * heading[axis] + (1.0 - persistence) * room[axis]
    length = np.sqrt((room**2).sum())
    if length > 0.0:
        heading[:] = room / length


@compiled
def _next(
    grid: Grid, vectors: Float64Array, at: int, heading: Float64Array, off: Float64Array
) -> int:
    """Return which neighbour a walk goes to, -1 if there is none inside.

    `off` is how far the heading has led beyond the voxels so far; it is changed, as is `heading`
    where the edge turns the walk.
    """
    goal = off + heading * grid.lengths[0]
    best, wanted, nearest, chosen = -np.inf, -1, -np.inf, -1
    for k in range(grid.offsets.size):
        along = 0.0
        for axis in range(heading.size):
            along += goal[axis] * vectors[k, axis]
        along /= grid.lengths[k]
        if along > best:
            best, wanted = along, k
        if along > nearest and grid.inside[at + grid.offsets[k]]:
            nearest, chosen = along, k
    if chosen < 0:
        return -1
    if chosen == wanted:
        off += heading * grid.lengths[chosen] - vectors[chosen]
    else:
        off[:] = 0.0
        heading[:] = vectors[chosen] / grid.lengths[chosen]
    return chosen
