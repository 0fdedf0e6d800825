"""Voxels of one file on the grid of another, by what their headers say."""

from __future__ import annotations

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
       they are.
    2. The same voxels in another order of axes, or with axes reversed: put in the image's order,
       exactly.
    3. Rule 1 by the other transform of a file that states both a qform and an sform.
    4. Same shape, and the geometry of one of the two was lost (see `lost_geometry`): as they are.
    5. Anything else is refused; nothing is interpolated.

    Rules 1 and 2 go by the transform that a file's geometry is read from: the sform, if there is
    one. Where rule 2 and rule 3 both apply, one of them would mirror or turn the voxels: refused.

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
        Naming the file and in what it differs: shape, spacing, directions, position; or the two
        transforms that contradict each other.
    """
    agreeing = _agreeing(volume, grid)
    if agreeing and agreeing[0] == (_stated(volume)[0][0], _stated(grid)[0][0]):
        return volume.array
    turned = _turned(volume, grid)
    if turned is not None and agreeing:
        raise InputError(f"{path}: {_contradiction(volume, grid, *agreeing[0])}")
    if turned is not None:
        return turned
    if agreeing or (volume.array.shape == grid.array.shape and lost_geometry(volume, grid)):
        return volume.array
    raise InputError(f"{path}: {_difference(volume, grid)}")


def is_turned(volume: Volume, grid: Volume) -> bool:
    """Return whether the voxels of a file that `on_grid` takes are put in another order."""
    return not _agreeing(volume, grid) and _turned(volume, grid) is not None


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


def _agreeing(volume: Volume, grid: Volume) -> list[tuple[str, str]]:
    """Return by which transforms of the two files voxels lie where the image's do, best first."""
    if volume.array.shape != grid.array.shape:
        return []
    return [
        (one, other)
        for one, affine in _stated(volume)
        for other, wanted in _stated(grid)
        if _distance(affine, wanted, grid) <= TOLERANCE
    ]


def _stated(volume: Volume) -> list[tuple[str, Float64Array]]:
    """Return the transforms that a file states; first the one that its geometry is read from."""
    if volume.header is None:  # of a picture
        return [("shape", volume.affine)]
    found = []
    for name in ("sform", "qform"):
        try:
            affine = getattr(volume.header, f"get_{name}")(coded=True)[0]
        except (HeaderDataError, ValueError):  # a broken qform beside the sform that counts
            continue
        if affine is not None and np.isfinite(affine).all():
            found.append((name, affine))
    first = found[0][0] if found else "voxel size"
    return [(first, volume.affine), *found[1:]]


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


def _contradiction(volume: Volume, grid: Volume, one: str, other: str) -> str:
    """Say that a file is turned by the transforms that count, and is not by two others."""
    best, wanted = _stated(volume)[0][0], _stated(grid)[0][0]
    return (
        f"must lie on the image's grid in one way, got two: its {best} turns it (axes to "
        f"{_axes(volume)}, by the image's {wanted} {_axes(grid)}), its {one} does not (by the "
        f"image's {other}); remove or mend the one that is wrong"
    )


def _difference(volume: Volume, grid: Volume) -> str:
    """Say in what a file differs from the image."""
    if volume.array.shape != grid.array.shape:
        got = f"must have the image's shape {grid.array.shape}, got {volume.array.shape}"
        placed = volume.spacing_mm is not None or grid.spacing_mm is not None
        if placed and sorted(volume.array.shape) == sorted(grid.array.shape):
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
