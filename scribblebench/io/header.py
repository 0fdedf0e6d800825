"""What a NIfTI file says of itself, without its voxels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.affines import voxel_sizes
from nibabel.filebasedimages import ImageFileError

from scribblebench.errors import InputError
from scribblebench.io.nifti import UNREADABLE
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
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        image = nib.load(path, mmap=False)
        if not isinstance(image, nib.Nifti1Image):
            raise ImageFileError(f"it is a {type(image).__name__}")
        header = Header(
            tuple(int(n) for n in image.shape),
            image.get_data_dtype().name,
            np.asarray(image.affine, dtype=np.float64),
        )
    except UNREADABLE as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read as NIfTI ({reason})") from error
    sizes = header.voxel_sizes()
    if not (np.isfinite(header.affine).all() and min(sizes) > 0):
        raise InputError(f"{path}: the affine must be finite with voxel sizes > 0, got {sizes}")
    return header
