"""Tables of a report: what they hold, and the formats they are written in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scribblebench.registry import Registry
from scribblebench.report.tables.comparisons import comparisons_table, gap_table
from scribblebench.report.tables.csv import to_csv
from scribblebench.report.tables.efficiency import area_table, principles_table, targets_table
from scribblebench.report.tables.html import to_html
from scribblebench.report.tables.latex import to_latex
from scribblebench.report.tables.markdown import to_markdown
from scribblebench.report.tables.model import Table
from scribblebench.report.tables.ranking import ranking_table
from scribblebench.report.tables.scores import scores_table

__all__ = [
    "TABLE_FORMATS",
    "Table",
    "TableFormat",
    "area_table",
    "comparisons_table",
    "gap_table",
    "principles_table",
    "ranking_table",
    "scores_table",
    "targets_table",
]


@dataclass(frozen=True)
class TableFormat:
    """A format of tables: the suffix of its files, and what writes one."""

    suffix: str
    write: Callable[[Table], str]


TABLE_FORMATS: Registry[TableFormat] = Registry("table format")
for _name, _suffix, _write in (
    ("csv", ".csv", to_csv),
    ("markdown", ".md", to_markdown),
    ("html", ".html", to_html),
    ("latex", ".tex", to_latex),
):
    TABLE_FORMATS.add(_name, TableFormat(_suffix, _write))
