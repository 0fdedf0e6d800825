"""Files of cases, found by a pattern in a folder and its sub-folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scribblebench.errors import InputError
from scribblebench.io.names import ONE_OF, case_name, ending, is_listed, is_nifti, without_ending


def walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, in the order of their paths.

    Links to files and folders are followed, and keep their own names; a link to a folder that it
    lies in is not. Hidden files and folders are left out, and so are folders that may not be read.
    """
    yield from _walk(folder, frozenset())


def _walk(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    here = folder.resolve()
    if here in above:
        return
    try:
        entries = sorted(folder.iterdir())
    except PermissionError:
        return
    for path in entries:
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _walk(path, above | {here})
        elif path.is_file():
            yield path


def find_volumes(path: Path, pattern: str | None) -> dict[str, Path]:
    """Return the files below a folder by the names of their cases, sorted by name.

    Parameters
    ----------
    path : Path
        A folder, searched with its sub-folders (see `walk`), or one file.
    pattern : str or None
        File name with one `*`, which stands for the name of the case, such as
        `*_scribble.nii.gz`; other characters mean themselves, but for the case of an ending that
        can be read. None: every NIfTI file or, if there is none, every picture and TIFF file; its
        name without the ending is the case's. Hidden files and overlays are left out.

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
    named = [(file, _case_in(file.name, pattern)) for file in walk(path)]
    files = [(file, name) for file, name in named if name is not None]
    if pattern is None and any(is_nifti(file.name) for file, _ in files):
        files = [(file, name) for file, name in files if is_nifti(file.name)]
    found: dict[str, Path] = {}
    for file, name in sorted(files, key=lambda f: (f[0].name, f[0])):
        there = found.setdefault(name, file)
        if not there.samefile(file):
            raise InputError(f"{path}: {there} and {file} have the same case name")
    if not found:
        wanted = f"file that ends in {ONE_OF}" if pattern is None else pattern
        raise InputError(f"{path}: holds no {wanted} (sub-folders were searched)")
    return found


def _case_in(file_name: str, pattern: str | None) -> str | None:
    """Return the name of the case that a file name holds; None where it does not match."""
    if pattern is None:
        return case_name(Path(file_name)) if is_listed(file_name) else None
    if end := ending(pattern):
        if ending(file_name) != end:
            return None
        file_name, pattern = without_ending(file_name), without_ending(pattern)
    before, after = pattern.split("*")
    if not (file_name.startswith(before) and file_name.endswith(after)):
        return None
    return file_name[len(before) : len(file_name) - len(after)] or None
