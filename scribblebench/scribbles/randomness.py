"""What randomness does, measured: how far apart drawings of the same class are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from scribblebench.scribbles.distance import distance_to_false
from scribblebench.types import BoolArray


def variability(drawings: Sequence[BoolArray], *, step: Sequence[float] | None = None) -> float:
    """Return how far from each other drawings with the same settings and other seeds lie.

    It is the mean distance of a marked voxel of one drawing to the nearest marked voxel of
    another, over all ordered pairs of drawings. This is what `randomness` is meant to raise: at
    randomness 0 all drawings are the same and it is 0, and no form's variability falls when its
    randomness rises, at the same budget (within what a sample of drawings tells).

    Its scale is that of the class and of the budget: dense drawings are near each other
    whatever their form. It compares settings, not classes or densities.

    Parameters
    ----------
    drawings : sequence of ndarray of bool, shape (H, W) or (P, H, W)
        At least 2, of one shape, none of them empty.
    step : sequence of float, optional
        Size of a voxel along each axis; 1 by default.

    Returns
    -------
    variability : float
        >= 0, in the unit of `step`.

    Raises
    ------
    ValueError
        If there are fewer than 2 drawings or one is empty.
    """
    if len(drawings) < 2 or not all(drawing.any() for drawing in drawings):
        raise ValueError("drawings must be 2 or more, none of them empty")
    size = (1.0,) * drawings[0].ndim if step is None else tuple(step)
    away = [distance_to_false(~drawing, size) for drawing in drawings]
    pairs = list(combinations(range(len(drawings)), 2))
    total = sum(away[j][drawings[i]].mean() + away[i][drawings[j]].mean() for i, j in pairs)
    return float(total) / (2 * len(pairs))
