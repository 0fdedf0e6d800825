"""What the adapters of file-based data sets have in common."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scribblebench.data.dataset import CaseFiles
from scribblebench.errors import InputError
from scribblebench.io.nifti import read_image, read_label_map
from scribblebench.types import IGNORE_LABEL, Case, LabelArray, LabelSpec


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
    ignore: int,
) -> Case:
    """Read an image of one channel with its dense labels and scribbles, as far as there are any.

    Parameters
    ----------
    files : CaseFiles
        With one image, whose geometry is the case's.
    case_id, patient_id : str
    labels : LabelSpec
    ignore : int
        What scribble files hold where nothing is annotated.

    Raises
    ------
    InputError
        Naming the file that cannot be read, or holds other values or another shape.
    """
    image, volume = read_image(files.images[0])
    shape = image.shape
    return Case(
        case_id=case_id,
        patient_id=patient_id,
        image=image[None],
        label_map=None if files.label is None else read_dense(files.label, labels, shape),
        spacing_mm=volume.spacing_mm,
        affine=volume.affine,
        scribble=None
        if files.scribble is None
        else read_scribble(files.scribble, labels, shape, ignore=ignore),
    )


def read_dense(path: Path, labels: LabelSpec, shape: tuple[int, ...]) -> LabelArray:
    """Read dense labels: only class ids, on the grid of the image.

    Parameters
    ----------
    path : Path
    labels : LabelSpec
    shape : tuple of 3 int
        (P, H, W) of the image.

    Raises
    ------
    InputError
        Naming the file, if it cannot be read or holds other values or another shape.
    """
    label_map, _ = read_label_map(path)
    labels.check(label_map, str(path))
    _check_shape(path, label_map, shape)
    return label_map


def read_scribble(
    path: Path, labels: LabelSpec, shape: tuple[int, ...], *, ignore: int
) -> LabelArray:
    """Read a scribble label map; `ignore` in the file becomes `IGNORE_LABEL`.

    Parameters and errors are those of `read_dense`.
    """
    raw, _ = read_label_map(path)
    scribble: LabelArray = np.where(raw == ignore, np.uint8(IGNORE_LABEL), raw)
    labels.check(scribble, str(path), sparse=True)
    _check_shape(path, scribble, shape)
    return scribble


def _check_shape(path: Path, array: LabelArray, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise InputError(f"{path}: must have the image's shape {shape}, got {array.shape}")
