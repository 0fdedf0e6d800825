"""Tables as Markdown, for terminals and for pages that render it."""

from __future__ import annotations

import re

from scribblebench.report.tables.model import Column, Entry, Row, Table

DAGGER = "†"

SPECIAL = re.compile(
    r"[\\`*|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|<(?=[A-Za-z/!?])|\](?=[(\[:])|&(?=#?\w+;)"
)
"""Characters where they mean something. What does not (an underscore inside a word, the brackets
of an interval) is left readable, as Markdown is read in terminals too."""


def to_markdown(table: Table) -> str:
    """Return caption, table and notes; the best is bold, the second underlined."""
    header = [_header(column) for column in table.columns]
    rule = [":---" if column.align == "left" else "---:" for column in table.columns]
    lines = [header, rule]
    for group, rows in table.groups():
        if group:
            lines.append([f"*{escape(group)}*", *[""] * (len(header) - 1)])
        lines += [_line(row) for row in rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    notes = [escape(note) for note in notes_of(table)]
    return "\n\n".join([escape(table.caption), body, *notes]) + "\n"


def notes_of(table: Table) -> list[str]:
    """Return the table's notes, and what marks in it mean."""
    ranked = [
        *(["best in bold"] if table.has("best") else []),
        *(["second best underlined"] if table.has("second") else []),
    ]
    where = " among the rows under one heading" if len(table.groups()) > 1 else ""
    marks = [f"{', '.join(ranked).capitalize()}{where}."] if ranked else []
    return [*table.notes, *marks]


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return SPECIAL.sub(lambda m: f"\\{m.group()}", text.replace("\n", " "))


def _header(column: Column) -> str:
    name = ": ".join(filter(None, [column.group, column.header]))
    return escape(f"{name} ({column.unit})" if column.unit else name)


def _line(row: Row) -> list[str]:
    cells = [_cell(entry) for entry in row.entries]
    return cells if row.is_complete else [f"{cells[0]} {DAGGER}", *cells[1:]]


def _cell(entry: Entry) -> str:
    lead = escape(entry.lead)
    marked = {"best": f"**{lead}**", "second": f"<u>{lead}</u>", "": lead}[entry.mark]
    sign = f"<sup>{escape(entry.sign)}</sup>" if entry.sign else ""
    return marked + escape(entry.rest) + sign
