"""What a form is: a rule that lists a class's pixels in the order in which it marks them.

A budget takes the first `n_pixels` of that order. So every form meets every budget exactly, and
with the same random stream a smaller budget's scribble is a subset of a larger one's.

`randomness` means the same for all forms. 0 is the form's canonical drawing, which does not depend
on the stream. 1 is the most random drawing that still is this form. In between, chance has a part
in each of the form's decisions that grows with randomness; each form says how.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy import ndimage

from scribblebench.registry import Registry
from scribblebench.types import BoolArray, Float64Array, IntArray


class Form(Protocol):
    """Mark pixels of one class of one slice."""

    def __call__(
        self, mask: BoolArray, *, n_pixels: int, randomness: float, rng: np.random.Generator
    ) -> IntArray:
        """List the pixels to mark, in order of marking.

        Parameters
        ----------
        mask : ndarray of bool, shape (H, W)
            The class in this slice. Not modified.
        n_pixels : int
            Pixels to mark, from 1 to the number of pixels in `mask`.
        randomness : float
            In [0, 1].
        rng : numpy.random.Generator
            Source of every draw; advanced in place.

        Returns
        -------
        pixels : ndarray of int64, shape (n_pixels, 2)
            Distinct (row, col) positions inside `mask`.

        Raises
        ------
        ValueError
            If an argument is out of its range.
        """
        ...


FORMS: Registry[Form] = Registry("form")
"""The forms that are drawn; see `annotation` for those that come with the data."""


def check_arguments(mask: BoolArray, n_pixels: int, randomness: float) -> None:
    """Raise `ValueError` where the arguments of a form are out of range."""
    if mask.ndim != 2 or mask.dtype != np.bool_:
        raise ValueError(f"mask must be a 2-D bool array, got {mask.ndim}-D {mask.dtype}")
    if not 1 <= n_pixels <= int(mask.sum()):
        raise ValueError(
            f"n_pixels must be in [1, {int(mask.sum())}], the pixels of mask, got {n_pixels}"
        )
    if not 0.0 <= randomness <= 1.0:
        raise ValueError(f"randomness must be in [0, 1], got {randomness}")


def depth_px(mask: BoolArray) -> Float64Array:
    """Return each pixel's Euclidean distance to the nearest pixel outside `mask`.

    The frame of the array counts as outside. Shape (H, W), in pixels, 0 outside `mask`.
    """
    padded = np.pad(mask, 1)
    return np.asarray(ndimage.distance_transform_edt(padded)[1:-1, 1:-1], dtype=np.float64)


def preference(
    mask: BoolArray, depth: Float64Array, *, randomness: float, rng: np.random.Generator
) -> Float64Array:
    """Return how much each pixel is preferred as a place to begin: depth against chance.

    (1 - randomness) * depth / max(depth) + randomness * U with U uniform in [0, 1) and drawn
    anew for every pixel; -inf outside `mask`. Its argmax is the deepest pixel at randomness 0
    (the first in raster order among equals) and a uniformly drawn one at randomness 1.
    """
    chance = rng.random(mask.shape)
    score = (1.0 - randomness) * depth / depth.max() + randomness * chance
    return np.where(mask, score, -np.inf)
