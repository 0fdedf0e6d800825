"""Images in few levels, which take less room and compress well."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scribblebench.types import BoolArray, FloatArray

N_LEVELS = 256
N_FINE = 65536

COARSE = 0.05
"""Half a step of 256 levels beyond this, in standard deviations of the volume, is too much: a few
bright voxels then take the levels that all others need."""

Levels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


def to_levels(image: FloatArray, inside: BoolArray) -> tuple[Levels, FloatArray]:
    """Replace the intensities of each channel by the numbers of levels.

    There are 256 levels. A channel that has no more different values keeps them exactly; of any
    other one the levels are equally spaced from its least to its greatest value, so that no
    intensity moves by more than half a step. If half a step is more than `COARSE` in any channel,
    all channels have 65536 levels, equally spaced.

    Parameters
    ----------
    image : ndarray of float32, shape (P, C, S, S)
        Finite, of standard deviation 1.
    inside : ndarray of bool, shape (P, S, S)
        False in the padding, which has no level; True somewhere.

    Returns
    -------
    levels : ndarray of uint8 or uint16, shape (P, C, S, S)
        0 in the padding.
    values : ndarray of float32, shape (C, 256)
        Intensity of each level, increasing; levels that are not used repeat the last one. Of
        65536 levels, shape (C, 2), only that of the first and the last.
    """
    seen = [image[:, channel][inside] for channel in range(image.shape[1])]
    distinct = [np.unique(s) for s in seen]
    steps = [0.0 if len(d) <= N_LEVELS else (d[-1] - d[0]) / (N_LEVELS - 1) for d in distinct]
    if max(steps) / 2 > COARSE:
        fine = np.zeros(image.shape, dtype=np.uint16)
        ends = np.array([[d[0], d[-1]] for d in distinct], dtype=np.float32)
        for channel, (s, (low, high)) in enumerate(zip(seen, ends.tolist(), strict=True)):
            fine[:, channel][inside] = _numbers(s, low, high, N_FINE)
        return fine, ends
    levels = np.zeros(image.shape, dtype=np.uint8)
    values = np.empty((image.shape[1], N_LEVELS), dtype=np.float32)
    for channel, (s, d) in enumerate(zip(seen, distinct, strict=True)):
        if len(d) <= N_LEVELS:
            levels[:, channel][inside] = np.searchsorted(d, s)
            values[channel] = np.pad(d, (0, N_LEVELS - len(d)), mode="edge")
        else:
            low, high = float(d[0]), float(d[-1])
            levels[:, channel][inside] = _numbers(s, low, high, N_LEVELS)
            values[channel] = np.linspace(low, high, N_LEVELS)
    return levels, values


def _numbers(seen: FloatArray, low: float, high: float, n: int) -> FloatArray:
    """Return the number of the nearest of `n` equally spaced levels."""
    numbers: FloatArray = np.rint((seen - low) / ((high - low) or 1.0) * (n - 1))
    return numbers


def to_image(levels: Levels, values: FloatArray, inside: BoolArray) -> FloatArray:
    """Return the intensities of levels; 0 in the padding.

    Parameters and result are those of `to_levels`.
    """
    if levels.dtype == np.uint16:
        values = np.linspace(values[:, 0], values[:, 1], N_FINE, dtype=np.float32, axis=1)
    image = np.zeros(levels.shape, dtype=np.float32)
    for channel, of_level in enumerate(values):
        image[:, channel][inside] = of_level[levels[:, channel][inside]]
    return image
