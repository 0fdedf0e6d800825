"""Masks that hold 255 where other label maps hold a class."""

from __future__ import annotations

import numpy as np

from scribblebench.errors import InputError
from scribblebench.types import BACKGROUND, IGNORE_LABEL, LabelArray

AS_DATASET = (
    "where it is a class, use --dataset folder with classes: {background: 0, lesion: 255} "
    "(docs/data.md)"
)
"""What to do with label maps of this kind."""

AS_CLASS_IDS = "predictions must hold class ids (0, 1, ...)"
"""What to do with predictions of this kind."""


def refuse_mask(label_map: LabelArray, where: str, advice: str) -> None:
    """Refuse a dense label map that holds 0 and 255 and nothing else.

    255 means not annotated, so the object of such a mask would be lost without a word. A map that
    holds 255 alone has no object and passes.

    Parameters
    ----------
    label_map : ndarray of uint8
    where : str
        The file, for the message.
    advice : str
        Ends the message.

    Raises
    ------
    InputError
    """
    if np.array_equal(np.unique(label_map), [BACKGROUND, IGNORE_LABEL]):
        raise InputError(
            f"{where}: label values must be classes, got {BACKGROUND} and {IGNORE_LABEL} only; "
            f"{IGNORE_LABEL} means not annotated: {advice}"
        )
