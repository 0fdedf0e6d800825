"""What the adapters of file-based data sets have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from scribblebench.data.dataset import CaseFiles
from scribblebench.errors import InputError
from scribblebench.io.formats import read_channels, read_integers
from scribblebench.io.grid import on_grid
from scribblebench.io.nifti import Volume
from scribblebench.registry import did_you_mean
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


def chosen_classes(asked: Sequence[str], known: tuple[str, ...], option: str) -> tuple[str, ...]:
    """Check an option that names some of a data set's foreground classes.

    Raises
    ------
    InputError
        If it is no list, is empty, names a class twice or one that there is not.
    """
    if isinstance(asked, str) or not isinstance(asked, Sequence) or not asked:
        raise InputError(f"{option} must be a list of names, got {asked!r}")
    for name in asked:
        if name not in known:
            raise InputError(f"{option}: unknown '{name}'.{did_you_mean(str(name), [*known])}")
    if len(set(asked)) < len(asked):
        raise InputError(f"{option} must differ, got {', '.join(asked)}")
    return tuple(asked)


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
        Geometry is that of the first image; all other files are brought onto its grid. Without an
        image it is that of the dense labels, and the case's image has no channels.
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
    if files.images or files.label is None:
        image, grid = read_images(files.images, channels)
    else:
        _, grid = read_integers(files.label)
        image = np.zeros((0, *grid.array.shape), dtype=np.float32)
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
