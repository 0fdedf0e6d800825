"""Durations as people type and read them."""

from __future__ import annotations

import re

from scribblebench.errors import InputError

SECONDS = {"h": 3600.0, "min": 60.0, "m": 60.0, "s": 1.0}


def parse_duration(text: str, option: str) -> float:
    """Return the seconds of a duration such as 12h, 90min, 1h30min or 45s.

    Raises
    ------
    InputError
        Naming the option, if the text is no duration.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(h|min|m|s)", text)
    if not parts or re.sub(r"(\d+(?:\.\d+)?)\s*(h|min|m|s)|\s", "", text):
        raise InputError(
            f"{option}: must be a duration such as 12h, 90min or 1h30min, got '{text}'"
        )
    return sum(float(number) * SECONDS[unit] for number, unit in parts)


def clock(seconds: float) -> str:
    """Return a duration for people."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
