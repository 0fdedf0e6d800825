"""From a case to the slices or volume that a network sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scribblebench.data.field_of_view import fit, overlap, planes_first
from scribblebench.data.intensity import IntensityClip
from scribblebench.data.resampling import (
    PlaneShape,
    along_planes,
    resample_image,
    resample_labels,
    resample_scribble,
    resampled_shape,
    resampled_side,
)
from scribblebench.errors import InputError
from scribblebench.types import (
    BACKGROUND,
    IGNORE_LABEL,
    BoolArray,
    Case,
    FloatArray,
    LabelArray,
    SpacingMm,
)

VolumeShape = tuple[int, int, int]
"""Planes, rows and columns."""

MOST_OBLONG = 2.0
"""Largest ratio of the sides of a pixel; beyond it planes are taken to lie along another axis."""


@dataclass(frozen=True)
class Slices:
    """The planes of one case within the field of view.

    There are as many as the case has, or, for a volume, as many as its field of view has, cut or
    padded about the middle plane.

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
    inside : ndarray of bool, shape (P, S, S)
        False where padded.
    volume_shape : tuple of 3 int
        Planes, rows and columns of the whole case, resampled, before it was cut or padded.
    spacing_mm : tuple of 3 floats, or None
        (plane, row, col) distances after resampling.
    cut_share : float, or None
        Share of the foreground, in the dense labels, that lies outside the field of view.
    """

    case: Case
    image: FloatArray
    label_map: LabelArray | None
    scribble: LabelArray | None
    inside: BoolArray
    volume_shape: VolumeShape
    spacing_mm: SpacingMm | None
    cut_share: float | None = None

    @property
    def plane_shape(self) -> PlaneShape:
        """Rows and columns of a whole plane, resampled, before it was cut or padded."""
        return self.volume_shape[1:]

    @property
    def real(self) -> slice:
        """Which of the planes are the case's and not padding."""
        return overlap(len(self.inside), self.volume_shape[0])[0]

    @property
    def first_plane(self) -> int:
        """Number, in the whole case, of the first plane that is no padding."""
        return max(0, self.volume_shape[0] // 2 - len(self.inside) // 2)


def prepare(
    case: Case,
    *,
    field_of_view: int,
    spacing_mm: float | None = None,
    planes: int | None = None,
    plane_spacing_mm: float | None = None,
    intensity: IntensityClip | None = None,
    image: FloatArray | None = None,
) -> Slices:
    """Resample and normalise a case and cut or pad it about its centre.

    Parameters
    ----------
    case : Case
    field_of_view : int
        Side of the square that a plane becomes, in pixels, after resampling.
    spacing_mm : float, or None
        In-plane distance of the pixels to resample to; met as nearly as a whole number of pixels
        allows. None keeps the pixels.
    planes : int, or None
        Planes to cut or pad to, after resampling; None keeps all.
    plane_spacing_mm : float, or None
        Distance of the planes to resample to, met in the same way. None keeps the planes.
    intensity : IntensityClip, or None
        What intensities are cut to before anything else; None leaves them.
    image : ndarray of float32, shape (P, C, S, S), or None
        What comes of the case's image, if that is known already; then it is not looked at.

    Raises
    ------
    InputError
        If the case has no image, is to be resampled and its spacing is not known, or has its
        planes along another axis than the first.
    """
    if not len(case.image):
        raise InputError(f"{case.case_id}: has no image, only labels to check and to draw on")
    check_planes(case.spacing_mm, case.case_id)
    whole, new_spacing_mm = _grid(case, spacing_mm, plane_spacing_mm)
    n_planes, plane_shape = whole[0], whole[1:]
    view = (n_planes if planes is None else planes, field_of_view, field_of_view)
    if image is None:
        seen = case.image if intensity is None else _cut(case, intensity)
        image = planes_first(fit(_normal(seen, whole), view, fill=0.0))
    label_map = scribble = cut_share = None
    if case.label_map is not None:
        of_whole = _resample_labels(case.label_map, whole)
        label_map = fit(of_whole, view, fill=BACKGROUND)
        n_voxels = np.count_nonzero(of_whole)
        cut_share = 1.0 - np.count_nonzero(label_map) / n_voxels if n_voxels else 0.0
    if case.scribble is not None:
        scribble = resample_scribble(case.scribble, plane_shape)
        scribble = along_planes(resample_scribble, scribble, n_planes)
        scribble = fit(scribble, view, fill=IGNORE_LABEL)
    return Slices(
        case=case,
        image=image,
        label_map=label_map,
        scribble=scribble,
        inside=fit(np.broadcast_to(np.True_, whole), view, fill=False),
        volume_shape=whole,
        spacing_mm=new_spacing_mm,
        cut_share=cut_share,
    )


def _cut(case: Case, intensity: IntensityClip) -> FloatArray:
    """Return the image of a case with its intensities cut; nothing being left of it is refused."""
    cut = intensity.apply(case.image)
    for number, (before, after) in enumerate(zip(case.image, cut, strict=True)):
        if after.min() == after.max() and before.min() < before.max():
            raise InputError(
                f"{case.case_id}: training.intensity makes channel {number} constant: its values "
                f"are {before.min():g} to {before.max():g}"
            )
    return cut


def check_planes(spacing_mm: SpacingMm | None, where: str) -> None:
    """Refuse planes whose pixels are so oblong that they are no planes of a scan.

    Raises
    ------
    InputError
    """
    if spacing_mm is None:
        return
    _, row_mm, col_mm = spacing_mm
    if max(row_mm, col_mm) > MOST_OBLONG * min(row_mm, col_mm):
        raise InputError(
            f"{where}: must have its planes along the third axis, where pixels are near square, "
            f"got rows {row_mm:g} mm and columns {col_mm:g} mm apart"
        )


def _normal(image: FloatArray, shape: VolumeShape) -> FloatArray:
    """Return a volume (C, P, H, W) resampled to `shape` and normalised by channel."""
    resampled = resample_image(image.astype(np.float32), shape[1:])
    resampled = along_planes(resample_image, resampled, shape[0])
    mean = resampled.mean(axis=(1, 2, 3), keepdims=True)
    sd = resampled.std(axis=(1, 2, 3), keepdims=True)
    normal: FloatArray = (resampled - mean) / np.maximum(sd, 1e-6)
    return normal


def _resample_labels(label_map: LabelArray, shape: VolumeShape) -> LabelArray:
    return along_planes(resample_labels, resample_labels(label_map, shape[1:]), shape[0])


def labels_in_view(label_map: LabelArray, slices: Slices) -> LabelArray:
    """Return labels on the case's own grid, shape (P, H, W), as `prepare` returns dense labels."""
    resampled = _resample_labels(label_map, slices.volume_shape)
    return fit(resampled, slices.inside.shape, fill=BACKGROUND)


def _grid(
    case: Case, target_mm: float | None, plane_mm: float | None
) -> tuple[VolumeShape, SpacingMm | None]:
    """Return the planes, rows and columns of a resampled case, and the spacing that it has."""
    n_planes, (rows, cols) = case.image.shape[1], case.plane_shape
    wanted = [mm for mm in (target_mm, plane_mm) if mm is not None]
    if not wanted:
        return (n_planes, rows, cols), case.spacing_mm
    if case.spacing_mm is None:
        key = "training.spacing_mm" if target_mm is not None else "training.volume.spacing_mm"
        raise InputError(
            f"{case.case_id}: cannot be resampled to {wanted[0]:g} mm, because its file does not "
            f"state a spacing; leave out {key}"
        )
    old_plane_mm, row_mm, col_mm = case.spacing_mm
    new_rows, new_cols = rows, cols
    if target_mm is not None:
        new_rows, new_cols = resampled_shape((rows, cols), (row_mm, col_mm), target_mm)
    new_planes = n_planes
    if plane_mm is not None:
        new_planes = resampled_side(n_planes, old_plane_mm, plane_mm)
    return (new_planes, new_rows, new_cols), (
        old_plane_mm * n_planes / new_planes,
        row_mm * rows / new_rows,
        col_mm * cols / new_cols,
    )
