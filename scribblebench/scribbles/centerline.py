"""Centerline: the longest way through the class, along its middle."""

from __future__ import annotations

import numpy as np

from scribblebench.scribbles.form import Lines, form, preference, random_weight
from scribblebench.scribbles.region import Region
from scribblebench.scribbles.skeleton import branches, longest_way, thinned
from scribblebench.scribbles.straight import ray
from scribblebench.scribbles.thicken import thickened
from scribblebench.types import IntArray

FURTHER = 1.5
"""A branch of the skeleton that is longer than this many times the largest depth, as none is that
leads to a corner, gets a line of its own: the other half of a ring."""


@form("centerline")
def centerline(
    region: Region, *, n_voxels: int, randomness: float, rng: np.random.Generator
) -> Lines:
    """Draw the longest way through the skeleton from edge to edge, then thicken it.

    The longest way through the skeleton is prolonged straight at both ends up to the edge of the
    region; it is drawn from its deepest voxel to both ends. Branches of the skeleton that are
    longer than `FURTHER` times the largest depth follow, the longest first. A skeleton of one
    voxel, that of a disc, is prolonged along the region's longest extent.

    With randomness r, the skeleton is that of a class eroded at random (see `thinned`), the line
    begins where depth against chance says, and lengths are multiplied by 1 - r * U.

    See `scribblebench.scribbles.form.Rule` for parameters and result. In slices only.
    """
    thin = thinned(region, randomness=randomness, rng=rng)
    score = preference(region, randomness=randomness, rng=rng)
    weight = random_weight(region, randomness=randomness, rng=rng)
    way = longest_way(region, thin, score, weight)
    line = prolonged(region, way)
    first = Lines.of([(line, int(np.argmax(score[line])))])
    shortest = FURTHER * float(region.depth.max())
    rest = branches(region, thin, way, weight, n_voxels=n_voxels, shortest=shortest)
    return thickened(region, first + rest, n_voxels=n_voxels, randomness=randomness, rng=rng)


def prolonged(region: Region, way: IntArray) -> IntArray:
    """Return a line with straight ends up to the edge of the region.

    The direction at an end is that from the voxel one largest depth before it on the line.
    """
    width = region.grid.shape[1]
    back = max(2, round(float(region.depth.max()) / min(region.step)))
    parts = [way]
    for end in (0, -1):
        inner = way[min(back, len(way) - 1)] if end == 0 else way[max(-1 - back, -len(way))]
        rows = int(way[end] // width - inner // width)
        cols = int(way[end] % width - inner % width)
        if len(way) == 1:
            rows, cols = _extent(region)
            rows, cols = (-rows, -cols) if end == 0 else (rows, cols)
        added = ray(region.flat, int(way[end]), rows, cols)
        parts = [added[::-1], *parts] if end == 0 else [*parts, added]
    return np.concatenate(parts)


def _extent(region: Region) -> tuple[int, int]:
    """Return the direction of the axis along which the region is longer."""
    rows, cols = ((n - 2) * s for n, s in zip(region.grid.shape, region.step, strict=True))
    return (1, 0) if rows > cols else (0, 1)
