"""Arrays cut or padded about their centre, and turned to planes first."""

from __future__ import annotations

import numpy as np

from scribblebench.types import AnyArray, FloatArray


def fit(array: AnyArray, shape: tuple[int, ...], *, fill: float) -> AnyArray:
    """Cut or pad the last axes, as many as `shape` has numbers, about their centre."""
    first = array.ndim - len(shape)
    out = np.full((*array.shape[:first], *shape), fill, dtype=array.dtype)
    kept = (slice(None),) * first
    pairs = [overlap(to, of) for to, of in zip(shape, array.shape[first:], strict=True)]
    out[(*kept, *(to for to, _ in pairs))] = array[(*kept, *(of for _, of in pairs))]
    return out


def overlap(to_size: int, from_size: int) -> tuple[slice, slice]:
    """Return where two centred intervals overlap, in the coordinates of each."""
    to_centre, from_centre = to_size // 2, from_size // 2
    before = min(to_centre, from_centre)
    after = min(to_size - to_centre, from_size - from_centre)
    return (
        slice(to_centre - before, to_centre + after),
        slice(from_centre - before, from_centre + after),
    )


def planes_first(volume: FloatArray) -> FloatArray:
    """Return a volume (C, P, H, W) as planes (P, C, H, W)."""
    return np.ascontiguousarray(volume.swapaxes(0, 1))
