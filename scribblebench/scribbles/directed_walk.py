"""Directed walk: a hand that keeps its direction and shies from the edge."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.form import Lines, form, preference
from scribblebench.scribbles.random_walk import PATIENCE
from scribblebench.scribbles.region import Grid, Region
from scribblebench.types import Float64Array, IntArray

STEER = 2.0
"""Weight of going towards the edge against that of going straight on, at the edge itself."""

SHORE = 0.4
"""The walk is steered where its depth is less than this share of the largest."""

AGAIN = 0.7
"""What a step to a voxel marked already loses."""

NOISE = 2.0
"""At randomness 1 every step's merit changes by up to this much, which is the difference between
going straight on and turning back."""


@form("directed_walk", three_d=True)
def directed_walk(
    region: Region,
    *,
    n_voxels: int,
    randomness: float,
    rng: np.random.Generator,
    persistence: float = 0.6,
) -> Lines:
    """Draw a walk with persistence that is steered away from the region's edge.

    Each step goes to the neighbour of greatest merit. A step's merit is

        persistence * cos(turn) - STEER * shore * loss - AGAIN * marked + noise

    where shore is max(0, 1 - depth / (`SHORE` * max(depth))), loss is the depth lost per distance
    walked, in [0, 1], and marked is 1 for a voxel that is marked already. Noise is
    r * (1 - persistence) * `NOISE` * U with U uniform in [-1, 1), drawn for each neighbour and
    step. When `PATIENCE` steps brought nothing new, a new stroke begins.
    Strokes begin as in `random_walk`; their first direction is along the last axis, or with
    probability `randomness` any.

    With little randomness the walk runs straight, turns before the edge and follows it inside;
    with much it is a winding line that covers more ground than a plain random walk.

    Parameters
    ----------
    persistence : float
        In [0, 1].

    See `scribblebench.scribbles.form.Rule` for the other parameters and the result.
    """
    if not 0.0 <= persistence <= 1.0:
        raise ValueError(f"persistence must be in [0, 1], got {persistence}")
    score = preference(region, randomness=randomness, rng=rng)
    n = min(n_voxels, len(region))
    cosines = region.neighbours.cosines
    voxels, starts = _walk(region.flat, cosines, score, n, float(persistence), randomness, rng)
    return Lines.from_ends(voxels, starts)


@compiled
def _walk(
    grid: Grid,
    cosines: Float64Array,
    score: Float64Array,
    n_voxels: int,
    persistence: float,
    randomness: float,
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray]:
    """Walk until `n_voxels` distinct voxels are visited; list every step."""
    inside, depth, nodes, offsets = grid.inside, grid.depth, grid.nodes, grid.offsets
    marked = np.zeros(inside.size, dtype=np.bool_)
    steps = np.empty(2 * n_voxels + 16, dtype=np.int64)
    starts = np.zeros(nodes.size + 1, dtype=np.int64)
    deepest = depth[nodes].max()
    noise = 2.0 * NOISE * randomness * (1.0 - persistence)
    n, n_marked, n_lines = 0, 0, 0
    while n_marked < n_voxels:
        at = nodes[0]
        for node in nodes:
            if not marked[node] and (marked[at] or score[node] > score[at]):
                at = node
        idle, useful = 0, n
        direction = int(rng.random() * offsets.size) if rng.random() < randomness else 0
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
                marked[at] = True
                n_marked += 1
                idle = 0
                useful = n
            if n_marked == n_voxels or idle > PATIENCE:
                break
            best, chosen = -np.inf, -1
            steer = STEER * max(0.0, 1.0 - depth[at] / (SHORE * deepest))
            for k in range(offsets.size):
                other = at + offsets[k]
                if not inside[other]:
                    continue
                merit = persistence * cosines[direction, k]
                merit -= steer * max(0.0, depth[at] - depth[other]) / grid.lengths[k]
                if marked[other]:
                    merit -= AGAIN
                if noise > 0.0:
                    merit += noise * (rng.random() - 0.5)
                if merit > best:
                    best, chosen = merit, k
            if chosen < 0:
                break
            direction = chosen
            at += offsets[chosen]
        n = useful  # steps after the last new voxel left no mark
        n_lines += 1
        starts[n_lines] = n
    return steps[:n].copy(), starts[: n_lines + 1].copy()
