"""What a NIfTI file says of itself, without its voxels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.affines import voxel_sizes
from nibabel.filebasedimages import ImageFileError

from scribblebench.errors import InputError
from scribblebench.io.nifti import UNREADABLE, Volume, volume_of
from scribblebench.types import Float64Array


@dataclass(frozen=True)
class Header:
    """Shape, data type and place of a file's voxels.

    Parameters
    ----------
    shape : tuple of int
        (x, y, z, ...) as on the disk.
    dtype : str
        Of the voxels on the disk, such as "int16"; scaling may turn them into others.
    affine : ndarray of float64, shape (4, 4)
    """

    shape: tuple[int, ...]
    dtype: str
    affine: Float64Array

    @property
    def grid_shape(self) -> tuple[int, int, int]:
        """(x, y, z) without the axes of channels; a 2D file is one plane."""
        x, y, z = (*self.shape, 1, 1, 1)[:3]
        return x, y, z

    def voxel_sizes(self) -> tuple[float, ...]:
        """Return the (x, y, z) distances of the voxels; 1 across the plane of a 2D file."""
        sizes = [float(size) for size in voxel_sizes(self.affine)]
        return tuple(size or 1.0 for size in sizes) if len(self.shape) < 3 else tuple(sizes)


def read_header(path: Path) -> Header:
    """Read the header of a NIfTI file.

    Raises
    ------
    InputError
        If the file is missing, its header is damaged or it states no place; the message names it.
    """
    image = _opened(path)
    header = Header(
        tuple(int(n) for n in image.shape),
        image.get_data_dtype().name,
        np.asarray(image.affine, dtype=np.float64),
    )
    sizes = header.voxel_sizes()
    if not (np.isfinite(header.affine).all() and min(sizes) > 0):
        raise InputError(f"{path}: the affine must be finite with voxel sizes > 0, got {sizes}")
    return header


def read_grid(path: Path) -> Volume:
    """Read where the voxels of a NIfTI file lie, as of a file whose voxels cannot be used.

    Returns
    -------
    Volume
        Of the first channel. Its voxels are all 0, and take no memory.

    Raises
    ------
    InputError
        As `read_header`, or if the file is no image.
    """
    image = _opened(path)
    shape = image.shape[:3]
    if len(shape) < 2 or 0 in shape:
        raise InputError(f"{path}: must be a 2D image or a 3D volume, got shape {image.shape}")
    volume = volume_of(image, np.zeros((1, 1, 1), dtype=np.uint8), shape, path)
    return replace(volume, array=np.broadcast_to(np.uint8(0), (*shape, 1)[:3][::-1]))


def _opened(path: Path) -> Any:
    """Return nibabel's image of a file, with its voxels still on the disk."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        image = nib.load(path, mmap=False)
        if not isinstance(image, nib.Nifti1Image):
            raise ImageFileError(f"it is a {type(image).__name__}")
    except UNREADABLE as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read as NIfTI ({reason})") from error
    return image
