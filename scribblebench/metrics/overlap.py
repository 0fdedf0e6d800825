"""Overlap of two masks."""

from __future__ import annotations

import numpy as np

from scribblebench.types import BoolArray


def check_masks(pred: BoolArray, target: BoolArray) -> None:
    """Refuse arrays that are not two bool masks of one shape.

    Label maps are refused because `&` on integers compares their bits.

    Raises
    ------
    ValueError
        Naming the dtype or the shapes.
    """
    for name, mask in (("pred", pred), ("target", target)):
        if mask.dtype != np.bool_:
            raise ValueError(f"{name} must be an array of bool, got {mask.dtype}")
    if pred.shape != target.shape:
        raise ValueError(f"pred must have the target's shape {target.shape}, got {pred.shape}")


def dice(pred: BoolArray, target: BoolArray) -> float:
    """Return the Dice similarity coefficient of two masks.

    Twice the number of elements in both masks, divided by the sum of their sizes [1]_.

    Parameters
    ----------
    pred, target : ndarray of bool, one shape, any number of axes

    Returns
    -------
    dsc : float
        In [0, 1]. Both masks empty: 1.0, nothing was there and nothing was found.
        Exactly one empty: 0.0.

    Raises
    ------
    ValueError
        If the masks are not bool or their shapes differ.

    References
    ----------
    .. [1] Dice, "Measures of the amount of ecologic association between species",
       Ecology 26, 1945.
    """
    check_masks(pred, target)
    total = int(np.count_nonzero(pred)) + int(np.count_nonzero(target))
    if total == 0:
        return 1.0
    return 2.0 * int(np.count_nonzero(pred & target)) / total
