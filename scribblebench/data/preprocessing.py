"""From a case to the slices a network sees, and from its predictions back to the case's grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scribblebench.data.resampling import (
    PlaneShape,
    resample_image,
    resample_labels,
    resample_scribble,
    resampled_shape,
)
from scribblebench.errors import InputError
from scribblebench.types import (
    BACKGROUND,
    IGNORE_LABEL,
    AnyArray,
    Case,
    FloatArray,
    LabelArray,
    SpacingMm,
)


@dataclass(frozen=True)
class Slices:
    """The planes of one case within the field of view.

    Parameters
    ----------
    case : Case
        Where they come from.
    image : ndarray of float32, shape (P, C, S, S)
        Per channel: mean 0 and standard deviation 1 over the whole volume; 0 where padded.
    label_map : ndarray of uint8, shape (P, S, S), or None
        Dense labels, if the case has them; the background where padded.
    scribble : ndarray of uint8, shape (P, S, S), or None
        The data set's scribbles; not annotated where padded.
    inside : ndarray of bool, shape (S, S)
        False where padded.
    plane_shape : tuple of 2 int
        Rows and columns of a whole plane, resampled, before it was cut or padded.
    spacing_mm : tuple of 3 floats, or None
        (plane, row, col) distances after resampling.
    """

    case: Case
    image: FloatArray
    label_map: LabelArray | None
    scribble: LabelArray | None
    inside: AnyArray
    plane_shape: PlaneShape
    spacing_mm: SpacingMm | None


def prepare(
    case: Case,
    *,
    field_of_view: int,
    spacing_mm: float | None = None,
    image: FloatArray | None = None,
) -> Slices:
    """Resample and normalise a case and cut or pad each plane about its centre to a square.

    Parameters
    ----------
    case : Case
    field_of_view : int
        Side of the square, in pixels, after resampling.
    spacing_mm : float, or None
        In-plane distance of the pixels to resample to; met as nearly as a whole number of pixels
        allows. None keeps the pixels.
    image : ndarray of float32, shape (P, C, S, S), or None
        What comes of the case's image, if that is known already; then it is not looked at.

    Raises
    ------
    InputError
        If the planes are to be resampled and the case's spacing is not known.
    """
    plane_shape, new_spacing_mm = _plane_grid(case, spacing_mm)
    square = (field_of_view, field_of_view)
    if image is None:
        image = fit(_normal_planes(case.image, plane_shape), square, fill=0.0)
    label_map = scribble = None
    if case.label_map is not None:
        label_map = fit(resample_labels(case.label_map, plane_shape), square, fill=BACKGROUND)
    if case.scribble is not None:
        scribble = fit(resample_scribble(case.scribble, plane_shape), square, fill=IGNORE_LABEL)
    return Slices(
        case=case,
        image=image,
        label_map=label_map,
        scribble=scribble,
        inside=fit(np.ones(plane_shape, dtype=bool), square, fill=False),
        plane_shape=plane_shape,
        spacing_mm=new_spacing_mm,
    )


def _normal_planes(image: FloatArray, plane_shape: PlaneShape) -> FloatArray:
    """Return the planes of a volume (P, C, *plane_shape), resampled and normalised by channel."""
    resampled = resample_image(image.astype(np.float32), plane_shape)
    mean = resampled.mean(axis=(1, 2, 3), keepdims=True)
    sd = resampled.std(axis=(1, 2, 3), keepdims=True)
    normal = (resampled - mean) / np.maximum(sd, 1e-6)
    return np.ascontiguousarray(normal.swapaxes(0, 1))


def restore(probabilities: FloatArray, slices: Slices) -> LabelArray:
    """Return the arg-max class of every pixel on the case's own grid.

    Undoes `prepare`: probabilities are interpolated bilinearly to the case's pixels, which gives
    smoother borders than labels would, and what lies outside the field of view is background.
    Where the planes were not resampled, nothing is interpolated.

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
    outside = ~fit(np.ones_like(slices.inside), slices.plane_shape, fill=False)
    pred = np.empty((len(probabilities), *own_shape), dtype=np.uint8)
    for i in range(len(pred)):  # one at a time: many classes on large planes would fill the memory
        plane = fit(probabilities[i : i + 1], slices.plane_shape, fill=0.0)
        plane[:, BACKGROUND, outside] = 1.0
        pred[i] = resample_image(plane, own_shape)[0].argmax(axis=0)
    return pred


def labels_in_view(label_map: LabelArray, slices: Slices) -> LabelArray:
    """Return labels on the case's own grid, shape (P, H, W), as `prepare` returns dense labels."""
    resampled: LabelArray = resample_labels(label_map, slices.plane_shape)
    return fit(resampled, slices.inside.shape, fill=BACKGROUND)


def fit(array: AnyArray, shape: tuple[int, ...], *, fill: float) -> AnyArray:
    """Cut or pad the last two axes about their centre to the two numbers of `shape`."""
    out = np.full((*array.shape[:-2], *shape), fill, dtype=array.dtype)
    to_rows, from_rows = _overlap(shape[0], array.shape[-2])
    to_cols, from_cols = _overlap(shape[1], array.shape[-1])
    out[..., to_rows, to_cols] = array[..., from_rows, from_cols]
    return out


def _plane_grid(case: Case, target_mm: float | None) -> tuple[PlaneShape, SpacingMm | None]:
    """Return the rows and columns of the resampled planes, and the spacing that they have."""
    if target_mm is None:
        return case.plane_shape, case.spacing_mm
    if case.spacing_mm is None:
        raise InputError(
            f"{case.case_id}: cannot be resampled to {target_mm:g} mm, because its file does not "
            "state a spacing; leave out training.spacing_mm"
        )
    plane_mm, row_mm, col_mm = case.spacing_mm
    rows, cols = case.plane_shape
    new_rows, new_cols = resampled_shape((rows, cols), (row_mm, col_mm), target_mm)
    return (new_rows, new_cols), (plane_mm, row_mm * rows / new_rows, col_mm * cols / new_cols)


def _overlap(to_size: int, from_size: int) -> tuple[slice, slice]:
    """Return where two centred intervals overlap, in the coordinates of each."""
    to_centre, from_centre = to_size // 2, from_size // 2
    before = min(to_centre, from_centre)
    after = min(to_size - to_centre, from_size - from_centre)
    return (
        slice(to_centre - before, to_centre + after),
        slice(from_centre - before, from_centre + after),
    )
