"""Skeleton: the class's medial lines, drawn outward from one point."""

from __future__ import annotations

import heapq

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

from scribblebench.scribbles.form import FORMS, check_arguments, depth_px, preference
from scribblebench.types import BoolArray, Float64Array, IntArray

EIGHT = np.ones((3, 3), dtype=bool)
FOUR = ndimage.generate_binary_structure(2, 1)
DETOUR = 4.0
"""At randomness 1, marking a pixel takes from 1 to 1 + DETOUR times as long as at 0."""


def skeleton(
    mask: BoolArray, *, n_pixels: int, randomness: float, rng: np.random.Generator
) -> IntArray:
    """Mark the skeleton of a class, then thicken it.

    Each connected component is thinned to its skeleton (Zhang and Suen 1984, as in
    scikit-image). Drawing begins at the deepest skeleton pixel of every component at once and
    spreads along the skeleton at one step a time unit, so pixels are listed by their geodesic
    distance to the beginning. When the skeleton is used up, the line is thickened ring by ring
    inside the class, each ring in the order in which the pixels it touches were drawn.

    With randomness, the beginning moves to a random skeleton pixel and every pixel takes a
    random time to mark, so that branches grow unevenly.

    See `scribblebench.scribbles.form.Form` for parameters, result and errors. Every prefix of
    the result is 8-connected within each component of the class.
    """
    check_arguments(mask, n_pixels, randomness)
    lines = _skeleton_of_every_component(mask)
    score = preference(lines, depth_px(mask), randomness=randomness, rng=rng)
    delay = 1.0 + randomness * DETOUR * rng.random(mask.shape)
    time = _spread(lines, _beginnings(mask, score), delay)
    pixels = _in_order(time, lines)
    drawn, n_drawn = lines, len(pixels)
    rings = [pixels]
    while n_drawn < n_pixels:
        # Growing by edges and by corners in turn keeps the line's width even in all directions.
        touching = FOUR if len(rings) % 2 else EIGHT
        ring = _grown(drawn, mask, touching)
        if not ring.any():
            touching = EIGHT
            ring = _grown(drawn, mask, touching)
        reached = ndimage.minimum_filter(time, footprint=touching, mode="constant", cval=np.inf)
        time = np.where(ring, reached + delay, time)
        rings.append(_in_order(time, ring))
        n_drawn += len(rings[-1])
        drawn = drawn | ring
    return np.concatenate(rings)[:n_pixels]


def _grown(drawn: BoolArray, mask: BoolArray, touching: BoolArray) -> BoolArray:
    """Return the pixels of `mask` outside `drawn` that touch it."""
    return np.asarray(ndimage.binary_dilation(drawn, touching, mask=mask) & ~drawn, dtype=bool)


def _skeleton_of_every_component(mask: BoolArray) -> BoolArray:
    """Thin `mask`; a component that thinning erased keeps its first pixel."""
    lines = np.asarray(skeletonize(mask), dtype=bool) & mask
    components, n = ndimage.label(mask, EIGHT)
    kept = np.unique(components[lines])
    for missing in np.setdiff1d(np.arange(1, n + 1), kept):
        lines[np.unravel_index(np.argmax(components == missing), mask.shape)] = True
    return lines


def _beginnings(mask: BoolArray, score: Float64Array) -> list[tuple[int, int]]:
    """Return the pixel of highest score in each component of `mask`."""
    components, n = ndimage.label(mask, EIGHT)
    found = np.array(ndimage.maximum_position(score, components, range(1, n + 1)))
    return [(row, col) for row, col in found.tolist()]


def _spread(
    lines: BoolArray, beginnings: list[tuple[int, int]], delay: Float64Array
) -> Float64Array:
    """Return when each pixel of `lines` is reached from its component's beginning; else inf."""
    time = np.full(lines.shape, np.inf)
    heap = [(0.0, row, col) for row, col in beginnings]
    for _, row, col in heap:
        time[row, col] = 0.0
    while heap:
        now, row, col = heapq.heappop(heap)
        if now > time[row, col]:
            continue
        for r in range(max(row - 1, 0), min(row + 2, lines.shape[0])):
            for c in range(max(col - 1, 0), min(col + 2, lines.shape[1])):
                later = now + delay[r, c]
                if lines[r, c] and later < time[r, c]:
                    time[r, c] = later
                    heapq.heappush(heap, (later, r, c))
    return time


def _in_order(time: Float64Array, where: BoolArray) -> IntArray:
    """Return the pixels of `where` sorted by time, equal times in raster order."""
    pixels = np.argwhere(where)
    return pixels[np.argsort(time[where], kind="stable")]


FORMS.add("skeleton", skeleton)
