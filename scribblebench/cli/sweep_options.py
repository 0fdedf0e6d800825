"""Options that the commands which run protocols share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scribblebench.errors import InputError

LEFT = 3
"""Exit code of a command that ran out of time."""

ProtocolOption = Annotated[
    str,
    typer.Option(
        help="A protocol file; looked for in the working folder, then among the "
        "protocols that come with the package."
    ),
]
PresetOption = Annotated[
    str | None,
    typer.Option(help="A preset of the protocol, such as gpu. [default: the protocol itself]"),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the data set, or one that holds it under its name. "
        "[default: the protocol's, then SCRIBBLEBENCH_DATA]"
    ),
]
PreparedOption = Annotated[
    Path | None,
    typer.Option(help="File of `scribblebench prepare`, in place of the data set."),
]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        envvar="SCRIBBLEBENCH_CACHE",
        help="Folder in which prepared cases are kept, so that each is prepared once; any number "
        "of sweeps may share it.",
    ),
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu or cuda[:N].")]


def check_sources(data: Path | None, prepared: Path | None) -> None:
    """Refuse two sources of the same cases."""
    if data is not None and prepared is not None:
        raise InputError("--prepared: stands in for --data, leave one of them out")


def check_cache(cache: Path | None) -> None:
    """Refuse a cache that is no folder."""
    if cache is not None and cache.exists() and not cache.is_dir():
        raise InputError(f"--cache: must be a folder, got {cache}")
