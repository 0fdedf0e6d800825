"""NIfTI volumes in and out, with spacing and affine kept.

On disk the axes are (x, y, z); in memory they are (plane, row, col) = (z, y, x).
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import nibabel as nib
import numpy as np
from nibabel.affines import voxel_sizes
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from scribblebench.errors import InputError
from scribblebench.io.atomic import atomic_path
from scribblebench.io.values import whole_numbers
from scribblebench.types import AnyArray, Float64Array, FloatArray, LabelArray, SpacingMm

UNREADABLE = (
    *(ImageFileError, HeaderDataError, OSError, EOFError, ValueError, TypeError),
    *(OverflowError, MemoryError, zlib.error, WrapStructError),
)
"""What nibabel raises for damaged files."""

MM_PER_UNIT = {"meter": 1000.0, "mm": 1.0, "micron": 0.001}
"""Spatial units of NIfTI; a file that names none is taken to be in mm, as is the custom."""


NIFTI2_HEADER = 540
"""Bytes of the header of NIfTI-2, which it begins with."""

BYTE_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")


@dataclass(frozen=True)
class Volume:
    """One file's voxels with what is needed to write another file on the same grid.

    Parameters
    ----------
    array : ndarray, shape (P, H, W)
    spacing_mm : tuple of 3 floats, or None
        (plane, row, col); None where the file does not state it.
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
    image, array = _load(path)
    if array.ndim < 2 or any(n != 1 for n in array.shape[3:]) or 0 in array.shape:
        raise InputError(f"{path}: must be a 2D image or a 3D volume, got shape {array.shape}")
    return volume_of(image, array.reshape((*array.shape[:3], 1)[:3]), array.shape, path)


def read_channels(path: Path) -> tuple[FloatArray, Volume]:
    """Read intensities with any number of channels as float32, shape (C, P, H, W).

    Channels lie along the one axis after the third that is longer than 1.

    Returns
    -------
    image : ndarray of float32, shape (C, P, H, W)
    volume : Volume
        Of the first channel: the grid to write labels on.

    Raises
    ------
    InputError
        If the file is missing, damaged, has voxels that are not finite or more axes than that.
    """
    image, array = _load(path)
    shape = array.shape
    if array.ndim < 2 or sum(n != 1 for n in shape[3:]) > 1 or 0 in shape:
        raise InputError(
            f"{path}: must be a 2D image, a 3D volume or one with channels, got shape {shape}"
        )
    channels = array.reshape((*(*shape, 1)[:3], -1)).astype(np.float32)
    _check_finite(channels, path)
    volume = volume_of(image, channels[..., 0], shape[:3], path)
    return np.ascontiguousarray(channels.T), volume


