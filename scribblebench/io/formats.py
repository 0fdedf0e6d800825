"""Images and label maps of any format, told by the endings of their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scribblebench.errors import InputError
from scribblebench.io import nifti, pictures
from scribblebench.io.names import ONE_OF, SUFFIXES, ending
from scribblebench.io.nifti import Volume
from scribblebench.types import AnyArray, FloatArray, LabelArray


def read_channels(path: Path) -> tuple[FloatArray, Volume]:
    """Read intensities as float32, shape (C, P, H, W), with the volume that they came from.

    Raises
    ------
    InputError
        If the file cannot be read or has an ending that is not known.
    """
    if _is_picture(path):
        return pictures.read_picture(path)
    return nifti.read_channels(path)


def read_integers(path: Path) -> tuple[AnyArray, Volume]:
    """Read whole numbers of any size, shape (P, H, W), with the volume that they came from.

    Raises
    ------
    InputError
        As `read_channels`, or if a value is no integer.
    """
    if _is_picture(path):
        return pictures.read_picture_integers(path)
    return nifti.read_integers(path)


def read_label_map(path: Path) -> tuple[LabelArray, Volume]:
    """Read integer labels as uint8, shape (P, H, W), with the volume they came from.

    Raises
    ------
    InputError
        If the file cannot be read, or a value is not an integer in [0, 255].
    """
    values, volume = read_integers(path)
    labels: LabelArray = values.astype(np.uint8)
    wrong = labels != values
    if wrong.any():
        value = volume.array[wrong].flat[0]
        raise InputError(f"{path}: labels must be integers in [0, 255], got {value}")
    return labels, volume


def write_label_map(
    path: Path, label_map: LabelArray, reference: Volume, *, keep_type: bool = True
) -> None:
    """Write labels, shape (P, H, W), on the grid of `reference`, atomically.

    A NIfTI file has the reference file's data type, if `keep_type` and it holds all values, else
    uint8. A picture is of 8 bits, in grey.

    Parameters
    ----------
    path : Path
        Its ending says the format.
    label_map : ndarray of uint8, shape (P, H, W)
    reference : Volume
    keep_type : bool
    """
    if label_map.shape != reference.array.shape:
        raise ValueError(
            f"label_map must have shape {reference.array.shape}, got {label_map.shape}"
        )
    if _is_picture(path):
        pictures.write_picture(path, label_map)
    else:
        nifti.write_label_volume(path, label_map, reference, keep_type=keep_type)


def _is_picture(path: Path) -> bool:
    end = ending(path.name)
    if not end:
        raise InputError(f"{path}: must end in {ONE_OF}")
    return end not in SUFFIXES
