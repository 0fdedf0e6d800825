"""Centerline: the longest way through the class, along its middle."""

from __future__ import annotations

import numpy as np
from skimage.morphology import skeletonize

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.form import Lines, form, preference, random_weight, smooth_noise
from scribblebench.scribbles.geodesic import lower, way_back, way_from_drawn
from scribblebench.scribbles.region import Grid, Region
from scribblebench.scribbles.skeleton import longest_way
from scribblebench.scribbles.straight import ray
from scribblebench.scribbles.thicken import thickened
from scribblebench.types import BoolArray, Float64Array, IntArray

EROSION = 0.6
"""At randomness 1, up to this share of the depth is taken off the class at random; with 0.7 or more
that can break a wall whose thickness is a few voxels."""

FURTHER = 1.5
"""A branch of the skeleton that is longer than this many times the largest depth, as none is that
leads to a corner, gets a line of its own."""

END = 2.0
"""A line is prolonged by at most this many times the depth at its end: enough to come to the edge
there, too little to shoot along a wall."""

RISE = 0.6
"""Depth grows by one per distance walked away from the edge, and by less than this along the
middle."""


@form("centerline")
def centerline(
    region: Region, *, n_voxels: int, randomness: float, rng: np.random.Generator
) -> Lines:
    """Draw the longest way through the skeleton from edge to edge, then thicken it.

    Where the longest way through the skeleton ends at a tip, it is prolonged straight towards the
    edge of the region; where the skeleton goes on, as round a hole, so does the line until it
    meets itself, so that it closes a ring. It is drawn from its deepest voxel to both ends.
    Branches that are longer than `FURTHER` times the largest depth follow, the longest first, and
    go on in the same way. A skeleton shorter than the largest depth, as that of a disc, is
    replaced by the straight line through the deepest voxel in its direction, or, if it is one
    voxel, along the region's longest extent.

    With randomness r, the skeleton is that of a class eroded at random, the line
    begins where depth against chance says, and lengths are multiplied by 1 - r * U. Erosion takes
    a voxel whose depth is below r * `EROSION` * N times that of the middle line beside it, with N
    smooth noise in [0, 1); so it moves the middle line without breaking it.

    See `scribblebench.scribbles.form.Rule` for parameters and result. In slices only.
    """
    thin = _middle(region, randomness=randomness, rng=rng)
    score = preference(region, randomness=randomness, rng=rng)
    weight = random_weight(region, randomness=randomness, rng=rng)
    way = longest_way(region, thin, score, weight)
    deepest = float(region.depth.max())
    back = max(2, round(deepest / min(region.step)))
    if len(way) <= back:
        line, rest = _straight(region, way), Lines.of([])
    else:
        grid = region.flat._replace(inside=thin)
        way, voxels, starts = _lines(grid, way, weight, back, FURTHER * deepest, n_voxels)
        line, rest = _prolonged(region, thin, way, back), Lines.from_ends(voxels, starts)
    lines = Lines.of([(line, int(np.argmax(score[line])))]) + rest
    return thickened(region, lines, n_voxels=n_voxels, randomness=randomness, rng=rng)


def _middle(region: Region, *, randomness: float, rng: np.random.Generator) -> BoolArray:
    """Return the skeleton of a region, or of what random erosion leaves of it; flat."""
    cell = max(2.0, float(region.depth.max()) / min(region.step))
    noise = smooth_noise(region, cell=cell, rng=rng)
    left = _eroded(region.flat, randomness * EROSION * noise)
    thin: BoolArray = left & np.asarray(skeletonize(left.reshape(region.grid.shape))).ravel()
    if not thin.any():  # thinning can take away the last voxel of a small square
        thin[np.argmax(region.depth)] = True
    return thin


@compiled
def _eroded(grid: Grid, share: Float64Array) -> BoolArray:
    """Return what is left without voxels whose depth is below a share of that uphill from them.

    Uphill is the steepest way up as far as it is steeper than `RISE`, that is, to the middle line.
    """
    left = grid.inside.copy()
    above = np.full(left.size, -2, dtype=np.int64)  # -1 on the middle line, -2 not known yet
    deepest = grid.depth[grid.nodes].max()
    for node in grid.nodes:
        if grid.depth[node] >= share[node] * deepest:
            continue
        at = node
        while at >= 0 and left[node]:
            if grid.depth[node] < share[node] * grid.depth[at]:
                left[node] = False
            if above[at] == -2:
                best, above[at] = RISE, -1
                for k in range(grid.offsets.size):
                    other = at + grid.offsets[k]
                    rise = (grid.depth[other] - grid.depth[at]) / grid.lengths[k]
                    if rise > best:
                        best, above[at] = rise, other
            at = above[at]
    return left


