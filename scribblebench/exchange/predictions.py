"""Predictions of another trainer: a folder of label maps named by case."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scribblebench.errors import InputError
from scribblebench.io.formats import read_label_map
from scribblebench.io.grid import on_grid
from scribblebench.io.names import case_name, list_files
from scribblebench.io.nifti import Volume
from scribblebench.sweep.predictions import Prediction
from scribblebench.types import IGNORE_LABEL, Case, LabelArray, LabelSpec

MOST_NAMED = 5
"""Cases that a message names."""


@dataclass(frozen=True)
class Found:
    """The predictions of a folder.

    Parameters
    ----------
    predictions : list of Prediction
        In the order of the cases that were asked for; filtered and raw are the same.
    digest : str
        16 hexadecimal digits of a SHA-256 of their names and bytes.
    others : list of str
        Names of the folder's other label maps, which nobody asked for.
    """

    predictions: list[Prediction]
    digest: str
    others: list[str]


def read_predictions(
    folder: Path,
    cases: Sequence[Case],
    labels: LabelSpec,
    *,
    progress: Callable[[list[Case]], Iterable[Case]] = iter,
) -> Found:
    """Read the predictions of some cases: `CASE.nii.gz`, `CASE.nii` or, of pictures, `CASE.png`.

    Parameters
    ----------
    folder : Path
    cases : sequence of Case
    labels : LabelSpec
    progress : callable
        Gives the cases back one after the other, as they are read.

    Raises
    ------
    InputError
        If one is missing or cannot be read, lies on another grid, or holds other values than the
        classes.
    """
    paths = {case_name(path): path for path in list_files(folder)}
    lacking = [case.case_id for case in cases if case.case_id not in paths]
    if lacking:
        named = ", ".join(lacking[:MOST_NAMED]) + (", ..." if len(lacking) > MOST_NAMED else "")
        raise InputError(
            f"{folder}: must hold CASE.nii.gz for each case that is scored, lacks {len(lacking)} "
            f"of {len(cases)}: {named}"
        )
    predictions = []
    digest = hashlib.sha256()
    for case in progress(list(cases)):
        path = paths[case.case_id]
        pred = on_image_grid(path, case)
        check_classes(path, pred, labels)
        predictions.append(Prediction(case.case_id, pred, pred))
        digest.update(f"{case.case_id}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    others = sorted(paths.keys() - {case.case_id for case in cases})
    return Found(predictions, digest.hexdigest()[:16], others)


def on_image_grid(path: Path, case: Case) -> LabelArray:
    """Read a label map onto the grid of a case's image, by its header, or refuse it.

    See `scribblebench.io.grid.on_grid`: other axes are put right, and nothing is interpolated.
    """
    pred, volume = read_label_map(path)
    shape = case.image.shape[1:]
    grid = Volume(np.broadcast_to(np.uint8(0), shape), case.spacing_mm, case.affine, shape, None)
    placed: LabelArray = on_grid(replace(volume, array=pred), grid, path=path)
    return placed


def check_classes(path: Path, pred: LabelArray, labels: LabelSpec) -> None:
    """Refuse a label map with other values than the classes."""
    ignored = [v for v in (labels.n_classes, IGNORE_LABEL) if (pred == v).any()]
    if ignored and set(np.unique(pred)) <= {*range(labels.n_classes), *ignored}:
        raise InputError(
            f"{path}: must hold a class in every voxel, got {ignored[0]} "
            f"({int((pred == ignored[0]).sum())} px), which means not annotated"
        )
    labels.check(pred, str(path))
