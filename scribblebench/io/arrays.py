"""Arrays in NumPy's own files, as some collections of scribbles come."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from scribblebench.errors import InputError
from scribblebench.types import AnyArray

UNREADABLE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)
"""What NumPy raises for damaged files, and for pickled objects, which are never read."""


def read_array(path: Path, name: str | None = None) -> AnyArray:
    """Read an array of numbers from an .npy file, or the one of a name from an .npz file.

    Raises
    ------
    InputError
        Naming the file, if it is missing, damaged or holds no such array of finite numbers.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            array = np.asarray(loaded if name is None else loaded[name])
    except UNREADABLE as error:
        reason = " ".join(str(error).split()).strip("'\"") or type(error).__name__
        raise InputError(f"{path}: cannot be read as {path.suffix[1:]} ({reason})") from error
    if array.dtype.kind not in "iufb":
        raise InputError(f"{path}: must hold real numbers, got {array.dtype}")
    if not np.isfinite(array).all():
        raise InputError(f"{path}: must be finite, got NaN or infinity")
    return array
