"""Images and label maps of any format, told by the endings of their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scribblebench.errors import InputError
from scribblebench.io import nifti, pictures
from scribblebench.io.nifti import Volume, check_names, list_volumes
from scribblebench.types import AnyArray, FloatArray, LabelArray

ENDINGS = (*nifti.SUFFIXES, *pictures.PICTURES, *pictures.TIFFS)

OVERLAY = "-overlay.png"
"""What the names of pictures end in that lie beside label maps and are none."""


def ending(name: str) -> str:
    """Return the ending of a file name that says how it is read, in lower case.

    Upper and lower case are the same; empty where the name has none of `ENDINGS`.
    """
    return next((end for end in ENDINGS if name.lower().endswith(end)), "")


def without_ending(name: str) -> str:
    """Return a file name or path without the ending that says how it is read."""
    return name[: len(name) - len(ending(name))]


def is_nifti(name: str) -> bool:
    """Tell by its name whether a file is a NIfTI file."""
    return ending(name) in nifti.SUFFIXES


def is_listed(name: str) -> bool:
    """Tell by its name whether a file is an image or a label map."""
    return bool(ending(name)) and not name.startswith(".") and not name.lower().endswith(OVERLAY)


def list_files(path: Path) -> list[Path]:
    """Return the images or label maps of a folder, sorted by name, or the one file `path` is.

    They are the NIfTI files and, where there are none, the pictures and TIFF files. Hidden files,
    overlays and sub-folders are left out.

    Raises
    ------
    InputError
        If there is none, or if two files differ only in their endings.
    """
    if not path.is_dir() or any(is_nifti(p.name) for p in path.iterdir()):
        return list_volumes(path)
    found = sorted(p for p in path.iterdir() if is_listed(p.name) and p.is_file())
    if not found:
        raise InputError(f"{path}: holds no {ONE_OF} file (sub-folders are not searched)")
    check_names(found, path)
    return found


def read_channels(path: Path) -> tuple[FloatArray, Volume]:
    """Read intensities as float32, shape (C, P, H, W), with the volume that they came from.

    Raises
    ------
    InputError
        If the file cannot be read or has an ending that is not known.
    """
    if _is_picture(path):
        return pictures.read_picture(path)
    return nifti.read_channels(path)


def read_integers(path: Path) -> tuple[AnyArray, Volume]:
    """Read whole numbers of any size, shape (P, H, W), with the volume that they came from.

    Raises
    ------
    InputError
        As `read_channels`, or if a value is no integer.
    """
    if _is_picture(path):
        return pictures.read_picture_integers(path)
    return nifti.read_integers(path)


def read_label_map(path: Path) -> tuple[LabelArray, Volume]:
    """Read integer labels as uint8, shape (P, H, W), with the volume they came from.

    Raises
    ------
    InputError
        If the file cannot be read, or a value is not an integer in [0, 255].
    """
    values, volume = read_integers(path)
    labels: LabelArray = values.astype(np.uint8)
    wrong = labels != values
    if wrong.any():
        value = volume.array[wrong].flat[0]
        raise InputError(f"{path}: labels must be integers in [0, 255], got {value}")
    return labels, volume


def label_map_name(name: str) -> str:
    """Return what a label map for a file is called: a format that keeps labels as they are.

    NIfTI, TIFF and PNG files lend it their own name; for other pictures it is a PNG file.
    """
    end = ending(name)
    if end in (*nifti.SUFFIXES, *pictures.TIFFS):
        return name
    return f"{without_ending(name)}.png"


def write_label_map(
    path: Path, label_map: LabelArray, reference: Volume, *, keep_type: bool = True
) -> None:
    """Write labels, shape (P, H, W), on the grid of `reference`, atomically.

    A NIfTI file has the reference file's data type, if `keep_type` and it holds all values, else
    uint8. A picture is of 8 bits, in grey.

    Parameters
    ----------
    path : Path
        Its ending says the format.
    label_map : ndarray of uint8, shape (P, H, W)
    reference : Volume
    keep_type : bool
    """
    if label_map.shape != reference.array.shape:
        raise ValueError(
            f"label_map must have shape {reference.array.shape}, got {label_map.shape}"
        )
    if _is_picture(path):
        pictures.write_picture(path, label_map)
    else:
        nifti.write_label_volume(path, label_map, reference, keep_type=keep_type)


ONE_OF = f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"


def _is_picture(path: Path) -> bool:
    end = ending(path.name)
    if not end:
        raise InputError(f"{path}: must end in {ONE_OF}")
    return end not in nifti.SUFFIXES
