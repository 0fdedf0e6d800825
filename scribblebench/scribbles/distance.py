"""Euclidean distances on grids."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from scipy import ndimage

from scribblebench.types import BoolArray, Float64Array

LARGEST = 1024
"""Up to this many rows and columns OpenCV's distances, 32-bit floats, tell squares apart."""


def distance_to_false(mask: BoolArray, step: Sequence[float]) -> Float64Array:
    """Return the distance of every voxel's centre to that of the nearest False voxel.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W) or (P, H, W)
        Holds a False voxel.
    step : sequence of float
        Size of a voxel along each axis.

    Returns
    -------
    distance : ndarray of float64
        In the unit of `step`, exact to rounding; 0 where `mask` is False. Slices with square
        pixels go through OpenCV, everything else through SciPy, which is slower.
    """
    if mask.ndim == 2 and step[0] == step[1] and max(mask.shape) <= LARGEST:
        found = cv2.distanceTransform(
            mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
        ).astype(np.float64)
        return np.sqrt(np.rint(found * found)) * step[0]
    return np.asarray(ndimage.distance_transform_edt(mask, sampling=step), dtype=np.float64)
