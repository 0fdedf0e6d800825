"""What a table is, before it is written in one of the formats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from scribblebench.report.tables.numbers import number, p_value

Mark = Literal["", "best", "second"]


@dataclass(frozen=True)
class Part:
    """Text of an entry, made from fields of its row.

    Parameters
    ----------
    template : str
        With a `{}` or `{:spec}` for each field. A specification is that of
        `scribblebench.report.tables.numbers.number`, or `p` for p values.
    fields : tuple of str
    """

    template: str
    fields: tuple[str, ...]

    def text(self, row: Mapping[str, Any]) -> str:
        """Return the text for a row."""
        return self.template.format(*(_Formatted(row[f]) for f in self.fields))

    def is_missing(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a field has no value in the row."""
        return any(is_missing_value(row[f]) for f in self.fields)


def part(template: str, *fields: str) -> Part:
    """Return a part: `part("{:.3f}", "dsc_mean")`."""
    return Part(template, fields)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    header : str
        May be empty where `group` says it.
    parts : tuple of Part
        The first is the value; an entry whose first part has a missing field is a hyphen. Others
        (a spread, an interval) are left out where one of their fields is missing.
    unit : str
    group : str
        Heading over this column and its neighbours of the same group.
    align : {"left", "right"}
    best : {"largest", "smallest"}, optional
        Which value is the best, if the column is to be ranked.
    value : str
        Field by which the column is ranked and sorted; by default the first of the first part.
    """

    header: str
    parts: tuple[Part, ...]
    unit: str = ""
    group: str = ""
    align: Literal["left", "right"] = "right"
    best: Literal["largest", "smallest"] | None = None
    value: str = ""

    @property
    def key(self) -> str:
        """Field by which the column is ranked and sorted."""
        return self.value or self.parts[0].fields[0]


@dataclass(frozen=True)
class Entry:
    """What stands in one row of one column: `lead` (which marks apply to), `rest`, and a sign.

    `value` is the raw value, for sorting; None where there is none.
    """

    lead: str
    rest: str = ""
    value: float | str | None = None
    mark: Mark = ""
    sign: str = ""

    @property
    def text(self) -> str:
        """Lead and rest, without marks and sign."""
        return self.lead + self.rest


@dataclass(frozen=True)
class Row:
    """Entries, one for each column; the heading they stand under; whether all seeds are there."""

    entries: tuple[Entry, ...]
    group: str = ""
    is_complete: bool = True


@dataclass(frozen=True, eq=False)
class Table:
    """A table that every writer takes.

    Parameters
    ----------
    name : str
        For files and labels: letters, digits and hyphens.
    caption : str
        What is shown, with units and n.
    columns : tuple of Column
    rows : tuple of Row
        Rows of one group follow each other.
    notes : tuple of str
        Footnotes: what marks and words mean.
    data : DataFrame
        The raw numbers behind the rows, for CSV.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    data: pd.DataFrame

    def groups(self) -> list[tuple[str, list[Row]]]:
        """Return the rows under each heading, in order; "" for rows that have none."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.group, []).append(row)
        return list(found.items())

    def spans(self) -> list[tuple[str, int]]:
        """Return headings over columns and the number of columns that each spans."""
        found: list[tuple[str, int]] = []
        for column in self.columns:
            if found and column.group and found[-1][0] == column.group:
                found[-1] = (column.group, found[-1][1] + 1)
            else:
                found.append((column.group, 1))
        return found

    def has(self, mark: Mark) -> bool:
        """Tell whether an entry has the mark."""
        return any(entry.mark == mark for row in self.rows for entry in row.entries)


class _Formatted:
    """A value that `str.format` prints by the rules of `numbers`."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __format__(self, spec: str) -> str:
        if isinstance(self.value, str) or not spec:
            return str(self.value)
        value = float(self.value)
        return p_value(value) if spec == "p" else number(value, spec)


def is_missing_value(value: object) -> bool:
    """Tell whether a value is None or NaN."""
    return value is None or (isinstance(value, float | np.floating) and math.isnan(value))
