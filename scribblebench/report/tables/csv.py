"""Tables as CSV: the raw numbers behind them, in full precision."""

from __future__ import annotations

from scribblebench.report.tables.model import Table


def to_csv(table: Table) -> str:
    """Return the table's data: fractions and seconds as they are, NaN empty, infinity "inf"."""
    return table.data.to_csv(index=False, lineterminator="\n")
