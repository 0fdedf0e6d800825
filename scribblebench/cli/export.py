"""`scribblebench export`: results, or a protocol's cases and labels, for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scribblebench.cli.export_nnunet import nnunet
from scribblebench.cli.results_options import ResultsArgument
from scribblebench.errors import InputError

export = typer.Typer(
    name="export",
    help="Write results, or a protocol's cases and labels, for other programs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@export.command()
def rows(
    results: ResultsArgument,
    output: Annotated[
        Path, typer.Option(help="File to write: .csv or .parquet.", show_default=False)
    ],
) -> None:
    """Write a row for each finished trial, case and class, with what the trial took and ran on."""
    from scribblebench.io.atomic import atomic_path
    from scribblebench.report.collect import collect
    from scribblebench.sweep.index import finished_trials
    from scribblebench.sweep.store import Store

    if output.suffix not in (".csv", ".parquet"):
        raise InputError(f"--output: must end in .csv or .parquet, got {output}")
    store = Store(results)
    found = collect(store)
    about = finished_trials(store).drop(columns=["written_ns", "mean_dsc", "annotation_s"])
    table = found.rows.merge(about, left_on="trial_id", right_index=True, validate="many_to_one")
    with atomic_path(output) as temporary:
        if output.suffix == ".csv":
            table.to_csv(temporary, index=False)
        else:
            table.to_parquet(temporary, index=False)
    for remark in found.remarks():
        typer.echo(remark, err=True)
    typer.echo(f"{len(table)} rows of {len(found.finished)} trials: {output}")


export.command()(nnunet)
