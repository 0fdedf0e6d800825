"""Images in 256 levels, which take a quarter of the room and compress well."""

from __future__ import annotations

import numpy as np

from scribblebench.types import BoolArray, FloatArray, LabelArray

N_LEVELS = 256


def to_levels(image: FloatArray, inside: BoolArray) -> tuple[LabelArray, FloatArray]:
    """Replace the intensities of each channel by the numbers of at most 256 levels.

    A channel that has no more than 256 different values keeps them exactly; of any other one the
    levels are equally spaced from its least to its greatest value, so that no intensity moves by
    more than half a step.

    Parameters
    ----------
    image : ndarray of float32, shape (P, C, S, S)
        Finite.
    inside : ndarray of bool, shape (P, S, S)
        False in the padding, which has no level; True somewhere.

    Returns
    -------
    levels : ndarray of uint8, shape (P, C, S, S)
        0 in the padding.
    values : ndarray of float32, shape (C, 256)
        Intensity of each level, increasing; levels that are not used repeat the last one.
    """
    levels = np.zeros(image.shape, dtype=np.uint8)
    values = np.empty((image.shape[1], N_LEVELS), dtype=np.float32)
    for channel in range(image.shape[1]):
        seen = image[:, channel][inside]
        distinct = np.unique(seen)
        if len(distinct) <= N_LEVELS:
            levels[:, channel][inside] = np.searchsorted(distinct, seen)
            values[channel] = np.pad(distinct, (0, N_LEVELS - len(distinct)), mode="edge")
        else:
            low, high = float(distinct[0]), float(distinct[-1])
            share = (seen - low) / (high - low)
            levels[:, channel][inside] = np.rint(share * (N_LEVELS - 1))
            values[channel] = np.linspace(low, high, N_LEVELS)
    return levels, values


def to_image(levels: LabelArray, values: FloatArray, inside: BoolArray) -> FloatArray:
    """Return the intensities of levels; 0 in the padding.

    Parameters and result are those of `to_levels`.
    """
    image = np.zeros(levels.shape, dtype=np.float32)
    for channel, of_level in enumerate(values):
        image[:, channel][inside] = of_level[levels[:, channel][inside]]
    return image