@compiled
def _lines(
    grid: Grid, way: IntArray, weight: Float64Array, back: int, shortest: float, n_voxels: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Let a way through a skeleton go on at both ends; return it, and branches longer than that.

    Branches are flat, with the index at which each begins, as in `Lines`.
    """
    drawn = np.zeros(grid.inside.size, dtype=np.bool_)
    drawn[way] = True
    for _ in range(2):
        way = np.concatenate((way, _onwards(grid, drawn, way, back)))[::-1].copy()
    even = np.ones(drawn.size)
    distance, parent = np.full(drawn.size, np.inf), np.full(drawn.size, -1, dtype=np.int64)
    lower(grid, even, distance, parent, way)
    voxels, starts, n_marked = way[:0].copy(), [0], way.size
    nodes = np.flatnonzero(grid.inside)
    while n_marked < n_voxels:
        best, end = shortest, -1
        for node in nodes:
            if np.isfinite(distance[node]) and distance[node] * weight[node] > best:
                best, end = distance[node] * weight[node], int(node)
        if end < 0:
            break
        branch = way_from_drawn(distance, parent, end)
        drawn[branch] = True
        branch = np.concatenate((branch, _onwards(grid, drawn, branch, back)))
        voxels = np.concatenate((voxels, branch))
        starts.append(voxels.size)
        n_marked += branch.size
        lower(grid, even, distance, parent, branch)
    return way, voxels, np.array(starts)


@compiled
def _onwards(grid: Grid, drawn: BoolArray, line: IntArray, back: int) -> IntArray:
    """Return the shortest way on from a line's end along what is not drawn to what is.

    The last `back` voxels of the line do not count; empty where there is no such way. It is
    drawn then.
    """
    tail = line[max(0, line.size - back) :]
    free = grid.inside & ~drawn
    free[line[-1]] = True
    distance, parent = np.full(drawn.size, np.inf), np.full(drawn.size, -1, dtype=np.int64)
    around = Grid(free, grid.depth, grid.nodes, grid.offsets, grid.lengths, grid.width)
    lower(around, np.ones(drawn.size), distance, parent, line[-1:])
    drawn[tail] = False
    best, end = np.inf, -1
    for node in grid.nodes:
        if distance[node] < best and node != line[-1]:
            for offset in grid.offsets:
                if drawn[node + offset]:
                    best, end = distance[node], node
                    break
    drawn[tail] = True
    if end < 0:
        return line[:0].copy()
    way = way_back(parent, end)[::-1][1:].copy()
    drawn[way] = True
    return way


def _prolonged(region: Region, thin: BoolArray, line: IntArray, back: int) -> IntArray:
    """Return a line with straight ends towards the edge of the region, where it ends at tips.

    The direction at an end is that from the voxel `back` voxels before it on the line.
    """
    width = region.flat.width
    for _ in range(2):
        line = line[::-1]
        end, before = int(line[-1]), int(line[max(-1 - back, -len(line))])
        if _is_tip(region.flat, thin, line):
            rows, cols = end // width - before // width, end % width - before % width
            added = ray(region.flat, end, rows, cols)
            most = max(1, round(END * float(region.depth[end]) / min(region.step)))
            line = np.concatenate([line, added[:most]])
    return line


@compiled
def _is_tip(grid: Grid, thin: BoolArray, line: IntArray) -> bool:
    """Say whether the skeleton ends where a line does: it has no neighbour but those before it."""
    end, last = line[-1], line[-2]
    for offset in grid.offsets:
        other = end + offset
        if thin[other] and other != last and not (grid.offsets == other - last).any():
            return False
    return True


def _straight(region: Region, way: IntArray) -> IntArray:
    """Return the line from edge to edge through a short way's deepest voxel in its direction."""
    width = region.flat.width
    middle = int(way[np.argmax(region.depth[way])])
    rows, cols = int(way[-1] // width - way[0] // width), int(way[-1] % width - way[0] % width)
    if rows == 0 and cols == 0:
        extent = np.ptp(region.coordinates(region.voxels), axis=0) * np.array(region.step)
        rows, cols = (1, 0) if extent[0] > extent[1] else (0, 1)
    back, there = (ray(region.flat, middle, sign * rows, sign * cols) for sign in (-1, 1))
    return np.concatenate([back[::-1], np.array([middle]), there])
