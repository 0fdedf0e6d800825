"""Components: which connected parts of a class are drawn in, and what each gets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
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
    quantum: float | None,
    full: Mapping[int, float],
    stream: Callable[..., np.random.Generator],
) -> list[float]:
    """Return what each part of a class gets of an amount; see `Pen.components`.

    Several parts share it out in quanta, as voxels are (see `apportion`), so that a larger amount
    gives no part less; at least one quantum goes out. What is known not to fit into a part goes to
    the others.

    Parameters
    ----------
    sizes : ndarray of int64, shape (k,)
        Voxels of the parts, in descending order.
    amount : float
    components : see `Pen.components`
    quantum : float or None
        What a single mark takes; None for an amount in voxels.
    full : mapping of int to float
        Parts that are known to hold no more than this much; they get an infinite share.
    stream : callable
        Returns the random stream of a name, afresh at each call.
    """
    if len(sizes) == 1:
        return [float(amount)]
    if components == "one":
        room = full if quantum is not None else dict(enumerate(sizes.astype(float).tolist()))
        return _one_by_one(sizes, amount, room, stream("components"))
    chosen = np.ones(len(sizes), dtype=np.bool_)
    if components == "largest":
        chosen[1:] = False
    elif not isinstance(components, str):
        chosen = stream("components").random(len(sizes)) < components
        if not chosen.any():
            chosen[:1] = True
    quantum = 1.0 if quantum is None else quantum
    n = math.floor((amount - sum(full.values())) / quantum + 1e-9)
    open_parts = chosen.copy()
    open_parts[list(full)] = False
    shares = apportion(np.where(open_parts, sizes, 0), max(n, 0 if full else 1))
    return [np.inf if part in full else quantum * float(s) for part, s in enumerate(shares)]


def _one_by_one(
    sizes: IntArray, amount: float, room: Mapping[int, float], rng: np.random.Generator
) -> list[float]:
    """Give to one part by lot, and what it is known to have no room for to the next."""
    shares = [0.0] * len(sizes)
    left, parts = amount, list(range(len(sizes)))
    while parts and left > 0.0:
        lot = rng.random() * sum(int(sizes[p]) for p in parts)
        for part in parts:
            lot -= int(sizes[part])
            if lot < 0.0:
                break
        parts.remove(part)
        shares[part] = left if room.get(part, np.inf) >= left else np.inf
        left -= room.get(part, left)
    return shares
