"""`scribblebench report`: tables, figures and a page of results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scribblebench.errors import InputError


def report(
    folders: Annotated[
        list[Path], typer.Argument(help="Results folders of sweeps; several are compared.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(help="Where to write. [default: report in the folder, or beside several]"),
    ] = None,
    formats: Annotated[
        str | None,
        typer.Option("--format", help="Formats of tables. [default: csv,md,html,tex]"),
    ] = None,
    metric: Annotated[
        str, typer.Option(help="What is compared: dsc, hd95, hd, assd, or several of them.")
    ] = "dsc,hd95",
    reference_method: Annotated[
        str | None,
        typer.Option(help="Method that others are compared with. [default: pce, or the first one]"),
    ] = None,
    margin: Annotated[
        float,
        typer.Option(help="Points of Dice within which scribbles are close to full supervision."),
    ] = 5.0,
    figure: Annotated[
        list[str] | None,
        typer.Option(help="Draw this figure and write nothing else; give it again for more."),
    ] = None,
    style: Annotated[str, typer.Option(help="Look of figures: paper or talk.")] = "paper",
    cases: Annotated[
        int, typer.Option(min=0, help="The most cases whose images become part of report.html.")
    ] = 50,
    allow_partial: Annotated[
        bool,
        typer.Option(
            "--allow-partial", help="Also rank and compare cells that lack seeds of the plan."
        ),
    ] = False,
) -> None:
    """Write tables, figures and report.html, and print what they say.

    Statistics are over patients: frames and seeds are averaged within a patient. Images of cases
    are part of report.html: before it is given to others, see the licence of the data.
    """
    from scribblebench.report.analysis import Wanted  # slow: brings torch
    from scribblebench.report.scores import METRICS
    from scribblebench.report.style import STYLES
    from scribblebench.report.typesetting import FORMATS
    from scribblebench.report.write import Options, write_report

    if not 0.0 < margin < 100.0:
        raise InputError(f"--margin: must be points of Dice between 0 and 100, got {margin:g}")
    metrics = _listed(metric)
    for name in metrics:
        METRICS[name]
    written = write_report(
        folders,
        output=output,
        options=Options(
            wanted=Wanted(
                metrics=metrics,
                reference_method=reference_method,
                margin=margin / 100.0,
                allow_partial=allow_partial,
            ),
            formats=list(FORMATS) if formats is None else _listed(formats),
            figures=figure,
            style=STYLES[style],
            n_cases=cases,
        ),
    )
    for remark in written.remarks:
        typer.echo(f"note: {remark}", err=True)
    if written.findings:
        typer.echo("\n".join(f"- {finding}" for finding in written.findings) + "\n")
    if written.markdown:
        typer.echo(written.markdown)
    typer.echo("Written:")
    for path in written.paths:
        typer.echo(f"  {path}")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
