"""Tables on standard output."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

FILE_WIDTH = 160
"""Columns of a table where standard output is no terminal, but a file or another command."""


def print_table(table: Table) -> None:
    """Print a table, as wide as the terminal or, where there is none, `FILE_WIDTH`."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=FILE_WIDTH)
    console.print(table)
