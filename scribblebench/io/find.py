"""Files of cases, found by a pattern in a folder and its sub-folders."""

from __future__ import annotations

from pathlib import Path

from scribblebench.errors import InputError
from scribblebench.io.formats import ONE_OF, is_listed
from scribblebench.io.nifti import SUFFIXES, case_name


def find_volumes(path: Path, pattern: str | None) -> dict[str, Path]:
    """Return the files below a folder by the names of their cases, sorted by name.

    Parameters
    ----------
    path : Path
        A folder, searched with its sub-folders, or one file.
    pattern : str or None
        File name with one `*`, which stands for the name of the case, such as
        `*_scribble.nii.gz`; other characters mean themselves. None: every NIfTI file or, if
        there is none, every picture and TIFF file; its name without the ending is the case's.
        Hidden files and overlays are left out.

    Raises
    ------
    InputError
        If the pattern has not exactly one `*`, nothing is found, or two files name one case.
    """
    if pattern is not None and pattern.count("*") != 1:
        raise InputError(f"pattern must have one *, the name of the case, got '{pattern}'")
    if path.is_file():
        return {case_name(path): path}
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder")
    named = [(file, _case_in(file.name, pattern)) for file in path.rglob("*")]
    files = [(file, name) for file, name in named if name is not None and file.is_file()]
    if pattern is None and any(file.name.endswith(SUFFIXES) for file, _ in files):
        files = [(file, name) for file, name in files if file.name.endswith(SUFFIXES)]
    found: dict[str, Path] = {}
    for file, name in sorted(files, key=lambda f: (f[0].name, f[0])):
        if name in found:
            raise InputError(f"{path}: {found[name]} and {file} have the same case name")
        found[name] = file
    if not found:
        wanted = f"file that ends in {ONE_OF}" if pattern is None else pattern
        raise InputError(f"{path}: holds no {wanted} (sub-folders were searched)")
    return found


def _case_in(file_name: str, pattern: str | None) -> str | None:
    """Return the name of the case that a file name holds; None where it does not match."""
    if file_name.startswith("."):
        return None
    if pattern is None:
        return case_name(Path(file_name)) if is_listed(file_name) else None
    before, after = pattern.split("*")
    if not (file_name.startswith(before) and file_name.endswith(after)):
        return None
    return file_name[len(before) : len(file_name) - len(after)] or None
