"""What the files of one case say of themselves, each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from nibabel.orientations import aff2axcodes

from scribblebench.data.checking.problems import Problem
from scribblebench.data.dataset import CaseFiles
from scribblebench.errors import InputError
from scribblebench.io.formats import read_channels, read_integers
from scribblebench.io.grid import is_turned, on_grid
from scribblebench.io.header import Header, read_grid, read_header
from scribblebench.io.names import ending, is_nifti
from scribblebench.io.nifti import Volume

NOTICED_VOXELS = 0.01
"""How far a file may lie from the image without a word: headers are rounded, and those of real
files differ by less than 0.001 voxels."""


def absent_files(files: CaseFiles, case_id: str) -> Iterator[Problem]:
    """Yield an error for each file that is missing or holds nothing."""
    for path in files.all():
        if not path.is_file():
            yield Problem("error", "file", case_id, f"{path}: no such file")
        elif not path.stat().st_size:
            yield Problem("error", "file", case_id, f"{path}: is empty (0 bytes)")


def faulty_files(files: CaseFiles, case_id: str) -> Iterator[Problem]:
    """Yield an error for each file that cannot be read or lies on another grid than the image.

    All voxels of all files are read, one file at a time beside the first image. Files of a format
    that belongs to one data set alone, such as arrays, are left to it.
    """
    grid: Volume | None = None
    for path in files.all():
        if not ending(path.name):
            continue
        try:
            is_image = path in files.images
            volume = read_channels(path)[1] if is_image else read_integers(path)[1]
            if grid is not None:
                on_grid(volume, grid, path=path)
            if path in files.images[:1]:
                grid = volume
        except InputError as error:
            yield Problem("error", "file", case_id, str(error))


def headers_of(files: CaseFiles) -> dict[Path, Header]:
    """Return the headers of the NIfTI files among those of a case."""
    return {path: read_header(path) for path in files.all() if is_nifti(path.name)}


def odd_geometry(headers: dict[Path, Header], image: Path, case_id: str) -> Iterator[Problem]:
    """Yield a warning for each file that can be brought onto the image's grid, but is not on it.

    Parameters
    ----------
    headers : dict of Path to Header
        Of files that could be read as a case.
    image : Path
    case_id : str
    """
    for path, header in headers.items():
        if image not in headers or _is_there(header, headers[image]):
            continue
        turned = is_turned(read_grid(path), read_grid(image))
        text = _difference(header, headers[image], turned=turned)
        yield Problem("warning", "geometry", case_id, f"{path}: {text}")


def _is_there(header: Header, image: Header) -> bool:
    """Tell whether a file lies where the image does, as nearly as headers say."""
    same_shape = header.grid_shape == image.grid_shape
    return same_shape and _distance_voxels(header, image) <= NOTICED_VOXELS


def _difference(header: Header, image: Header, *, turned: bool) -> str:
    """Say in what the place of a file differs from the image's, and what becomes of it."""
    axes, wanted = ("".join(code or "?" for code in aff2axcodes(h.affine)) for h in (header, image))
    if turned:
        return f"has its axes to {axes}, the image's being {wanted}; it is turned"
    if _is_bare(header):
        return "has lost its position and directions; the image's are taken"
    if _is_bare(image):
        return "states a position and directions, and the image has lost its own"
    if axes != wanted:
        return f"has its axes to {axes}, the image's being {wanted}; it is taken as it is"
    off = _distance_voxels(header, image)
    return f"lies {off:.2g} voxels from the image; it is taken to lie where the image does"


def _is_bare(header: Header) -> bool:
    """Tell whether a header states voxel sizes at most: its origin is 0, its axes the world's."""
    return not (header.affine - np.diag(np.diag(header.affine))).any()


def _distance_voxels(one: Header, other: Header) -> float:
    """Return how far apart the same voxel lies at most by two headers, in the smallest voxels.

    The largest distance of two affine maps over a box is at one of its corners.
    """
    corners = np.array(np.meshgrid(*((0, n - 1) for n in one.grid_shape))).reshape(3, -1)
    difference = one.affine - other.affine
    apart = np.linalg.norm(difference[:3, :3] @ corners + difference[:3, 3:], axis=0)
    return float(apart.max() / min(other.voxel_sizes()))
