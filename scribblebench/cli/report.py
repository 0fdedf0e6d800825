"""`scribblebench report`: tables and figures of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[Path, typer.Argument(help="Results folder of a sweep.")],
) -> None:
    """Write tables and figures into FOLDER/report and print the summary."""
    from scribblebench.report.write import write_report  # slow: brings torch

    written = write_report(folder)
    for remark in written.remarks:
        typer.echo(f"note: {remark}", err=True)
    typer.echo(written.markdown)
    typer.echo("Tables:")
    for path in written.tables:
        typer.echo(f"  {path}")
    typer.echo("Figures:")
    for path in written.figures:
        typer.echo(f"  {path}")
