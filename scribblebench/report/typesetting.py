"""Which tables a report has, and the formats they are written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from scribblebench.io.atomic import write_text
from scribblebench.registry import Registry
from scribblebench.report.analysis import Analysis
from scribblebench.report.tables.comparisons import comparisons_table, gap_table
from scribblebench.report.tables.csv import to_csv
from scribblebench.report.tables.efficiency import area_table, principles_table, targets_table
from scribblebench.report.tables.html import to_html
from scribblebench.report.tables.latex import to_latex
from scribblebench.report.tables.markdown import to_markdown
from scribblebench.report.tables.model import Table
from scribblebench.report.tables.ranking import ranking_table
from scribblebench.report.tables.scores import scores_table

FORMATS: Registry[Callable[[Table], str]] = Registry("format")
for _suffix, _write in (
    ("csv", to_csv),
    ("md", to_markdown),
    ("html", to_html),
    ("tex", to_latex),
):
    FORMATS.add(_suffix, _write)


def tables_of(
    analysis: Analysis, *, reference_method: str | None, allow_partial: bool
) -> Iterator[Table]:
    """Yield the tables that the results allow, the most important first."""
    a = analysis
    yield scores_table(
        a.cells,
        a.summary,
        comparisons=a.comparisons,
        reference_method=reference_method,
        allow_partial=allow_partial,
    )
    if len(a.gap):
        yield gap_table(a.cells, a.gap, allow_partial=allow_partial)
    if len(a.targets):
        yield targets_table(a.targets, a.cells, allow_partial=allow_partial)
    if len(a.area):
        yield area_table(a.area, a.cells, allow_partial=allow_partial)
    if len(a.principles):
        yield principles_table(a.principles)
    units = dict(
        zip(a.cells.index, a.summary.drop_duplicates("cell")["distance_unit"], strict=True)
    )
    for metric in dict.fromkeys(a.comparisons["metric"]):
        chosen = a.comparisons[a.comparisons["metric"] == metric]
        unit = "" if metric == "dsc" else str(units[chosen["cell_a"].iloc[0]])
        yield comparisons_table(
            a.cells, chosen, metric=metric, unit=unit, allow_partial=allow_partial
        )
    if len(a.ranking) > 2:
        yield ranking_table(a.cells, a.ranking, a.stability, allow_partial=allow_partial)


def write_table(folder: Path, table: Table, formats: list[str]) -> list[Path]:
    """Write a table in each format and return the paths.

    Raises
    ------
    InputError
        If a format is unknown.
    """
    paths = []
    for name in formats:
        path = folder / f"{table.name}.{name}"
        write_text(path, FORMATS[name](table))
        paths.append(path)
    return paths
