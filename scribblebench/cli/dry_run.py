"""What `scribblebench sweep --dry-run` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from scribblebench.cli.counted import counted
from scribblebench.cli.durations import clock
from scribblebench.cli.tables import print_table

if TYPE_CHECKING:
    from scribblebench.sweep.forecast import Cell


def tell_forecast(cells: Sequence[Cell], *, n_workers: int | None, folder: object) -> None:
    """Print the trials by form, density and method, and what they take."""
    from scribblebench.sweep.forecast import total_annotation_s, total_left_s

    table = Table(box=None, pad_edge=False)
    for column in ("form", "density", "method"):
        table.add_column(column, overflow="fold")
    for column in ("trials", "finished", "time each", "time left", "annotation"):
        table.add_column(column, justify="right")
    for cell in cells:
        table.add_row(
            cell.form,
            "" if cell.density is None else f"{cell.density:g}",
            cell.method,
            str(cell.n),
            str(cell.finished),
            _known(cell.seconds),
            _known(cell.left_s),
            _known(cell.annotation_s),
        )
    print_table(table)
    n, finished = sum(cell.n for cell in cells), sum(cell.finished for cell in cells)
    failed, to_run = sum(cell.failed for cell in cells), sum(cell.to_run for cell in cells)
    left = total_left_s(cells)
    line = f"{counted(n, 'trial')}, {finished} finished in {folder}, {to_run} to run"
    if failed:
        line += f", {failed} failed (--retry-failed tries them again)"
    if left is None:
        line += "; how long that takes is not known: no trial of some kinds is finished, and "
        line += "--pilot would time some steps"
    elif left:
        line += f"; {clock(left)} one after the other"
        if n_workers is not None and n_workers > 1:
            line += f", {clock(left / n_workers)} by {n_workers} workers"
    typer.echo(line)
    cost = _known(total_annotation_s(cells))
    typer.echo(
        f"annotation, by the cost model (uncalibrated): of the training set, once in each form and "
        f"density: {cost} in all"
    )


def _known(seconds: float | None) -> str:
    return "?" if seconds is None else clock(seconds)
