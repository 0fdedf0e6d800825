"""Names of images and label maps: their endings, the cases they name, and those of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scribblebench.errors import InputError

SUFFIXES = (".nii.gz", ".nii")
"""Of NIfTI files."""

PICTURES = (".png", ".bmp", ".jpg", ".jpeg")
TIFFS = (".tif", ".tiff")

ENDINGS = (*SUFFIXES, *PICTURES, *TIFFS)
ONE_OF = f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"

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
    return ending(name) in SUFFIXES


def is_listed(name: str) -> bool:
    """Tell by its name whether a file is an image or a label map."""
    return bool(ending(name)) and not name.startswith(".") and not name.lower().endswith(OVERLAY)


def case_name(path: Path) -> str:
    """Return the file name without `.nii`, `.nii.gz`, in any case, or whatever else it ends in."""
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.stem


def label_map_name(name: str) -> str:
    """Return what a label map for a file is called: a format that keeps labels as they are.

    NIfTI, TIFF and PNG files lend it their own name; for other pictures it is a PNG file.
    """
    end = ending(name)
    if end in (*SUFFIXES, *TIFFS):
        return name
    return f"{without_ending(name)}.png"


def list_volumes(path: Path) -> list[Path]:
    """Return the NIfTI files of a folder, sorted by name, or the one file that `path` is.

    Endings may be in upper case. Hidden files and sub-folders are left out.

    Raises
    ------
    InputError
        If there is none, or if two files differ only in their endings.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder")
    found = sorted(
        p for p in path.iterdir() if is_nifti(p.name) and not p.name.startswith(".") and p.is_file()
    )
    if not found:
        raise InputError(f"{path}: holds no .nii or .nii.gz file (sub-folders are not searched)")
    check_names(found, path)
    return found


def list_files(path: Path) -> list[Path]:
    """Return the images or label maps of a folder, sorted by name, or the one file `path` is.

    They are the NIfTI files and, where there are none, the pictures and TIFF files. Hidden files,
    overlays and sub-folders are left out.

    Raises
    ------
    InputError
        If there is none, or if two files differ only in their endings.
    """
    found = list_every_format(path)
    found = [p for p in found if is_nifti(p.name)] or found
    check_names(found, path)
    return found


def list_every_format(path: Path) -> list[Path]:
    """Return all files that `list_files` chooses from, which may differ only in their endings.

    Raises
    ------
    InputError
        If there is none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder")
    found = sorted(p for p in path.iterdir() if is_listed(p.name) and p.is_file())
    if not found:
        raise InputError(f"{path}: holds no {ONE_OF} file (sub-folders are not searched)")
    return found


def check_names(found: Sequence[Path], where: Path) -> None:
    """Refuse two files of the same case.

    Raises
    ------
    InputError
    """
    first: dict[str, Path] = {}
    for other in found:
        one = first.setdefault(case_name(other), other)
        if one is not other:
            raise InputError(f"{where}: {one.name} and {other.name} have the same case name")
