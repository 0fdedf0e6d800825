"""`scribblebench realism`: statistics of scribbles, beside those of people."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.table import Table

from scribblebench.cli.measured import Measured, Source, measure
from scribblebench.cli.tables import print_table
from scribblebench.errors import InputError
from scribblebench.io.atomic import write_text
from scribblebench.scribbles.realism import compare, summarise
from scribblebench.types import IGNORE_LABEL

PER_SLICE = {
    "annotated_px": "annotated px",
    "share": "annotated share",
    "missed": "missed slices",
    "n_strokes": "strokes",
    "length": "total length, {unit}",
    "length_per_perimeter": "length / perimeter",
    "depth": "depth",
    "coverage_mean": "coverage, mean {unit}",
    "coverage_p95": "coverage, p95 {unit}",
    "unreached_fraction": "unreached share",
    "spill": "spill",
    "spill_median": "spill, median {unit}",
    "spill_p95": "spill, p95 {unit}",
    "ring_distance": "ring distance, {unit}",
    "ring_sd": "ring sd, {unit}",
    "ring_encircled": "ring encircles",
}
PER_STROKE = {
    "stroke_length": "stroke length, {unit}",
    "stroke_width": "stroke width, {unit}",
    "stroke_closed": "closed strokes",
    "stroke_tortuosity": "tortuosity",
}
"""Statistics that are compared and how they are called in tables and figures."""


def realism(
    scribbles: Annotated[Path, typer.Option(help="Scribble label maps: a folder or a file.")],
    reference: Annotated[
        Path | None, typer.Option(help="The same of people, to compare with.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Dense labels of --scribbles. [default: its folder, if --labels-pattern is given]"
        ),
    ] = None,
    reference_labels: Annotated[
        Path | None,
        typer.Option(
            help="Dense labels of --reference. [default: its folder, if "
            "--reference-labels-pattern is given]"
        ),
    ] = None,
    scribbles_pattern: Annotated[
        str | None,
        typer.Option(help="File names with * for the case, such as '*_scribble.nii.gz'."),
    ] = None,
    reference_pattern: Annotated[str | None, typer.Option(help="The same.")] = None,
    labels_pattern: Annotated[
        str | None, typer.Option(help="The same, such as '*_gt.nii.gz'.")
    ] = None,
    reference_labels_pattern: Annotated[str | None, typer.Option(help="The same.")] = None,
    ignore_label: Annotated[
        int, typer.Option(min=0, max=255, help="Value of pixels that are not annotated.")
    ] = IGNORE_LABEL,
    reference_ignore_label: Annotated[
        int, typer.Option(min=0, max=255, help="The same; ACDC and MSCMR have 4.")
    ] = IGNORE_LABEL,
    pixels: Annotated[
        bool, typer.Option("--pixels", help="Measure in pixels also where files state a spacing.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="Folder for tables and figure.")] = None,
) -> None:
    """Measure scribbles and compare them with those that people drew.

    Prints, for each class and statistic, mean ± sd (n) of both and how far apart their
    distributions are: distance is the 1-Wasserstein distance in standard deviations of the
    reference, KS the largest difference of the distribution functions. With --output,
    writes them to realism.csv, each slice and class to statistics.csv, each stroke to strokes.csv
    and the distributions to realism.png.
    """
    if output is not None and output.is_file():
        raise InputError(f"--output: must be a folder, got the file {output}")
    if reference is None and (reference_labels or reference_pattern or reference_labels_pattern):
        raise InputError("--reference: must be given with options that begin with --reference")
    sources = [
        Source(
            *("scribbles", "", scribbles, scribbles_pattern),
            *(labels, labels_pattern, ignore_label),
        )
    ]
    if reference is not None:
        of_reference = Source(
            *("reference", "reference-", reference, reference_pattern),
            *(reference_labels, reference_labels_pattern, reference_ignore_label),
        )
        sources.insert(0, of_reference)
    sides = [measure(source, pixels=pixels) for source in sources]
    unit = _unit(sides)
    result = _compare(sides)
    _print(result, unit, compared=len(sides) == 2)
    if output is not None:
        _write(output, sides, result, unit)
        typer.echo(f"realism.csv, statistics.csv, strokes.csv and realism.png: {output}")


def _unit(sides: list[Measured]) -> str:
    """Return the one unit of all distances."""
    units = {side.name: sorted(side.classes["distance_unit"].unique()) for side in sides}
    found = {unit for side in units.values() for unit in side}
    if len(found) > 1:
        where = "; ".join(f"{name}: {' and '.join(unit)}" for name, unit in units.items())
        raise InputError(f"distances must have one unit, got {where}; --pixels makes all px")
    return found.pop() if found else "px"


def _compare(sides: list[Measured]) -> pd.DataFrame:
    """Return all statistics, sorted by class, without those that no side has."""
    parts = []
    for names, tables in (
        (PER_SLICE, [side.classes for side in sides]),
        (PER_STROKE, [side.strokes for side in sides]),
    ):
        columns = list(names)
        alone = len(tables) == 1
        parts.append(
            summarise(tables[0], columns) if alone else compare(tables[0], tables[1], columns)
        )
    result = pd.concat(parts, ignore_index=True).sort_values("class_id", kind="stable")
    counts = result[[c for c in ("n", "n_reference") if c in result]]
    return result[counts.sum(axis=1) > 0].reset_index(drop=True)


def _print(result: pd.DataFrame, unit: str, *, compared: bool) -> None:
    table = Table(box=None, header_style="bold", padding=(0, 1))
    table.add_column("class", justify="right")
    table.add_column("statistic", no_wrap=True)
    numbers = ["scribbles"]
    if compared:
        numbers = ["reference", "scribbles", "mean ratio", "sd ratio", "distance", "KS"]
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=True)
    names = PER_SLICE | PER_STROKE
    for class_id, rows in result.groupby("class_id"):
        for i, row in enumerate(rows.to_dict("records")):
            cells = [_moments(row["mean"], row["sd"], row["n"])]
            if compared:
                of_reference = (row[f"{c}_reference"] for c in ("mean", "sd", "n"))
                cells.insert(0, _moments(*of_reference))
                measures = ("mean_ratio", "sd_ratio", "distance", "ks")
                cells += [_number(row[measure]) for measure in measures]
            label = names[str(row["statistic"])].format(unit=unit)
            table.add_row("" if i else str(class_id), label, *cells)
        table.add_section()
    print_table(table)


def _moments(mean: float, sd: float, n: int) -> str:
    return f"{_number(mean)} ± {_number(sd)} ({n})" if n else "-"


def _number(value: float) -> str:
    """Format with three significant digits, all digits before the point and none for NaN."""
    if math.isnan(value):
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _write(output: Path, sides: list[Measured], result: pd.DataFrame, unit: str) -> None:
    from scribblebench.report.distributions import distributions_figure  # slow: matplotlib
    from scribblebench.report.style import save

    for name, tables in (
        ("statistics.csv", [side.classes.assign(side=side.name) for side in sides]),
        ("strokes.csv", [side.strokes.assign(side=side.name) for side in sides]),
    ):
        write_text(output / name, pd.concat(tables, ignore_index=True).to_csv(index=False))
    write_text(output / "realism.csv", result.to_csv(index=False))
    statistics = {
        name: label.format(unit=unit)
        for name, label in (PER_SLICE | PER_STROKE).items()
        if (result["statistic"] == name).any()
    }
    figure = distributions_figure({side.name: _values(side) for side in sides}, statistics)
    save(figure, output / "realism", (".png",))


def _values(side: Measured) -> pd.DataFrame:
    """Return all statistics of a side in long form: class_id, statistic, value."""
    parts = [
        table.melt("class_id", list(names), var_name="statistic").astype({"value": float})
        for table, names in ((side.classes, PER_SLICE), (side.strokes, PER_STROKE))
    ]
    return pd.concat([part.dropna() for part in parts], ignore_index=True)
