"""From predictions back to the own grid of a case."""

from __future__ import annotations

import numpy as np

from scribblebench.data.field_of_view import fit, planes_first
from scribblebench.data.preprocessing import Slices
from scribblebench.data.resampling import PlaneShape, along_planes, resample_image
from scribblebench.types import BACKGROUND, FloatArray, LabelArray


def restore(probabilities: FloatArray, slices: Slices) -> LabelArray:
    """Return the arg-max class of every pixel on the case's own grid.

    Undoes `prepare`: probabilities are interpolated linearly to the case's pixels, which gives
    smoother borders than labels would, and what lies outside the field of view is background.
    Where the case was not resampled, nothing is interpolated.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (P, K, S, S)
        Of each class, for each plane of `slices`.
    slices : Slices

    Returns
    -------
    pred : ndarray of uint8, shape (P, H, W)
        On the grid of `slices.case`.
    """
    own_shape = slices.case.plane_shape
    square: PlaneShape = slices.inside.shape[1:]
    outside = ~fit(np.ones(square, dtype=bool), slices.plane_shape, fill=False)
    probabilities = _own_planes(probabilities, slices)
    pred = np.empty((len(probabilities), *own_shape), dtype=np.uint8)
    for i in range(len(pred)):  # one at a time: many classes on large planes would fill the memory
        plane = fit(probabilities[i : i + 1], slices.plane_shape, fill=0.0)
        plane[:, BACKGROUND, outside] = 1.0
        pred[i] = resample_image(plane, own_shape)[0].argmax(axis=0)
    return pred


def _own_planes(probabilities: FloatArray, slices: Slices) -> FloatArray:
    """Return probabilities (P, K, S, S) for the case's own planes; background beyond the view."""
    n_planes, n_own = slices.volume_shape[0], slices.case.image.shape[1]
    if len(probabilities) == n_planes == n_own:
        return probabilities
    by_class = probabilities.swapaxes(0, 1)
    view = by_class.shape[1:]
    whole = fit(by_class, (n_planes, *view[1:]), fill=0.0)
    whole[BACKGROUND, ~fit(np.ones(view, dtype=bool), whole.shape[1:], fill=False)] = 1.0
    return planes_first(along_planes(resample_image, whole, n_own))
