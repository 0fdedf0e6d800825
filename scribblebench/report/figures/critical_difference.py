"""The critical-difference diagram: mean ranks, and bars over methods that do not differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scribblebench.report.figures.layout import add_title, broken, lanes, settle, shifted
from scribblebench.report.style import COLOURS, PAPER, Style, StyledFigure, new_figure, styled

LONGEST_NAME = 28
"""Letters of a name, above which it is broken: names stand on both sides."""

LANE = 0.5
"""Distance of bars, in rows of names."""

OVERHANG = 0.012
"""How far a bar reaches beyond its first and last rank, as a share of the axis: ties show too."""


def critical_difference_figure(
    ranks: pd.DataFrame,
    p_values: pd.DataFrame,
    *,
    alpha: float = 0.05,
    critical_difference: float | None = None,
    title: str = "",
    style: Style = PAPER,
) -> StyledFigure:
    """Draw mean ranks on an axis, best at the left, with names below it on both sides.

    A bar joins methods next to each other in rank of which no two differ significantly; bars that
    lie within others are left out (Demsar, JMLR 7, 2006).

    Parameters
    ----------
    ranks : DataFrame
        `label` and `rank`, the mean one, 1 the best.
    p_values : DataFrame
        Of each pair: square, its rows and columns the index of `ranks`.
    alpha : float
        Pairs with p below it differ.
    critical_difference : float or None
        Drawn as a scale over the axis, where one number holds for all pairs.
    title : str
    style : Style

    Raises
    ------
    ValueError
        If there are fewer than two methods, or `p_values` has other rows or columns.
    """
    if len(ranks) < 2:
        raise ValueError(f"ranks must hold two or more methods, got {len(ranks)}")
    for found in (p_values.index, p_values.columns):
        if set(found) != set(ranks.index):
            raise ValueError(f"p_values must be of the methods of ranks, got {list(found)}")
    ordered = ranks.sort_values("rank", kind="stable")
    bars = groups_of(ordered["rank"], p_values, alpha)
    names = [broken(str(label), LONGEST_NAME) for label in ordered["label"]]
    n_rows = (len(ordered) + 1) // 2
    lines = max(name.count("\n") + 1 for name in names)
    overhang = OVERHANG * (len(ordered) - 1)
    bars = [(low - overhang, high + overhang) for low, high in bars]
    lane_of = lanes(bars, margin=0.5 * overhang)
    first = 1.0 + LANE * (max(lane_of, default=-1) + 1)
    row = 1.0 if lines == 1 else 0.85 * lines
    depth = first + row * (n_rows - 1)
    scale = 1.6 if critical_difference is not None else 0.0
    is_double = len(ordered) > 6 or max(len(name) for name in names) > 12
    with styled(style):
        height = style.em(1.45 * (depth + scale + 0.7) + 3.0)
        figure = new_figure(style.width(double=is_double), height, style)
        axes = figure.add_subplot()
        _set_axis(axes, len(ordered), depth, scale)
        for i, (name, rank) in enumerate(zip(names, ordered["rank"], strict=True)):
            is_left = i < n_rows
            y = first + row * (i if is_left else len(ordered) - 1 - i)
            _draw_name(axes, name, rank, y, is_left=is_left, style=style)
        for (low, high), lane in zip(bars, lane_of, strict=True):
            y = 0.6 + LANE * lane
            axes.plot(
                [low, high],
                [y, y],
                color=COLOURS[0],
                linewidth=2.6 * style.line_pt,
                solid_capstyle="butt",
                clip_on=False,
            )
        if critical_difference is not None:
            _draw_scale(axes, critical_difference, style)
        add_title(figure, title)
        settle(figure)
    return figure


def groups_of(ranks: pd.Series, p_values: pd.DataFrame, alpha: float) -> list[tuple[float, float]]:
    """Return first and last rank of each longest run of methods of which no two differ.

    Parameters
    ----------
    ranks : Series
        Ascending; its index names the rows and columns of `p_values`.
    p_values : DataFrame
    alpha : float
    """
    differ = p_values.loc[ranks.index, ranks.index].to_numpy(dtype=np.float64) < alpha
    found: list[tuple[int, int]] = []
    for start in range(len(ranks)):
        end = start
        while end + 1 < len(ranks) and not differ[start : end + 1, end + 1].any():
            end += 1
        if end > start and (not found or end > found[-1][1]):
            found.append((start, end))
    return [(float(ranks.iloc[a]), float(ranks.iloc[b])) for a, b in found]


def _set_axis(axes: Axes, n: int, depth: float, scale: float) -> None:
    """Leave the axis of ranks alone, at the top; rows grow downwards."""
    axes.grid(visible=False)
    axes.set_xlim(1.0, float(n))
    axes.set_ylim(depth + 0.6, -0.1)
    axes.set_yticks([])
    for side in ("left", "bottom", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["top"].set_visible(True)
    axes.spines["top"].set_position(("data", 0.0))
    axes.xaxis.set_ticks_position("top")
    axes.set_xticks(range(1, n + 1))
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("mean rank (1 is the best)")


def _draw_name(
    axes: Axes, name: str, rank: float, y: float, *, is_left: bool, style: Style
) -> None:
    """Draw the line from a rank down to its row and out to its name."""
    across = axes.get_yaxis_transform()
    edge = -0.015 if is_left else 1.015
    low, high = axes.get_xlim()
    end = low + edge * (high - low)
    axes.plot(
        [rank, rank, end],
        [0.0, y, y],
        color="0.3",
        linewidth=style.thin_pt,
        clip_on=False,
    )
    axes.text(
        edge + (-0.01 if is_left else 0.01),
        y,
        f"{name} ({rank:.1f})",
        transform=across,
        ha="right" if is_left else "left",
        va="center",
        fontsize=style.small_pt,
    )


def _draw_scale(axes: Axes, critical_difference: float, style: Style) -> None:
    """Draw the critical difference as a length, over the axis and its label."""
    low, high = axes.get_xlim()
    end = min(low + critical_difference, high)
    said = f"critical difference {critical_difference:.2f}"
    if critical_difference > high - low:
        said += " (beyond the axis)"
    above = shifted(axes, axes.get_xaxis_transform(), y_pt=3.6 * style.font_pt)
    axes.plot([low, end], [1.0, 1.0], color="black", marker="|", transform=above, clip_on=False)
    axes.text(
        low,
        1.0,
        f"{said}\n",
        transform=above,
        va="center",
        fontsize=style.small_pt,
    )
