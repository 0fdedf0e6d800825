"""`scribblebench data check`: what a copy of a data set holds, and what is wrong with it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scribblebench.cli.counted import counted
from scribblebench.cli.data_options import FolderArgument, NameArgument, OptionOption, opened
from scribblebench.cli.data_report import SHOWN, as_json, render
from scribblebench.cli.processes import results_of
from scribblebench.cli.progress import progress
from scribblebench.data.checking import inspect_case, make_report
from scribblebench.data.split_file import read_split


def check(
    name: NameArgument,
    folder: FolderArgument = None,
    option: OptionOption = None,
    split: Annotated[
        Path | None,
        typer.Option(help="Check this file of `data split` instead of the data set's own split."),
    ] = None,
    to_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, with every case and problem.")
    ] = False,
    show_all: Annotated[
        bool,
        typer.Option("--all", help=f"Show all values and problems, not {SHOWN} of a kind."),
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the work.")] = 1,
) -> None:
    """Read all of a data set, say what it holds and what is wrong with it.

    Every case is read; one that cannot be does not stop the others. Errors are what cannot be used
    or would make results wrong, and end with exit code 1; warnings are what somebody should look
    at.
    """
    dataset = opened(name, folder, option)
    ids = list(dataset.case_ids())
    parts = dataset.split().parts
    if split is not None:
        parts = read_split(split, dataset.name).exclusive_parts()
    inspected = results_of(partial(inspect_case, dataset), ids, workers)
    found = dict(progress(inspected, "check", len(ids)))
    cases = [found[number] for number in range(len(ids))]
    report = make_report(dataset, cases, folder, parts)
    if to_json:
        typer.echo(json.dumps(as_json(report), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for part in render(report, shown=None if show_all else SHOWN):
            console.print(part)
    errors, warnings = report.count("error"), report.count("warning")
    if not to_json:
        typer.echo(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}")
    if errors:
        raise typer.Exit(1)
