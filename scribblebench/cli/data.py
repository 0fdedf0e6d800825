"""`scribblebench data`: commands on data sets."""

from __future__ import annotations

import typer

from scribblebench.cli.data_check import check
from scribblebench.cli.data_list import list_datasets
from scribblebench.cli.data_split import split

data = typer.Typer(
    name="data",
    help="Data sets: what there is, whether a copy is sound, and splits of its patients.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
data.command("list")(list_datasets)
data.command()(check)
data.command()(split)
