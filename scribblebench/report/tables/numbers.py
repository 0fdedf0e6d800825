"""How numbers are printed: fixed digits, a true minus sign, a hyphen for what is not there."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
ALPHA = 0.05
"""Level below which a p value is called significant."""


def number(value: float, spec: str) -> str:
    """Format a number; NaN is a hyphen and infinity its sign.

    What rounds to zero has no sign, as "-0.0" would say more than is known.

    Parameters
    ----------
    value : float
    spec : str
        A format specification for floats. With "%" for its type the value is printed in per cent
        (or, for Dice, in points) without the sign, which belongs to the unit of a column.
    """
    if math.isnan(value):
        return "-"
    if spec.endswith("%"):
        value, spec = 100.0 * value, f"{spec[:-1]}f"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = format(value, spec)
    if text[0] in "+-" and float(text) == 0.0:
        text = text[1:]
    return MINUS + text[1:] if text.startswith("-") else text


def p_value(p: float) -> str:
    """Format a p value: three digits without the leading zero, "<.001" below that.

    A value below `ALPHA` that would round to it has as many more digits as show that it is below.
    """
    if math.isnan(p):
        return "-"
    if p < 0.001:
        return "<.001"
    digits = 3
    while p < ALPHA <= round(p, digits):
        digits += 1
    return "1" if round(p, 3) == 1.0 else f"{p:.{digits}f}".lstrip("0")


def share(value: float) -> str:
    """Return a share in per cent with at most two digits that count: 0.0312 is "3.1"."""
    if math.isnan(value):
        return "-"
    percent = 100.0 * value
    return f"{percent:.0f}" if percent >= 9.95 else f"{float(f'{percent:.2g}'):g}"
