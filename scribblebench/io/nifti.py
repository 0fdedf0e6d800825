"""NIfTI volumes in and out, with spacing and affine kept.

On disk the axes are (x, y, z); in memory they are (plane, row, col) = (z, y, x).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError

from scribblebench.errors import InputError
from scribblebench.io.atomic import atomic_path
from scribblebench.types import AnyArray, Float64Array, FloatArray, LabelArray, SpacingMm

SUFFIXES = (".nii.gz", ".nii")


@dataclass(frozen=True)
class Volume:
    """One file's voxels with what is needed to write another file on the same grid.

    Parameters
    ----------
    array : ndarray, shape (P, H, W)
    spacing_mm : tuple of 3 floats, or None
        (plane, row, col); None where the file's affine is the identity, which is what remains
        when a tool drops the geometry: no scanner measures at the origin with unit steps.
    affine : ndarray of float64, shape (4, 4)
    shape_on_disk : tuple of int
        The (x, y, ...) shape with its singleton axes, which a written file gets back.
    header : nibabel header
        Kept for its units and its qform and sform codes.
    """

    array: AnyArray
    spacing_mm: SpacingMm | None
    affine: Float64Array
    shape_on_disk: tuple[int, ...]
    header: Any = field(repr=False)


def read_volume(path: Path) -> Volume:
    """Read a NIfTI file as a (plane, row, col) volume.

    Two-dimensional files become one plane; singleton axes after the third are dropped.

    Raises
    ------
    InputError
        If the file is missing, damaged or not a volume; the message names it.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        image = nib.load(path)
        array = np.asarray(image.dataobj)
    except (ImageFileError, OSError, EOFError, ValueError, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read as NIfTI ({reason})") from error
    shape_on_disk = array.shape
    if array.ndim < 2 or any(n != 1 for n in array.shape[3:]):
        raise InputError(f"{path}: must be a 2D image or a 3D volume, got shape {array.shape}")
    array = array.reshape((*array.shape[:3], 1)[:3])
    affine = np.asarray(image.affine, dtype=np.float64)
    zooms = [float(z) for z in image.header.get_zooms()[:3]]
    zooms += [1.0] * (3 - len(zooms))
    lost = bool(np.array_equal(affine, np.eye(4))) and zooms == [1.0] * 3
    return Volume(
        array=np.ascontiguousarray(array.T),
        spacing_mm=None if lost else tuple(reversed(zooms)),
        affine=affine,
        shape_on_disk=shape_on_disk,
        header=image.header,
    )


def read_image(path: Path) -> tuple[FloatArray, Volume]:
    """Read intensities as float32, shape (P, H, W), with the volume they came from."""
    volume = read_volume(path)
    image = volume.array.astype(np.float32)
    if not np.isfinite(image).all():
        raise InputError(f"{path}: image must be finite, got NaN or infinity")
    return image, volume


def read_label_map(path: Path) -> tuple[LabelArray, Volume]:
    """Read integer labels as uint8, shape (P, H, W), with the volume they came from.

    Raises
    ------
    InputError
        If a value is not an integer in [0, 255].
    """
    volume = read_volume(path)
    with np.errstate(invalid="ignore"):  # NaN is found by the comparison
        labels = volume.array.astype(np.uint8)
    wrong = labels != volume.array
    if wrong.any():
        value = volume.array[wrong].flat[0]
        raise InputError(f"{path}: labels must be integers in [0, 255], got {value}")
    return labels, volume


def write_label_map(path: Path, label_map: LabelArray, reference: Volume) -> None:
    """Write labels, shape (P, H, W), as uint8 on the grid of `reference`, atomically."""
    if label_map.shape != reference.array.shape:
        raise ValueError(
            f"label_map must have shape {reference.array.shape}, got {label_map.shape}"
        )
    array = label_map.astype(np.uint8).T.reshape(reference.shape_on_disk)
    header = reference.header.copy()
    header.set_data_dtype(np.uint8)
    header.set_slope_inter(1.0, 0.0)
    header["cal_min"] = header["cal_max"] = 0
    image = nib.Nifti1Image(array, None, header)
    with atomic_path(path) as temporary:
        nib.save(image, temporary)


def case_name(path: Path) -> str:
    """Return the file name without `.nii` or `.nii.gz`."""
    for suffix in SUFFIXES:
        if path.name.endswith(suffix):
            return path.name.removesuffix(suffix)
    return path.stem


def list_volumes(path: Path) -> list[Path]:
    """Return the NIfTI files of a folder, sorted by name, or the one file that `path` is.

    Raises
    ------
    InputError
        If there is none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder")
    found = sorted(p for p in path.iterdir() if p.name.endswith(SUFFIXES))
    if not found:
        raise InputError(f"{path}: holds no .nii or .nii.gz file")
    return found
