"""What the adapters of file-based data sets have in common."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from scribblebench.data.dataset import CaseFiles
from scribblebench.errors import Attempts, InputError
from scribblebench.io.formats import read_channels, read_integers
from scribblebench.io.grid import on_grid
from scribblebench.io.header import read_grid
from scribblebench.io.nifti import Volume
from scribblebench.io.values import counted_values
from scribblebench.registry import did_you_mean
from scribblebench.types import IGNORE_LABEL, AnyArray, Case, FloatArray, LabelArray, LabelSpec

DATA_VARIABLE = "SCRIBBLEBENCH_DATA"
"""Environment variable with the folder of the data, where neither option nor protocol name one."""


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
            f"{DATA_VARIABLE}"
        )
    if not root.is_dir():
        raise InputError(f"{root}: no such data folder (--data, dataset.data or {DATA_VARIABLE})")
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
        Naming the file that cannot be read, holds other values or lies on another grid. Several
        things that are wrong are `CombinedError`: of each file its values and its grid.
    """
    attempts = Attempts()
    image, grid = _image_and_grid(files, channels, attempts)
    classes = {c: c for c in range(labels.n_classes)} if values is None else dict(values)
    marks = classes | {ignore: IGNORE_LABEL}
    label_map, scribble = (
        None if path is None else attempts.at(read_classes, path, labels, values_of, grid)
        for path, values_of in ((files.label, classes), (files.scribble, marks))
    )
    attempts.end()
    assert image is not None, "what is missing has been told"
    assert grid is not None, "it is that of the image"
    return Case(
        case_id=case_id,
        patient_id=patient_id,
        image=image,
        label_map=label_map,
        spacing_mm=grid.spacing_mm,
        affine=grid.affine,
        scribble=scribble,
    )


def _image_and_grid(
    files: CaseFiles, channels: Sequence[str], attempts: Attempts
) -> tuple[FloatArray | None, Volume | None]:
    """Return the image of a case and its grid, each of them None where it is not known."""
    if files.images or files.label is None:
        read = attempts.at(read_images, files.images, channels)
        return read or (None, _known_grid(files.images[0]))
    labels = attempts.at(read_integers, files.label)
    grid = labels[1] if labels else _known_grid(files.label)
    return None if grid is None else np.zeros((0, *grid.array.shape), dtype=np.float32), grid


def _known_grid(path: Path) -> Volume | None:
    """Return where the voxels of a file lie that cannot be used; None if that is unknown too."""
    for read in (read_grid, lambda path: read_channels(path)[1]):
        with contextlib.suppress(InputError):
            return read(path)
    return None


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
        If a file cannot be read or lies on another grid, or there are more or fewer channels;
        `CombinedError` if that is so of several files.
    """
    if len(paths) == 1:
        image, grid = read_channels(paths[0])
    else:
        image, grid = _read_channel_files(paths)
    if len(image) != len(channels):
        wanted = f"{len(channels)} channel{'s' * (len(channels) != 1)} ({', '.join(channels)})"
        raise InputError(f"{paths[0]}: must have {wanted}, got {len(image)}")
    return image, grid


def _read_channel_files(paths: Sequence[Path]) -> tuple[FloatArray, Volume]:
    """Read files of one channel each on the grid of the first."""
    attempts = Attempts()
    read = {path: attempts.at(_read_channel, path) for path in paths}
    volumes = {path: volume or _known_grid(path) for path, volume in read.items()}
    grid = volumes[paths[0]]
    planes = [
        attempts.at(on_grid, volume, grid, path=path)
        for path, volume in volumes.items()
        if volume is not None and grid is not None
    ]
    attempts.end()
    assert grid is not None, "what is wrong has been told"
    return np.stack([plane for plane in planes if plane is not None]), grid


def _read_channel(path: Path) -> Volume:
    image, volume = read_channels(path)
    if len(image) != 1:
        raise InputError(f"{path}: must have 1 channel, got {len(image)}")
    return volume


def read_classes(
    path: Path, labels: LabelSpec, classes: Mapping[int, int], grid: Volume | None
) -> LabelArray:
    """Read a label map whose values stand for classes, on the grid of the image.

    Parameters
    ----------
    path : Path
    labels : LabelSpec
        For the names of the classes.
    classes : mapping of int to int
        Value in the file -> class id or, where nothing is annotated, `IGNORE_LABEL`.
    grid : Volume or None
        None where it is unknown, because the image cannot be read: values alone are looked at.

    Raises
    ------
    InputError
        Naming the file, and values that stand for nothing with their numbers of voxels;
        `CombinedError` if it lies on another grid as well.
    """
    attempts = Attempts()
    read = attempts.at(read_integers, path)
    volume = read[1] if read else _known_grid(path)
    label_map = attempts.at(_classes_of, read[0], labels, classes, path) if read else None
    if volume is not None and grid is not None:
        if label_map is not None:
            volume = replace(volume, array=label_map)
        label_map = attempts.at(on_grid, volume, grid, path=path)
    attempts.end()
    assert label_map is not None, "what is wrong has been told"
    return label_map


def _classes_of(
    raw: AnyArray, labels: LabelSpec, classes: Mapping[int, int], path: Path
) -> LabelArray:
    """Return the classes that the values of a file stand for."""
    label_map = np.zeros(raw.shape, dtype=np.uint8)
    known = np.zeros(raw.shape, dtype=np.bool_)
    for value, class_id in classes.items():
        at = raw == value
        label_map[at] = class_id
        known |= at
    if not known.all():
        listed = ", ".join(f"{value} {_meaning(labels, c)}" for value, c in classes.items())
        got = counted_values(raw[~known])
        raise InputError(f"{path}: label values must be among [{listed}], got {got}")
    return label_map


def _meaning(labels: LabelSpec, class_id: int) -> str:
    return "not annotated" if class_id == IGNORE_LABEL else labels.class_names[class_id]