def _load(path: Path) -> tuple[Any, AnyArray]:
    """Return nibabel's image and its voxels, as they are on the disk."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        # Without mmap: a file cut short later would end the process.
        packed = path.name.lower().endswith(".gz")
        image = _unpacked(path) if packed else nib.load(path, mmap=False)
        if not isinstance(image, nib.Nifti1Image):
            raise ImageFileError(f"it is a {type(image).__name__}")
        array = np.asarray(image.dataobj)
    except UNREADABLE as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read as NIfTI ({reason})") from error
    if array.dtype.kind not in "iufb":
        raise InputError(f"{path}: voxels must be real numbers, got {array.dtype}")
    return image, array


def _unpacked(path: Path) -> Any:
    """Return the image in a compressed file, all of which is read and agrees with its checksum.

    nibabel alone stops where the voxels end and never sees the checksum: most files with a bit
    turned would then give other voxels without a word.
    """
    with gzip.open(path) as file:
        content = file.read()
    sizes = {int.from_bytes(content[:4], order) for order in BYTE_ORDERS}
    kind = nib.Nifti2Image if NIFTI2_HEADER in sizes else nib.Nifti1Image
    return kind.from_bytes(content)


def volume_of(image: Any, array: AnyArray, shape_on_disk: tuple[int, ...], path: Path) -> Volume:
    """Return what is known of voxels (x, y, z) of a file."""
    return Volume(
        array=np.ascontiguousarray(array.T),
        spacing_mm=_spacing_mm(image, path),
        affine=np.asarray(image.affine, dtype=np.float64),
        shape_on_disk=shape_on_disk,
        header=image.header,
    )


def new_volume(array: AnyArray, spacing_mm: SpacingMm | None, affine: Float64Array) -> Volume:
    """Return voxels, shape (P, H, W), that come from no file, as if they did."""
    image = nib.Nifti1Image(np.zeros(array.shape[::-1], dtype=np.uint8), affine)
    if spacing_mm is not None:
        image.header.set_xyzt_units("mm")
        image.set_qform(affine, code="scanner")
    return Volume(array, spacing_mm, affine, array.shape[::-1], image.header)


def _spacing_mm(image: Any, path: Path) -> SpacingMm | None:
    """Return the (plane, row, col) distances of the voxels that the affine states, in mm.

    None where nothing states them: unit distances without a qform, and without an sform other
    than the identity. That is what remains when a tool drops the geometry.
    """
    header = image.header
    sizes = voxel_sizes(image.affine)
    if image.ndim == 2:
        sizes[2] = sizes[2] or 1.0
    if not (np.isfinite(image.affine).all() and (sizes > 0).all()):
        raise InputError(f"{path}: the affine must be finite with voxel sizes > 0, got {sizes}")
    no_sform = header["sform_code"] == 0 or np.array_equal(image.affine, np.eye(4))
    if header["qform_code"] == 0 and no_sform and (sizes == 1.0).all():
        return None
    try:
        unit = MM_PER_UNIT.get(header.get_xyzt_units()[0], 1.0)
    except KeyError as error:
        raise InputError(f"{path}: unit code {error.args[0]} is none of NIfTI's") from error
    return tuple(float(size) * unit for size in sizes[::-1])


def read_image(path: Path) -> tuple[FloatArray, Volume]:
    """Read intensities as float32, shape (P, H, W), with the volume they came from."""
    volume = read_volume(path)
    image = volume.array.astype(np.float32)
    _check_finite(image, path)
    return image, volume


def _check_finite(image: FloatArray, path: Path) -> None:
    if not np.isfinite(image).all():
        raise InputError(f"{path}: image must be finite, got NaN or infinity")


def read_integers(path: Path) -> tuple[AnyArray, Volume]:
    """Read whole numbers of any size, shape (P, H, W), with the volume they came from.

    Files may hold them as floats or scaled: what lies within `WHOLE` of an integer is that integer.

    Returns
    -------
    values : integer or bool array, shape (P, H, W)
        Of the file's own type if that holds integers, else int64.
    volume : Volume

    Raises
    ------
    InputError
        If a value is not an integer, or does not fit 32 bits.
    """
    volume = read_volume(path)
    return whole_numbers(volume.array, path), volume


def write_label_volume(
    path: Path, label_map: LabelArray, reference: Volume, *, keep_type: bool
) -> None:
    """Write labels, shape (P, H, W), as a NIfTI file on the grid of `reference`, atomically."""
    dtype = reference.header.get_data_dtype().newbyteorder("=")
    too_large = dtype.kind == "i" and label_map.size and label_map.max() > np.iinfo(dtype).max
    if too_large or not keep_type:
        dtype = np.dtype(np.uint8)
    array = label_map.astype(dtype).T.reshape(reference.shape_on_disk)
    header = reference.header.copy()
    header.set_data_dtype(dtype)
    header.set_slope_inter(1.0, 0.0)
    header["cal_min"] = header["cal_max"] = 0
    image = nib.Nifti1Image(array, None, header)
    with atomic_path(path) as temporary:
        nib.save(image, temporary)


def write_image(path: Path, image: FloatArray, affine: Float64Array) -> None:
    """Write intensities, shape (P, H, W), as float32 with an affine in mm, atomically."""
    written = nib.Nifti1Image(image.astype(np.float32).T, affine)
    written.header.set_xyzt_units("mm")
    with atomic_path(path) as temporary:
        nib.save(written, temporary)
