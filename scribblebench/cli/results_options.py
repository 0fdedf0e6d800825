"""Arguments that the commands on results folders share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean

ResultsArgument = Annotated[Path, typer.Argument(help="Results folder.")]


def full_id(known: list[str], beginning: str) -> str:
    """Return the one id that begins so.

    Raises
    ------
    InputError
        If there is none, or more than one.
    """
    fitting = [trial_id for trial_id in known if trial_id.startswith(beginning)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise InputError(f"trial '{beginning}': {len(fitting)} ids begin so")
    raise InputError(f"trial '{beginning}': there is none.{did_you_mean(beginning, known)}")
