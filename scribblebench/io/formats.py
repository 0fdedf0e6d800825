"""Images and labels by the endings of their files."""

from __future__ import annotations

from pathlib import Path

from scribblebench.errors import InputError
from scribblebench.io import nifti, pictures
from scribblebench.io.nifti import Volume
from scribblebench.types import AnyArray, FloatArray

ENDINGS = (*nifti.SUFFIXES, *pictures.PICTURES, *pictures.TIFFS)


def ending(name: str) -> str:
    """Return the ending of a file name that says how it is read; empty where none does."""
    return next((end for end in ENDINGS if name.lower().endswith(end)), "")


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


def _is_picture(path: Path) -> bool:
    end = ending(path.name)
    if not end:
        raise InputError(f"{path}: must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    return end not in nifti.SUFFIXES
