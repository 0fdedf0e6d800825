"""Components: which connected parts of a class are drawn in, and what each gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from scribblebench.scribbles.budget import apportion
from scribblebench.types import IntArray

Components = Literal["every", "largest", "one"] | float
COMPONENTS = ("every", "largest", "one")


def allot(
    sizes: IntArray,
    amount: float,
    components: Components,
    *,
    in_voxels: bool,
    stream: Callable[..., np.random.Generator],
) -> list[float]:
    """Return what each part of a class gets of an amount; see `Pen.components`.

    Parameters
    ----------
    sizes : ndarray of int64, shape (k,)
        Voxels of the parts, in descending order.
    """
    if not len(sizes):
        return []
    if len(sizes) == 1:
        return [min(float(amount), float(sizes[0])) if in_voxels else float(amount)]
    chosen = np.ones(len(sizes), dtype=np.bool_)
    if components == "largest":
        chosen[1:] = False
    elif components == "one":
        return _one_by_one(sizes, amount, in_voxels, stream("components"))
    elif not isinstance(components, str):
        chosen = stream("components").random(len(sizes)) < components
        if not chosen.any():
            chosen[:1] = True
    weights = np.where(chosen, sizes, 0)
    if in_voxels:
        return [float(n) for n in apportion(weights, min(int(amount), int(weights.sum())))]
    return [float(share) for share in amount * weights / max(int(weights.sum()), 1)]


def _one_by_one(
    sizes: IntArray, amount: float, in_voxels: bool, rng: np.random.Generator
) -> list[float]:
    """Give to one part by lot what it can hold, then to the next."""
    shares = [0.0] * len(sizes)
    left, parts = amount, list(range(len(sizes)))
    while parts and left > 0.0:
        lot = rng.random() * sum(int(sizes[p]) for p in parts)
        for part in parts:
            lot -= int(sizes[part])
            if lot < 0.0:
                break
        parts.remove(part)
        shares[part] = min(left, float(sizes[part])) if in_voxels else left
        left -= shares[part]
    return shares
