"""Numbers of things, as commands print them."""

from __future__ import annotations


def counted(n: int, noun: str) -> str:
    """Return "1 case", "2 cases"; the noun's plural ends in s."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
