"""`scribblebench clean`: take away what a results folder can do without."""

from __future__ import annotations

from typing import Annotated

import typer

from scribblebench.cli.results_options import ResultsArgument


def clean(
    results: ResultsArgument,
    failed: Annotated[
        bool, typer.Option("--failed", help="Also forget failures, so that they are run again.")
    ] = False,
    unplanned: Annotated[
        bool,
        typer.Option("--unplanned", help="Also finished trials that the plan does not want."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Take away logs and states of finished trials, of ended runs, and half-written files.

    No result that the plan asks for is touched, and nothing of a trial at work.
    """
    from scribblebench.sweep.cleaning import dispensable, remove
    from scribblebench.sweep.store import Store

    n = size = 0
    for path, why in dispensable(Store(results), failed=failed, unplanned=unplanned):
        n += 1
        if dry_run:
            typer.echo(f"{path}: {why}")
        else:
            size += remove(path)
    typer.echo(f"{n} would go" if dry_run else f"{n} removed, {size / 2**20:.1f} MiB")
