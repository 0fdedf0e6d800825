"""Skeleton: the class's medial lines, branch by branch."""

from __future__ import annotations

import numpy as np
from skimage.morphology import skeletonize

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.form import Lines, form, preference, random_weight, smooth_noise
from scribblebench.scribbles.geodesic import farthest_ways, lower, way_back, ways_from
from scribblebench.scribbles.region import Grid, Region
from scribblebench.scribbles.thicken import thickened
from scribblebench.types import BoolArray, Float64Array, IntArray

EROSION = 0.8
"""At randomness 1, up to this share of the largest depth is taken off the class at random."""


@form("skeleton", three_d=True)
def skeleton(
    region: Region, *, n_voxels: int, randomness: float, rng: np.random.Generator
) -> Lines:
    """Draw the branches of the skeleton, then thicken them.

    The first line is the trunk, the longest way through the skeleton, drawn from its deepest voxel
    to both ends; then come the branches, each from what is drawn to the farthest voxel of the
    skeleton. What is left of the budget thickens the lines inside the class.

    With randomness r, the skeleton is that of a class eroded at random (see `thinned`); the trunk
    begins where depth against chance says; the longest branch is the one with the largest
    length * (1 - r * U).

    See `scribblebench.scribbles.form.Rule` for parameters and result.
    """
    thin = thinned(region, randomness=randomness, rng=rng)
    score = preference(region, randomness=randomness, rng=rng)
    weight = random_weight(region, randomness=randomness, rng=rng)
    trunk = longest_way(region, thin, score, weight)
    first = Lines.of([(trunk, int(np.argmax(score[trunk])))])
    lines = first + branches(region, thin, trunk, weight, n_voxels=n_voxels)
    return thickened(region, lines, n_voxels=n_voxels, randomness=randomness, rng=rng)


def thinned(region: Region, *, randomness: float, rng: np.random.Generator) -> BoolArray:
    """Return the skeleton of a region, or of what random erosion leaves of it; flat.

    With randomness r, a voxel goes if its depth is below r * `EROSION` * max(depth) * N with N
    smooth noise in [0, 1), so that lines bend and branch differently. What is left is thinned
    (Zhang and Suen 1984 in 2D, Lee 1994 in 3D, as in scikit-image). Never empty.
    """
    deepest = region.depth.max()
    noise = smooth_noise(region, cell=max(2.0, deepest / min(region.step)), rng=rng)
    left = region.inside & (region.depth >= randomness * EROSION * deepest * noise)
    thin: BoolArray = left & np.asarray(skeletonize(left.reshape(region.grid.shape))).ravel()
    if not thin.any():  # thinning can take away the last voxel of a small square
        thin[np.argmax(region.depth)] = True
    return thin


def longest_way(
    region: Region, thin: BoolArray, score: Float64Array, weight: Float64Array
) -> IntArray:
    """Return the way between the two ends of a skeleton (a double sweep).

    Distances are multiplied by `weight`. Of several parts of the skeleton, it is the way through
    the part with the voxel of highest score.
    """
    return _longest_way(region.flat._replace(inside=thin), score, weight)


@compiled
def _longest_way(grid: Grid, score: Float64Array, weight: Float64Array) -> IntArray:
    even = np.ones(score.size)
    start = np.argmax(np.where(grid.inside, score, -np.inf))
    end = way = np.array([start])
    for _ in range(2):
        distance = np.full(score.size, np.inf)
        parent = np.full(score.size, -1, dtype=np.int64)
        lower(grid, even, distance, parent, end)
        way = way_back(parent, _farthest(grid.nodes, distance, weight))
        end = way[:1]
    return way


@compiled
def _farthest(nodes: IntArray, distance: Float64Array, weight: Float64Array) -> int:
    """Return the voxel with the largest finite distance times weight."""
    best, farthest = -1.0, -1
    for node in nodes:
        if np.isfinite(distance[node]) and distance[node] * weight[node] > best:
            best, farthest = distance[node] * weight[node], node
    return int(farthest)


def branches(
    region: Region,
    thin: BoolArray,
    drawn: IntArray,
    weight: Float64Array,
    *,
    n_voxels: int,
    shortest: float = 0.0,
) -> Lines:
    """Return the branches of a skeleton that are longer than `shortest`, the longest first."""
    distance, parent = ways_from(region, drawn[thin[drawn]], within=thin)
    grid, even = region.flat._replace(inside=thin), np.ones(thin.size)
    voxels, starts = farthest_ways(
        grid, even, distance, parent, weight, shortest, n_voxels - len(drawn)
    )
    return Lines.from_ends(voxels, starts)
