"""Arguments that the commands on data sets share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from scribblebench.data import DATASETS, Dataset, open_dataset
from scribblebench.data.files import DATA_VARIABLE
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
        envvar=DATA_VARIABLE,
    ),
]
OptionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--option", help="The data set's own setting, KEY=VALUE; `data list NAME` has them."
    ),
]


def opened(
    name: str, folder: Path | None, settings: list[str] | None, *, option: str = "--option"
) -> Dataset:
    """Open the data set that the arguments say.

    Parameters
    ----------
    name, folder, settings : as the arguments
    option : str
        What the settings were given by.

    Raises
    ------
    InputError
        If there is none such, or a setting is not one of its own.
    """
    given = dict(_setting(text, option) for text in settings or [])
    try:
        return open_dataset(name, folder, given)
    except OptionError as error:
        raise InputError(f"{option}: {error}") from error


def _setting(text: str, option: str) -> tuple[str, Any]:
    """Return key and value; the value is read as in a protocol."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise InputError(f"{option}: must be KEY=VALUE, got '{text}'")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise InputError(f"{option}: {key}: is not YAML, got '{value}'") from error
