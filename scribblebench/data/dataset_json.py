"""The `dataset.json` of the Decathlon and of nnU-Net: classes, channels and list of cases."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scribblebench.errors import InputError

IGNORE_NAME = "ignore"
"""nnU-Net's name for what is not annotated."""

BACKGROUND_NAME = "background"
"""The class of this name, in upper or lower case, is class 0."""


@dataclass(frozen=True)
class Description:
    """What a `dataset.json` says.

    Parameters
    ----------
    path : Path
        Of the file, for messages.
    class_names : tuple of str
        In order of class id.
    ignore : int or None
        Value of voxels that are not annotated; None where all are.
    channels : tuple of str
        In order.
    content : dict
        All of it.
    """

    path: Path
    class_names: tuple[str, ...]
    ignore: int | None
    channels: tuple[str, ...]
    content: dict[str, Any]


def read_description(path: Path) -> Description:
    """Read a `dataset.json` with labels by value (Decathlon) or by name (nnU-Net).

    Raises
    ------
    InputError
        Naming the file and the key at fault.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: must hold a JSON object, got a {type(content).__name__}")
    names = _labels(path, content.get("labels"))
    ignore = next((v for v, name in names.items() if name.lower() == IGNORE_NAME), None)
    if ignore is not None:
        if ignore != max(names):
            raise InputError(f"{path}: labels: '{IGNORE_NAME}' must be the highest, got {ignore}")
        del names[ignore]
    for value, name in names.items():
        if name.lower() == BACKGROUND_NAME and value != 0:
            raise InputError(f"{path}: labels: '{name}' must have the value 0, got {value}")
    if sorted(names) != [*range(len(names))] or len(names) < 2:
        raise InputError(f"{path}: labels: must be 0, 1, ... without gaps, got {sorted(names)}")
    channels = _channels(path, content)
    return Description(path, tuple(names[i] for i in range(len(names))), ignore, channels, content)


def _labels(path: Path, labels: Any) -> dict[int, str]:
    """Return the names of the label values."""
    if not isinstance(labels, dict):
        raise InputError(f"{path}: labels: must be an object of names and values, got {labels!r}")
    found: dict[int, str] = {}
    for key, value in labels.items():
        if isinstance(value, list):
            raise InputError(f"{path}: labels: '{key}' must be one value, got a region {value}")
        by_value = key.isdecimal() and isinstance(value, str) and not value.isdecimal()
        number, name = (key, value) if by_value else (value, key)
        if isinstance(number, bool) or not str(number).isdecimal():
            raise InputError(f"{path}: labels: '{key}' must have an integer >= 0, got {value!r}")
        if int(number) in found:
            raise InputError(f"{path}: labels: {int(number)} is there twice")
        if str(name) in found.values():
            raise InputError(f"{path}: labels: names must differ, got '{name}' twice")
        found[int(number)] = str(name)
    return found


def _channels(path: Path, content: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the channels: `channel_names`, or `modality` in older files."""
    key = "channel_names" if "channel_names" in content else "modality"
    channels = content.get(key)
    numbered = {str(i): i for i in range(len(channels))} if isinstance(channels, dict) else {}
    if not numbered or not isinstance(channels, dict) or set(channels) != set(numbered):
        raise InputError(
            f'{path}: {key}: must be an object of "0", "1", ... and names, got {channels!r}'
        )
    return tuple(str(channels[number]) for number in numbered)
