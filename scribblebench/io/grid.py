"""Voxels of one file on the grid of another, by what their headers say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from nibabel.affines import voxel_sizes
from nibabel.orientations import aff2axcodes, apply_orientation, inv_ornt_aff, io_orientation
from nibabel.spatialimages import HeaderDataError

from scribblebench.errors import InputError
from scribblebench.io.nifti import Volume
from scribblebench.types import AnyArray, Float64Array

TOLERANCE = 0.25
"""How far, in voxels, two grids may lie apart anywhere and still be the same.

The nearest voxel is then the same one everywhere, so labels need no resampling. Rounded headers
of the data sets that we know differ by less than 0.001 voxels; the mistake of giving a voxel's
corner for its centre is half a voxel, and is refused.
"""

NO_POSITION = ([1, 1, 1], [-1, -1, 1])
"""Directions that tools write along with a zero origin when they are told neither (RAS, LPS)."""


def on_grid(volume: Volume, grid: Volume, *, path: Path) -> AnyArray:
    """Return the voxels of a file, shape (P, H, W), on the grid of an image.

    The first rule that applies:

    1. Same shape, and no voxel further than `TOLERANCE` from its place in the image: the voxels as
       they are. Of a file that states both a qform and an sform, one of them has to agree.
    2. The same voxels in another order of axes, or with axes reversed: put in the image's order,
       exactly.
    3. Same shape, and the geometry of one of the two was lost (see `lost_geometry`): as they are.
    4. Anything else is refused; nothing is interpolated.

    Parameters
    ----------
    volume : Volume
    grid : Volume
        Of the image.
    path : Path
        Of `volume`, for the message.

    Raises
    ------
    InputError
        Naming the file and in what it differs: shape, spacing, directions, position.
    """
    same_shape = volume.array.shape == grid.array.shape
    if same_shape and any(
        _distance(one, other, grid) <= TOLERANCE
        for one in _stated(volume)
        for other in _stated(grid)
    ):
        return volume.array
    turned = _turned(volume, grid)
    if turned is not None:
        return turned
    if same_shape and lost_geometry(volume, grid):
        return volume.array
    raise InputError(f"{path}: {_difference(volume, grid)}")


def lost_geometry(volume: Volume, grid: Volume) -> bool:
    """Return whether one of two files no longer says where its voxels lie.

    That is so for either of them if it states no spacing, as where a tool wrote the identity. It
    is so for `volume` also if it has its origin at zero and its axes along the world's, with voxels
    of 1 mm or of the image's size, while the image has a position: so write tools that are given
    an array and at most its spacing.
    """
    if volume.spacing_mm is None or grid.spacing_mm is None:
        return True
    sizes, wanted = voxel_sizes(volume.affine), voxel_sizes(grid.affine)
    if np.abs(volume.affine[:3, 3]).max() > TOLERANCE * sizes.min():
        return False
    if np.abs(grid.affine[:3, 3]).max() <= TOLERANCE * wanted.min():
        return False
    directions = volume.affine[:3, :3] / sizes
    along = any(np.allclose(directions, np.diag(signs), atol=1e-3) for signs in NO_POSITION)
    return along and any(np.allclose(sizes, known, rtol=1e-3) for known in (np.ones(3), wanted))


def _stated(volume: Volume) -> Iterator[Float64Array]:
    """Yield the affines that a file states; first the one that its geometry is read from."""
    yield volume.affine
    for name in ("get_sform", "get_qform"):
        try:
            affine = getattr(volume.header, name)(coded=True)[0] if volume.header else None
        except (HeaderDataError, ValueError):  # a broken qform beside the sform that counts
            continue
        if affine is not None and np.isfinite(affine).all():
            yield affine


def _distance(one: Float64Array, other: Float64Array, grid: Volume) -> float:
    """Return how far a voxel lies at most from the same one of the other grid, in voxels."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in grid.array.shape[::-1]])).reshape(3, -1)
    apart = (one - other)[:3, :3] @ corners + (one - other)[:3, 3:]
    regular = _regular(other)
    if regular is None:
        return np.inf
    return float(np.linalg.norm(np.linalg.solve(regular, apart), axis=0).max())


def _regular(affine: Float64Array) -> Float64Array | None:
    """Return the matrix of an affine, with a unit plane axis for 2D files that state none."""
    matrix = affine[:3, :3].copy()
    if not matrix[:, 2].any():
        normal = np.cross(matrix[:, 0], matrix[:, 1])
        matrix[:, 2] = normal / (np.linalg.norm(normal) or 1.0)
    return None if abs(np.linalg.det(matrix)) < 1e-12 else matrix


def _turned(volume: Volume, grid: Volume) -> AnyArray | None:
    """Return the voxels in the order of the image's axes; None if that is not what differs."""
    regular = _regular(grid.affine)
    if regular is None or (voxel_sizes(volume.affine) == 0).any():
        return None
    step = np.eye(4)
    step[:3, :3] = np.linalg.solve(regular, volume.affine[:3, :3])
    orientation = io_orientation(step)
    if np.isnan(orientation).any():
        return None
    array = apply_orientation(volume.array.T, orientation).T
    affine = volume.affine @ inv_ornt_aff(orientation, volume.array.shape[::-1])
    if array.shape != grid.array.shape or _distance(affine, grid.affine, grid) > TOLERANCE:
        return None
    return np.ascontiguousarray(array)


def _difference(volume: Volume, grid: Volume) -> str:
    """Say in what a file differs from the image."""
    if volume.array.shape != grid.array.shape:
        got = f"must have the image's shape {grid.array.shape}, got {volume.array.shape}"
        if sorted(volume.array.shape) == sorted(grid.array.shape):
            got += f" with axes to {_axes(volume)}, the image's being {_axes(grid)}"
        return got
    sizes, wanted = (voxel_sizes(v.affine) for v in (volume, grid))
    parts = []
    if not np.allclose(sizes, wanted, rtol=1e-3):
        parts.append(f"spacing {_listed(sizes)} instead of {_listed(wanted)} mm")
    elif not np.allclose(volume.affine[:3, :3] / sizes, grid.affine[:3, :3] / wanted, atol=1e-3):
        parts.append(f"axes to {_axes(volume)} instead of {_axes(grid)}")
    shift = volume.affine[:3, 3] - grid.affine[:3, 3]
    if np.linalg.norm(shift) > TOLERANCE * wanted.min():
        parts.append(f"its first voxel {_listed(shift)} mm (x, y, z) away")
    return f"must be on the image's grid, got {', '.join(parts or ['axes turned a little'])}"


def _axes(volume: Volume) -> str:
    return "".join(code or "?" for code in aff2axcodes(volume.affine))


def _listed(values: Float64Array) -> str:
    return f"({', '.join(f'{value:.4g}' for value in values)})"
