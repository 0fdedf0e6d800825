"""Data sets by their names, with their own options."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scribblebench.data.dataset import DATASETS, Dataset
from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean


class OptionError(InputError):
    """An option that a data set does not have, or whose value it refuses."""


def options_of(name: str) -> dict[str, inspect.Parameter]:
    """Return the options of a data set with their defaults, by name.

    Raises
    ------
    InputError
        With a suggestion, if there is no such data set.
    """
    parameters = inspect.signature(DATASETS[name]).parameters
    return {option: p for option, p in parameters.items() if option != "root"}


def open_dataset(name: str, root: Path | None, options: Mapping[str, Any]) -> Dataset:
    """Open a data set.

    Parameters
    ----------
    name : str
    root : Path or None
        Its folder; None for one that is embedded.
    options : mapping of str to value

    Raises
    ------
    OptionError
        If the data set does not have an option, or refuses what it is given with options.
    InputError
        If there is no such data set, or its folder is not what it must be.
    """
    known = list(options_of(name))
    for option in options:
        if option not in known:
            hint = did_you_mean(option, known)
            raise OptionError(f"'{name}' has no option '{option}'.{hint}")
    try:
        return DATASETS[name](root, **options)
    except InputError as error:
        if options:
            raise OptionError(str(error)) from error
        raise
