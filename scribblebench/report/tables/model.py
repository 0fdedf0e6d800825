"""What a table is, before it is written in one of the formats."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from scribblebench.report.tables.numbers import number, p_value
from scribblebench.types import BoolArray

Mark = Literal["", "best", "second"]

LEAST_RANKED = 2
"""Fewer entries than this are not ranked: the only one is not the best of anything."""

LEAST_FOR_SECOND = 3
"""The second of two is the last one, which deserves no mark."""


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
        return any(_is_nan(row[f]) for f in self.fields)


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


def build_table(
    shown: pd.DataFrame,
    columns: Sequence[Column],
    *,
    name: str,
    caption: str,
    notes: Sequence[str] = (),
    data: pd.DataFrame | None = None,
    group: str | None = None,
    within: Sequence[str] = (),
    is_complete: BoolArray | None = None,
    is_ranked: BoolArray | None = None,
    signs: Mapping[tuple[int, str], str] | None = None,
) -> Table:
    """Fill a table's entries and mark the best and the second of each column.

    Values are compared as they are printed, so that entries that look alike are marked alike:
    several bests have no second after them. Nothing is marked where all are equal, and a value
    that is missing or infinite never is.

    Parameters
    ----------
    shown : DataFrame
        A row for each row of the table, with the fields of the columns.
    columns : sequence of Column
    name, caption, notes : see `Table`
    data : DataFrame, optional
        What is written as CSV; `shown` by default.
    group : str, optional
        Field with the heading that a row stands under; rows are gathered under it.
    within : sequence of str
        Fields whose rows are ranked among themselves.
    is_complete, is_ranked : ndarray of bool, shape (n_rows,), optional
        Rows with all their seeds, and rows that take part in rankings; all by default.
    signs : mapping of (int, str) to str, optional
        Superscripts by the position of a row and the key of a column.
    """
    complete = np.ones(len(shown), dtype=bool) if is_complete is None else is_complete
    ranked = complete if is_ranked is None else is_ranked
    records = [{str(k): v for k, v in row.items()} for row in shown.to_dict("records")]
    keys = [tuple(_key(row[f]) for f in within) for row in records]
    filled = []
    for column in columns:
        entries = [_entry(column, row) for row in records]
        marks = _marks(entries, column, keys, ranked)
        filled.append(
            [
                Entry(e.lead, e.rest, e.value, mark, (signs or {}).get((i, column.key), ""))
                for i, (e, mark) in enumerate(zip(entries, marks, strict=True))
            ]
        )
    rows = [
        Row(tuple(entries[i] for entries in filled), str(row[group]) if group else "", bool(whole))
        for i, (row, whole) in enumerate(zip(records, complete, strict=True))
    ]
    order = list(dict.fromkeys(row.group for row in rows))
    gathered = sorted(rows, key=lambda row: order.index(row.group))
    whole_data = shown if data is None else data
    return Table(name, caption, tuple(columns), tuple(gathered), tuple(notes), whole_data)


def _entry(column: Column, row: Mapping[str, Any]) -> Entry:
    first, *others = column.parts
    if first.is_missing(row):
        return Entry("-")
    rest = "".join(p.text(row) for p in others if not p.is_missing(row))
    value = row[column.key]
    if _is_nan(value):
        return Entry(first.text(row), rest)
    return Entry(first.text(row), rest, value if isinstance(value, str) else float(value))


def _marks(
    entries: Sequence[Entry], column: Column, keys: Sequence[tuple[Any, ...]], ranked: BoolArray
) -> list[Mark]:
    """Return the mark of each entry of a column."""
    marks: list[Mark] = [""] * len(entries)
    if column.best is None:
        return marks
    sign = -1.0 if column.best == "largest" else 1.0
    for key in dict.fromkeys(keys):
        values = {
            i: sign * e.value
            for i, e in enumerate(entries)
            if keys[i] == key
            and ranked[i]
            and isinstance(e.value, float)
            and math.isfinite(e.value)
        }
        if len(values) < LEAST_RANKED:
            continue
        places = list(
            dict.fromkeys(entries[i].lead for i in sorted(values, key=values.__getitem__))
        )
        if len(places) == 1:
            continue
        first = [i for i in values if entries[i].lead == places[0]]
        second = [i for i in values if entries[i].lead == places[1]]
        for i in first:
            marks[i] = "best"
        if len(first) == 1 and len(values) >= LEAST_FOR_SECOND:
            for i in second:
                marks[i] = "second"
    return marks


class _Formatted:
    """A value that `str.format` prints by the rules of `numbers`."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __format__(self, spec: str) -> str:
        if isinstance(self.value, str) or not spec:
            return str(self.value)
        value = float(self.value)  # type: ignore[arg-type]
        return p_value(value) if spec == "p" else number(value, spec)


def _is_nan(value: object) -> bool:
    return value is None or (isinstance(value, float | np.floating) and math.isnan(value))


def _key(value: object) -> object:
    """Return a value that equals itself, which NaN does not."""
    return None if _is_nan(value) else value
