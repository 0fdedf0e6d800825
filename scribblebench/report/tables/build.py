"""Tables from frames: entries are filled in, and the best of each column is marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from scribblebench.report.tables.model import Column, Entry, Mark, Row, Table, is_missing_value
from scribblebench.types import BoolArray

LEAST_RANKED = 2
"""Fewer entries than this are not ranked: the only one is not the best of anything."""

LEAST_FOR_SECOND = 3
"""The second of two is the last one, which deserves no mark."""


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
    if is_missing_value(value):
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


def _key(value: object) -> object:
    """Return a value that equals itself, which NaN does not."""
    return None if is_missing_value(value) else value
