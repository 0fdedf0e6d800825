"""What the adapters of file-based data sets have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from scribblebench.data.dataset import CaseFiles
from scribblebench.errors import InputError
from scribblebench.io.grid import on_grid
from scribblebench.io.nifti import Volume, read_channels, read_integers
from scribblebench.types import IGNORE_LABEL, Case, FloatArray, LabelArray, LabelSpec


def data_folder(root: Path | None, name: str) -> Path:
    """Return the folder of the data set `name`, or say how to give it.

    Raises
    ------
    InputError
        If there is none.
    """
    if root is None:
        raise InputError(
            f"{name}: needs its folder: give --data DIR, `dataset.data` in the protocol or "
            "SCRIBBLEBENCH_DATA"
        )
    if not root.is_dir():
        raise InputError(
            f"{root}: no such data folder (--data, dataset.data or SCRIBBLEBENCH_DATA)"
        )
    return root


def read_case(
    files: CaseFiles,
    *,
    case_id: str,
    patient_id: str,
    labels: LabelSpec,
    channels: Sequence[str],
    values: Mapping[int, int] | None = None,
    ignore: int = IGNORE_LABEL,
) -> Case:
    """Read an image with its dense labels and scribbles, as far as there are any.

    Parameters
    ----------
    files : CaseFiles
        Geometry is that of the first image; all other files are brought onto its grid.
    case_id, patient_id : str
    labels : LabelSpec
    channels : sequence of str
        Names of the channels that the image must have.
    values : mapping of int to int, or None
        What label files hold -> class id; None where they hold class ids.
    ignore : int
        What scribble files hold where nothing is annotated.

    Raises
    ------
    InputError
        Naming the file that cannot be read, holds other values or lies on another grid.
    """
    image, grid = read_images(files.images, channels)
    classes = {c: c for c in range(labels.n_classes)} if values is None else dict(values)
    return Case(
        case_id=case_id,
        patient_id=patient_id,
        image=image,
        label_map=None if files.label is None else read_classes(files.label, labels, classes, grid),
        spacing_mm=grid.spacing_mm,
        affine=grid.affine,
        scribble=None
        if files.scribble is None
        else read_classes(files.scribble, labels, classes | {ignore: IGNORE_LABEL}, grid),
    )


def read_images(paths: Sequence[Path], channels: Sequence[str]) -> tuple[FloatArray, Volume]:
    """Read the channels of an image from one file or from one a channel, all on one grid.

    Returns
    -------
    image : ndarray of float32, shape (C, P, H, W)
    grid : Volume
        Of the first file.

    Raises
    ------
    InputError
        If a file cannot be read or lies on another grid, or there are more or fewer channels.
    """
    image, grid = read_channels(paths[0])
    if len(paths) > 1:
        others = [(path, *read_channels(path)) for path in paths[1:]]
        for path, other, _ in [(paths[0], image, grid), *others]:
            if len(other) != 1:
                raise InputError(f"{path}: must have 1 channel, got {len(other)}")
        image = np.stack([image[0], *(on_grid(v, grid, path=path) for path, _, v in others)])
    if len(image) != len(channels):
        wanted = f"{len(channels)} channel{'s' * (len(channels) != 1)} ({', '.join(channels)})"
        raise InputError(f"{paths[0]}: must have {wanted}, got {len(image)}")
    return image, grid


def read_classes(
    path: Path, labels: LabelSpec, classes: Mapping[int, int], grid: Volume
) -> LabelArray:
    """Read a label map whose values stand for classes, on the grid of the image.

    Parameters
    ----------
    path : Path
    labels : LabelSpec
        For the names of the classes.
    classes : mapping of int to int
        Value in the file -> class id or, where nothing is annotated, `IGNORE_LABEL`.
    grid : Volume

    Raises
    ------
    InputError
        Naming the file, and values that stand for nothing with their numbers of voxels.
    """
    raw, volume = read_integers(path)
    label_map = np.zeros(raw.shape, dtype=np.uint8)
    known = np.zeros(raw.shape, dtype=np.bool_)
    for value, class_id in classes.items():
        at = raw == value
        label_map[at] = class_id
        known |= at
    if not known.all():
        listed = ", ".join(f"{value} {_meaning(labels, c)}" for value, c in classes.items())
        counted = zip(*np.unique(raw[~known], return_counts=True), strict=True)
        bad = ", ".join(f"{value} ({n} px)" for value, n in counted)
        raise InputError(f"{path}: label values must be among [{listed}], got {bad}")
    on_image: LabelArray = on_grid(replace(volume, array=label_map), grid, path=path)
    return on_image


def _meaning(labels: LabelSpec, class_id: int) -> str:
    return "not annotated" if class_id == IGNORE_LABEL else labels.class_names[class_id]
