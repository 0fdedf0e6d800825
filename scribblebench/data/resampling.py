"""Planes on pixels of another size, and volumes on other planes.

A plane keeps its extent: the centre of pixel i of n lies at (i + 1/2) / n of the side, on either
grid. So a resampled plane does not shift, and its spacing follows from its number of pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch.nn import functional

from scribblebench.types import IGNORE_LABEL, FloatArray, IntArray, LabelArray

AnyVolume = TypeVar("AnyVolume", FloatArray, LabelArray)

PlaneShape = tuple[int, int]
"""Rows and columns."""


def resampled_shape(
    shape: PlaneShape, pixel_mm: tuple[float, float], target_mm: float
) -> PlaneShape:
    """Return the rows and columns, at least 1, whose pixels come nearest to `target_mm`.

    Parameters
    ----------
    shape : tuple of 2 int
        Rows and columns of the plane.
    pixel_mm : tuple of 2 floats
        (row, col) distances of its pixels, > 0.
    target_mm : float
        Wanted distance along both axes, > 0.
    """
    rows, cols = (resampled_side(n, mm, target_mm) for n, mm in zip(shape, pixel_mm, strict=True))
    return rows, cols


def resampled_side(n: int, old_mm: float, target_mm: float) -> int:
    """Return the number, at least 1, that divides n * old_mm most nearly into `target_mm`."""
    return max(1, round(n * old_mm / target_mm))


def along_planes(
    resample: Callable[[AnyVolume, PlaneShape], AnyVolume], volume: AnyVolume, n_planes: int
) -> AnyVolume:
    """Resample along the planes by one of the rules for planes.

    Each pixel's column of planes is one column of a plane of its own, whose width stays.

    Parameters
    ----------
    resample : callable
        `resample_image`, `resample_labels` or `resample_scribble`.
    volume : ndarray, shape (..., P, H, W)
    n_planes : int

    Returns
    -------
    resampled : ndarray, shape (..., n_planes, H, W)
        `volume` itself if it has that many planes.
    """
    *outer, old, height, width = volume.shape
    if old == n_planes:
        return volume
    columns = volume.reshape(*outer, 1, old, height * width)
    resampled = resample(columns, (n_planes, height * width))
    return resampled.reshape(*outer, n_planes, height, width)


def resample_image(image: FloatArray, shape: PlaneShape) -> FloatArray:
    """Interpolate bilinearly; where a side shrinks, with a filter as wide as the new pixels.

    The filter is a triangle (`torch.nn.functional.interpolate` with `antialias`).

    Parameters
    ----------
    image : ndarray of float32, shape (A, B, H, W)
        Intensities or probabilities; those of a pixel that sum to 1 still do.
    shape : tuple of 2 int
        Rows and columns to return.

    Returns
    -------
    resampled : ndarray of float32, shape (A, B, *shape)
        `image` itself if it has that shape.
    """
    if image.shape[-2:] == shape:
        return image
    resampled: FloatArray = functional.interpolate(
        torch.from_numpy(np.ascontiguousarray(image)), size=shape, mode="bilinear", antialias=True
    ).numpy()
    return resampled


def resample_labels(label_map: LabelArray, shape: PlaneShape) -> LabelArray:
    """Take the label of the pixel in which each new pixel's centre lies.

    A centre on the border of two pixels takes the one of the higher index, so labels shift by half
    an old pixel where a side shrinks to exactly half; else the errors cancel out along a border.

    Parameters
    ----------
    label_map : ndarray of uint8, shape (P, H, W)
    shape : tuple of 2 int
        Rows and columns to return.
    """
    rows, cols = (nearest(old, new) for old, new in zip(label_map.shape[-2:], shape, strict=True))
    return label_map[:, rows[:, None], cols]


def resample_scribble(scribble: LabelArray, shape: PlaneShape) -> LabelArray:
    """Resample annotation so that no stroke vanishes or breaks.

    Where a side shrinks, every annotated pixel counts for the new pixel in which its centre lies.
    A new pixel is annotated if any pixel counts for it, with the class of most of them; a tie
    goes to the lower class. So a stroke stays connected, unless it runs into one of another class.
    It becomes at least one new pixel wide, and the annotated share grows where strokes were
    thinner. Where a side grows, the rule is that of `resample_labels`.

    Parameters
    ----------
    scribble : ndarray of uint8, shape (P, H, W)
        `IGNORE_LABEL` where not annotated.
    shape : tuple of 2 int
        Rows and columns to return.
    """
    height, width = scribble.shape[-2:]
    grown = resample_labels(scribble, (max(height, shape[0]), max(width, shape[1])))
    rows, cols = (nearest(new, old) for old, new in zip(grown.shape[-2:], shape, strict=True))
    resampled = np.full((len(scribble), *shape), IGNORE_LABEL, dtype=np.uint8)
    most = np.zeros(resampled.shape, dtype=np.int64)
    for class_id in np.unique(grown[grown != IGNORE_LABEL]):
        plane, row, col = np.nonzero(grown == class_id)
        votes = np.zeros_like(most)
        np.add.at(votes, (plane, rows[row], cols[col]), 1)
        resampled[votes > most] = class_id
        most = np.maximum(most, votes)
    return resampled


def nearest(old: int, new: int) -> IntArray:
    """Return, for each of `new` pixels along a side, which of `old` pixels holds its centre."""
    return (2 * np.arange(new) + 1) * old // (2 * new)
