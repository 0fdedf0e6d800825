"""Budgets: what may be spent on a class, and how it is shared out between slices and parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scribblebench.scribbles.compiled import compiled
from scribblebench.types import IntArray

Unit = Literal["density", "pixels", "length", "seconds"]
UNITS: tuple[Unit, ...] = ("density", "pixels", "length", "seconds")


@dataclass(frozen=True)
class Budget:
    """What may be spent on one class.

    Parameters
    ----------
    amount : float
        How much, finite and > 0.
    unit : str
        "density": share of the class's voxels, at most 1. "pixels": voxels. "length": of all
        strokes together, in mm, or in voxels where their size is not known. "seconds": of drawing
        by the cost model, without the time for turning to a slice.
    per : str
        "slice": for every annotated slice. "volume": for all of them together, shared out in
        proportion to the class's size in each.
    """

    amount: float
    unit: Unit = "density"
    per: Literal["slice", "volume"] = "slice"

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"unit must be one of {', '.join(UNITS)}, got '{self.unit}'")
        if self.per not in ("slice", "volume"):
            raise ValueError(f"per must be slice or volume, got '{self.per}'")
        most = 1.0 if self.unit == "density" else math.inf
        if not (math.isfinite(self.amount) and 0.0 < self.amount <= most):
            allowed = "in (0, 1]" if self.unit == "density" else "finite and > 0"
            name = "density" if self.unit == "density" else f"budget in {self.unit}"
            raise ValueError(f"{name} must be {allowed}, got {self.amount}")
        if self.unit == "pixels" and self.amount != int(self.amount):
            raise ValueError(f"budget in pixels must be a whole number, got {self.amount}")

    @property
    def in_voxels(self) -> bool:
        """Whether it says how many voxels to mark."""
        return self.unit in ("density", "pixels")

    @property
    def spent_in(self) -> Unit:
        """The unit of what slices get: "pixels" also for shares."""
        return "pixels" if self.in_voxels else self.unit

    def share_out(self, sizes: Sequence[int]) -> list[float]:
        """Return what each slice gets, where the class has `sizes` voxels in each.

        Budgets in voxels are whole numbers, at least 1 for a slice that has the class, and may be
        more than there are. A larger budget gives no slice less.
        """
        if self.per == "slice":
            if self.unit == "density":
                return [float(max(1, round(self.amount * n))) if n else 0.0 for n in sizes]
            return [float(self.amount) if n else 0.0 for n in sizes]
        total = float(sum(sizes))
        if not self.in_voxels:
            return [self.amount * n / total if n else 0.0 for n in sizes]
        n_voxels = round(self.amount * total) if self.unit == "density" else int(self.amount)
        counted = np.array(sizes, dtype=np.int64)
        shares = apportion(counted, max(n_voxels, int((counted > 0).sum())))
        return [float(n) for n in shares]


def apportion(weights: IntArray, n: int) -> IntArray:
    """Share out `n` units in proportion to weights, so that more units give nobody less.

    Everyone with a weight gets one first, the heaviest first if there are too few. The others go
    one by one to the largest weight / (2 * units so far + 1), the method of Sainte-Lague.

    Parameters
    ----------
    weights : ndarray of int64, shape (k,)
        >= 0.
    n : int
        >= 0.

    Returns
    -------
    shares : ndarray of int64, shape (k,)
        Sum `n`, unless all weights are 0.
    """
    shares = np.zeros(len(weights), dtype=np.int64)
    present = np.flatnonzero(weights)
    heaviest = present[np.argsort(-weights[present], kind="stable")]
    shares[heaviest[:n]] = 1
    if n > len(present) > 0:
        # Rounding weight / divisor is where the method has got to after some number of units;
        # with this divisor that is at most n.
        divisor = weights.sum() / max(n - 0.5 * len(present), 0.5)
        ahead = np.maximum(shares, np.floor(weights / divisor + 0.5).astype(np.int64))
        shares = ahead if ahead.sum() <= n else shares
        _share_out(weights, shares, n - int(shares.sum()))
    return shares


@compiled
def _share_out(weights: IntArray, shares: IntArray, n: int) -> None:
    for _ in range(n):
        best = 0
        for k in range(1, weights.size):
            if weights[k] * (2 * shares[best] + 1) > weights[best] * (2 * shares[k] + 1):
                best = k
        shares[best] += 1


@dataclass(frozen=True)
class SliceChoice:
    """Which slices to annotate.

    Parameters
    ----------
    share : float
        Of the slices that hold foreground, in (0, 1], rounded, at least one; and the same
        share of the others.
    choice : str
        "even": at equal distances, with half of that before the first and after the last one.
        "random": by lot. "content": those with most foreground. With the last two, a smaller share
        is part of a larger one.
    """

    share: float = 1.0
    choice: Literal["even", "random", "content"] = "even"

    def __post_init__(self) -> None:
        if not 0.0 < self.share <= 1.0:
            raise ValueError(f"slice share must be in (0, 1], got {self.share}")
        if self.choice not in ("even", "random", "content"):
            raise ValueError(f"slice choice must be even, random or content, got '{self.choice}'")

    def choose(self, content: IntArray, rng: np.random.Generator) -> IntArray:
        """Return the chosen slices, ascending; `content` is the foreground voxels of each."""
        chosen = []
        for group in (np.flatnonzero(content > 0), np.flatnonzero(content == 0)):
            n = min(max(1, round(self.share * len(group))), len(group))
            if self.choice == "even":
                order = ((np.arange(n) + 0.5) * len(group) / max(n, 1)).astype(np.int64)
            elif self.choice == "random":
                order = rng.permutation(len(group))
            else:
                order = np.argsort(-content[group], kind="stable")
            chosen.append(group[order[:n]])
        return np.sort(np.concatenate(chosen))
