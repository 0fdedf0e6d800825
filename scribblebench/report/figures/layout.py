"""What figures share: titles and legends that fit, names of rows, marks of significance."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation, Transform
from scipy.optimize import isotonic_regression

from scribblebench.report.style import COLOURS, MARKERS, Style, StyledFigure
from scribblebench.types import Float64Array

LETTER = 0.62
"""Mean width of a letter of DejaVu Sans in its size, rounded up."""

LONGEST_NAME = 40
"""Letters of a row's name, above which it is broken."""

WIDE_NAME = 20
"""Letters of a row's name, above which a figure spans both columns."""

LEAST_ROWS = 4
"""Figures with fewer rows are as high as if they had these."""

LEAST_ROW_EM = 1.05
"""Height of a row, a line of its name, below which names would meet."""

AROUND_ROWS_EM = 11.0
"""What axes, title and legend take of the height of a page."""

LINES = ("-", (0, (4, 1.5)), (0, (1, 1.2)))

SIGNIFICANCE = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
"""Marks of p-values below a level, as journals use them."""

SIGNIFICANCE_NOTE = "* p < 0.05, ** p < 0.01, *** p < 0.001 (Holm)"


def significance_mark(p_value: float) -> str:
    """Return the asterisks of a p-value; empty where it is not below 0.05, or NaN."""
    return next((mark for level, mark in SIGNIFICANCE if p_value < level), "")


def look(i: int) -> dict[str, Any]:
    """Return colour, marker and line of the i-th thing that is compared; 21 differ."""
    turn = i // len(COLOURS)
    return {
        "color": COLOURS[i % len(COLOURS)],
        "marker": MARKERS[(i + turn) % len(MARKERS)],
        "linestyle": LINES[turn % len(LINES)],
    }


def broken(text: str, n_letters: int) -> str:
    """Break a name into lines of at most `n_letters`, after a space, comma, `_`, `+` or `-`.

    Parts that are longer by themselves are cut. Lines that the text has already stay apart.
    """
    lines = []
    for line in text.splitlines():
        parts = "".join(c + "\0" if c in " ,_+-/" else c for c in line).split("\0")
        current = ""
        for part in parts:
            if current and len(current) + len(part.rstrip()) > n_letters:
                lines.append(current.rstrip())
                current = ""
            current += part
            while len(current.rstrip()) > n_letters:
                lines.append(current[:n_letters])
                current = current[n_letters:]
        lines.append(current.rstrip())
    return "\n".join(lines)


def add_title(figure: StyledFigure, title: str) -> None:
    """Write a title over the figure's left edge, which makes the figure higher; none if empty.

    It is broken where it is too long.
    """
    if title:
        text = fitted(figure, title)
        figure.suptitle(text, x=0.01, ha="left")
        _grow(figure, figure.style.em(1.3 * (text.count("\n") + 1)))


def fitted(figure: StyledFigure, title: str) -> str:
    """Return a title in lines that are not longer than the figure is wide."""
    letters = int(figure.get_figwidth() * 72 / (figure.style.font_pt * LETTER))
    return textwrap.fill(title, letters)


def add_legend(figure: StyledFigure, handles: Mapping[str, Artist]) -> None:
    """Put the figure's legend below it, which makes the figure higher.

    It has as many columns as the figure's width can hold; names that are longer are broken.
    """
    if not handles:
        return
    letters = int(figure.get_figwidth() * 72 / (figure.style.small_pt * LETTER)) - 6
    names = [broken(name, letters) for name in handles]
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call] # stubs lack it
    for n_columns in range(min(len(names), 6), 0, -1):
        legend = figure.legend(
            list(handles.values()), names, loc="outside lower center", ncols=n_columns
        )
        extent = legend.get_window_extent(renderer)
        if extent.width <= 0.97 * figure.bbox.width or n_columns == 1:
            _grow(figure, extent.height / figure.dpi)
            return
        legend.remove()


def settle(figure: StyledFigure) -> None:
    """Lay the finished figure out, once: in all formats, and each time it is drawn, it is alike."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def _grow(figure: StyledFigure, more_in: float) -> None:
    figure.set_figheight(figure.get_figheight() + more_in)


def shifted(axes: Axes, transform: Transform, *, x_pt: float = 0.0, y_pt: float = 0.0) -> Transform:
    """Return a transform that ends some points further right and up."""
    by = ScaledTranslation(x_pt / 72, y_pt / 72, axes.figure.dpi_scale_trans)
    return transform + by


def note() -> Artist:
    """Return the handle of a legend's entry that is words alone."""
    return Line2D([], [], linestyle="none")


def spread(positions: Sequence[float], gap: float) -> Float64Array:
    """Move numbers apart until neighbours are at least `gap` apart, by the least squares.

    Parameters
    ----------
    positions : sequence of float, shape (n,)
        In any order.
    gap : float

    Returns
    -------
    moved : ndarray of float64, shape (n,)
        In the order of `positions`, which stays the same: the isotonic regression of what is left
        after the gaps.
    """
    wanted = np.asarray(positions, dtype=np.float64)
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    moved = np.empty_like(wanted)
    if len(wanted):
        moved[order] = isotonic_regression(wanted[order] - steps).x + steps
    return moved


def apart(positions: Sequence[float], gap: float) -> list[bool]:
    """Say which of ascending positions stay when those nearer than `gap` to the last are left out.

    The last one stays always.
    """
    kept: list[float] = []
    for position in reversed(positions):
        if not kept or kept[-1] - position >= gap:
            kept.append(position)
    return [position in kept for position in positions]


def lanes(spans: Sequence[tuple[float, float]], margin: float = 0.0) -> list[int]:
    """Give each span the first lane in which it meets no earlier one."""
    taken: list[list[tuple[float, float]]] = []
    chosen = []
    for low, high in spans:
        is_free = [all(high + margin < a or b + margin < low for a, b in lane) for lane in taken]
        lane = is_free.index(True) if any(is_free) else len(taken)
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        chosen.append(lane)
    return chosen


def row_names(labels: Sequence[str]) -> list[str]:
    """Return the names of rows, long ones on several lines."""
    return [broken(label, LONGEST_NAME) for label in labels]


def is_wide(names: Sequence[str]) -> bool:
    """Whether names of rows leave too little of a single column for what they name."""
    return max((len(line) for name in names for line in name.splitlines()), default=0) > WIDE_NAME


def rows_height(names: Sequence[str], style: Style, per_row_em: float = 1.5) -> float:
    """Return the height in inches that rows with these names take.

    Where they would not fit on a page they are as narrow as their letters allow.
    """
    lines = max((name.count("\n") + 1 for name in names), default=1)
    row = per_row_em if lines == 1 else max(per_row_em, 1.3 * lines)
    n_rows = max(len(names), LEAST_ROWS)
    page_em = style.highest_in / style.em(1.0) - AROUND_ROWS_EM
    return style.em(n_rows * min(row, max(page_em / n_rows, LEAST_ROW_EM * lines)))


def set_rows(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows of an axes, the first at the top."""
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def runs(values: Sequence[bool]) -> list[tuple[int, int]]:
    """Return first and last index of each run of True."""
    found, start = [], 0
    for value, group in groupby(values):
        n = len(list(group))
        if value:
            found.append((start, start + n - 1))
        start += n
    return found
