"""Files of tensors and plain data: reading one runs nothing that is in it."""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from scribblebench.errors import InputError
from scribblebench.io.atomic import atomic_path

UNREADABLE = (
    *(RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, TypeError),
    *(AttributeError, OverflowError, MemoryError, pickle.UnpicklingError, zipfile.BadZipFile),
)
"""What torch raises for damaged and foreign files."""


def write_plain(path: Path, content: dict[str, Any]) -> None:
    """Write tensors, numbers, strings, lists and dicts, atomically."""
    with atomic_path(path) as temporary:
        buffer = io.BytesIO()  # writing by itself, torch does not say why it failed
        torch.save(content, buffer)
        temporary.write_bytes(buffer.getbuffer())


def read_plain(path: Path, device: torch.device) -> dict[str, Any]:
    """Return what `write_plain` wrote, its tensors on `device`.

    Raises
    ------
    InputError
        If the file cannot be read or holds anything but plain data.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about foreign files, which are refused in one line
            content = torch.load(path, map_location=device, weights_only=True)
    except UNREADABLE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: cannot be read ({reason})") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: must hold keys and values, got {type(content).__name__}")
    return content
