"""Arguments that the commands on data sets share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from scribblebench.data import DATASETS, Dataset, open_dataset
from scribblebench.data.opening import OptionError
from scribblebench.errors import InputError

NameArgument = Annotated[
    str, typer.Argument(help=f"Name of the data set: {', '.join(DATASETS)}.", metavar="NAME")
]
FolderArgument = Annotated[
    Path | None,
    typer.Argument(
        help="Folder of the data set, or one that holds it under its name.",
        metavar="DIR",
        envvar="SCRIBBLEBENCH_DATA",
    ),
]
OptionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--option", help="The data set's own setting, KEY=VALUE; `data list NAME` has them."
    ),
]


def opened(name: str, folder: Path | None, options: list[str] | None) -> Dataset:
    """Open the data set that the arguments say.

    Raises
    ------
    InputError
        If there is none such, or an option is not one of its own.
    """
    try:
        return open_dataset(name, folder, dict(map(_option, options or [])))
    except OptionError as error:
        raise InputError(f"--option: {error}") from error


def _option(text: str) -> tuple[str, Any]:
    """Return key and value; the value is read as in a protocol."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise InputError(f"--option: must be KEY=VALUE, got '{text}'")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise InputError(f"--option: {key}: is not YAML, got '{value}'") from error
