"""From a case to the slices a network sees, and from its predictions back to the case's grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scribblebench.types import BACKGROUND, IGNORE_LABEL, AnyArray, Case, FloatArray, LabelArray


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
    """

    case: Case
    image: FloatArray
    label_map: LabelArray | None
    scribble: LabelArray | None
    inside: AnyArray


def prepare(case: Case, *, field_of_view: int) -> Slices:
    """Normalise a case and cut or pad each plane about its centre to a square.

    Parameters
    ----------
    case : Case
    field_of_view : int
        Side of the square, in pixels.
    """
    image = case.image.astype(np.float32)
    mean = image.mean(axis=(1, 2, 3), keepdims=True)
    sd = image.std(axis=(1, 2, 3), keepdims=True)
    normal = (image - mean) / np.maximum(sd, 1e-6)
    planes = np.ascontiguousarray(normal.swapaxes(0, 1))
    return Slices(
        case=case,
        image=fit(planes, field_of_view, fill=0.0),
        label_map=None
        if case.label_map is None
        else fit(case.label_map, field_of_view, fill=BACKGROUND),
        scribble=None
        if case.scribble is None
        else fit(case.scribble, field_of_view, fill=IGNORE_LABEL),
        inside=fit(np.ones(case.image.shape[2:], dtype=bool), field_of_view, fill=False),
    )


def fit(array: AnyArray, size: int, *, fill: float) -> AnyArray:
    """Cut or pad the last two axes about their centre to (size, size)."""
    out = np.full((*array.shape[:-2], size, size), fill, dtype=array.dtype)
    to_rows, from_rows = _overlap(size, array.shape[-2])
    to_cols, from_cols = _overlap(size, array.shape[-1])
    out[..., to_rows, to_cols] = array[..., from_rows, from_cols]
    return out


def restore(pred: LabelArray, shape: tuple[int, ...]) -> LabelArray:
    """Undo `fit`: put (P, S, S) predictions back on planes of `shape` (P, H, W).

    What lies outside the field of view is background.
    """
    out = np.zeros(shape, dtype=pred.dtype)
    to_rows, from_rows = _overlap(shape[-2], pred.shape[-2])
    to_cols, from_cols = _overlap(shape[-1], pred.shape[-1])
    out[..., to_rows, to_cols] = pred[..., from_rows, from_cols]
    return out


def _overlap(to_size: int, from_size: int) -> tuple[slice, slice]:
    """Return where two centred intervals overlap, in the coordinates of each."""
    to_centre, from_centre = to_size // 2, from_size // 2
    before = min(to_centre, from_centre)
    after = min(to_size - to_centre, from_size - from_centre)
    return (
        slice(to_centre - before, to_centre + after),
        slice(from_centre - before, from_centre + after),
    )
