"""Contour: lines along the edge of the class, at a distance inside it."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.form import Lines, form, smooth_noise
from scribblebench.scribbles.region import Grid, Region
from scribblebench.scribbles.thicken import thickened
from scribblebench.types import BoolArray, Float64Array, IntArray

LEVELS = (0.0, 0.3, -0.3, 0.15, -0.15, 0.45, -0.45)
"""Where contours are drawn one after the other: added to the first one's depth."""

WOBBLE = 0.6
"""At randomness 1, depth counts up to this much more or less along a contour."""

SHIFT = 0.5
"""At randomness 1, the first contour's depth is drawn from an interval of this width."""

SHORTEST = 8
"""Further contours, and arcs of them, of fewer voxels than this are left out: dots and ticks are
no contours."""


@form("contour")
def contour(
    region: Region,
    *,
    n_voxels: int,
    randomness: float,
    rng: np.random.Generator,
    depth: float = 0.5,
) -> Lines:
    """Draw contours inside the region, then thicken them.

    The first contour runs where the distance to the edge is the share `depth` of the largest such
    distance; a region with holes has a contour around each. A contour is drawn from its first
    voxel in raster order, around, as far as the budget lasts. When it is closed, contours
    nearer to the middle and to the edge follow (`LEVELS`), without what would run beside one
    drawn, and without arcs shorter than `SHORTEST`. Bumps of a single voxel are rounded off.

    With randomness r, the share is `depth` + r * `SHIFT` * (U - 1/2), the distance counts
    1 + r * `WOBBLE` * (2 N - 1) times with N smooth noise in [0, 1), and a contour begins anywhere
    within the share r of its length.

    Parameters
    ----------
    depth : float
        In [0, 1]: 0 is the outermost voxels, 1 the deepest.

    See `scribblebench.scribbles.form.Rule` for the other parameters and the result. In slices
    only.
    """
    if not 0.0 <= depth <= 1.0:
        raise ValueError(f"depth must be in [0, 1], got {depth}")
    deepest = float(region.depth.max())
    noise = smooth_noise(region, cell=max(4.0, 2.0 * deepest / min(region.step)), rng=rng)
    level = region.depth / deepest * (1.0 + randomness * WOBBLE * (2.0 * noise - 1.0))
    first = depth + randomness * SHIFT * (rng.random() - 0.5)
    found: list[tuple[IntArray, int]] = []
    n_marked = 0
    marked = np.zeros(region.inside.size, dtype=np.bool_)
    beside = np.zeros(region.inside.size, dtype=np.bool_)
    for shift in LEVELS:
        begin = rng.random()
        for line in level_lines(region, level, min(max(first + shift, 0.0), 1.0)):
            start = int(randomness * begin * len(line))
            line = _without_bumps(region.flat, line, start)
            for arc in _apart(line, beside, SHORTEST if found else 0):
                found.append((arc, 0))
                n_marked += _mark(region.flat, marked, beside, arc)
        if n_marked >= n_voxels:
            break
    lines = Lines.of(found)
    return thickened(region, lines, n_voxels=n_voxels, randomness=randomness, rng=rng)


def level_lines(region: Region, level: Float64Array, at_least: float) -> list[IntArray]:
    """Return the boundaries of the part of a region that is at a level or above, the longest first.

    The part's highest voxel always belongs to it. Borders are followed as by Suzuki and Abe
    (1985, in OpenCV); the first voxel of a line is a neighbour of its last.
    """
    part: BoolArray = region.inside & (level >= min(at_least, float(level.max())))
    image = part.reshape(region.grid.shape).astype(np.uint8)
    borders, _ = cv2.findContours(image, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    lines = [
        border[:, 0, 1].astype(np.int64) * region.grid.shape[1] + border[:, 0, 0]
        for border in borders
    ]
    return sorted(lines, key=lambda line: (-len(line), int(line[0])))


@compiled
def _without_bumps(grid: Grid, line: IntArray, start: int) -> IntArray:
    """Return a closed line from `start` on, without bumps of one voxel: it goes by that below.

    Where the voxels below two bumps in a row are one and the same, it is listed once.
    """
    smooth = np.empty_like(line)
    n = 0
    for i in range(line.size):
        k = (start + i) % line.size
        before, after = line[k - 1], line[(k + 1) % line.size]
        over, below = abs(after - before), (before + after) // 2
        bump = (over == 2 or over == 2 * grid.width) and grid.inside[below]
        node = below if bump else line[k]
        if n == 0 or smooth[n - 1] != node:
            smooth[n] = node
            n += 1
    return smooth[:n]


def _apart(line: IntArray, beside: BoolArray, shortest: int) -> list[IntArray]:
    """Return the arcs of a closed line that are not beside others, without those too short."""
    taken = beside[line]
    if not taken.any():
        return [line] if len(line) >= shortest else []
    if taken.all():
        return []
    if not taken[0]:  # the beginning belongs to the arc that ends there
        n = int(np.flatnonzero(taken)[-1]) + 1
        line, taken = np.concatenate([line[n:], line[:n]]), np.concatenate([taken[n:], taken[:n]])
    cuts = [0, *(np.flatnonzero(taken[1:] != taken[:-1]) + 1).tolist(), len(line)]
    arcs = [line[first:end] for first, end in pairwise(cuts)][int(taken[0]) :: 2]
    return [arc for arc in arcs if len(arc) >= shortest]


@compiled
def _mark(grid: Grid, marked: BoolArray, beside: BoolArray, arc: IntArray) -> int:
    """Mark an arc, and what is beside it, in place; return how many marks are new."""
    n_new = 0
    for node in arc:
        if not marked[node]:
            marked[node] = True
            n_new += 1
        beside[node] = True
        for offset in grid.offsets:
            beside[node + offset] = True
    return n_new
