"""Tables as HTML that a screen reader can read and a script can sort."""

from __future__ import annotations

from html import escape

from scribblebench.report.tables.markdown import DAGGER, notes_of
from scribblebench.report.tables.model import Column, Entry, Row, Table


def to_html(table: Table) -> str:
    """Return a `<table>` with its caption, headers with a scope, and notes in its foot.

    Entries hold their raw value in `data-value`. Rows without all their seeds have the class
    `incomplete`; the best is `<strong>`, the second `<u>`. Nothing depends on a style sheet.
    """
    lines = [
        f'<table class="report-table" id="table-{escape(table.name)}">',
        f"<caption>{escape(table.caption)}</caption>",
        "<thead>",
        *_head(table),
        "</thead>",
    ]
    width = len(table.columns)
    for group, rows in table.groups():
        lines.append("<tbody>")
        if group:
            lines.append(
                f'<tr><th scope="rowgroup" colspan="{width}" class="text">{escape(group)}</th></tr>'
            )
        lines += [_row(row, table.columns) for row in rows]
        lines.append("</tbody>")
    if notes := notes_of(table):
        paragraphs = "".join(f"<p>{escape(note)}</p>" for note in notes)
        lines += ["<tfoot>", f'<tr><td colspan="{width}">{paragraphs}</td></tr>', "</tfoot>"]
    return "\n".join([*lines, "</table>"]) + "\n"


def _head(table: Table) -> list[str]:
    """Return one row of headers, or two where columns have a heading in common."""
    if not any(column.group for column in table.columns):
        return [f"<tr>{''.join(_header(c, 'col') for c in table.columns)}</tr>"]
    upper, lower, at = "", "", 0
    for group, width in table.spans():
        columns = table.columns[at : at + width]
        at += width
        if group:
            upper += f'<th scope="colgroup" colspan="{width}">{escape(group)}</th>'
            lower += "".join(_header(c, "col") for c in columns)
        else:
            upper += "".join(_header(c, "col", ' rowspan="2"') for c in columns)
    return [f"<tr>{upper}</tr>", f"<tr>{lower}</tr>"]


def _header(column: Column, scope: str, more: str = "") -> str:
    unit = f' <span class="unit">({escape(column.unit)})</span>' if column.unit else ""
    return f'<th scope="{scope}"{more} class="{_kind(column)}">{escape(column.header)}{unit}</th>'


def _row(row: Row, columns: tuple[Column, ...]) -> str:
    first, *others = zip(row.entries, columns, strict=True)
    dagger = "" if row.is_complete else f"<sup>{DAGGER}</sup>"
    head = f'<th scope="row" class="{_kind(first[1])}">{_content(first[0])}{dagger}</th>'
    cells = "".join(
        f'<td class="{_kind(c)}"{_value(entry)}>{_content(entry)}</td>' for entry, c in others
    )
    opening = "<tr>" if row.is_complete else '<tr class="incomplete">'
    return f"{opening}{head}{cells}</tr>"


def _content(entry: Entry) -> str:
    """Return an entry that stays on one line."""
    lead = _unbroken(entry.lead)
    tag = {"best": "strong", "second": "u", "": ""}[entry.mark]
    marked = f"<{tag}>{lead}</{tag}>" if tag else lead
    return (
        marked + _unbroken(entry.rest) + (f"<sup>{escape(entry.sign)}</sup>" if entry.sign else "")
    )


def _unbroken(text: str) -> str:
    return escape(text).replace(" ", "&nbsp;")


def _value(entry: Entry) -> str:
    return "" if entry.value is None else f' data-value="{escape(str(entry.value))}"'


def _kind(column: Column) -> str:
    return "text" if column.align == "left" else "number"
