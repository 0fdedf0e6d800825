"""How patients' scores are distributed, cell by cell, and which cells differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.figures.layout import (
    SIGNIFICANCE,
    SIGNIFICANCE_NOTE,
    add_legend,
    add_title,
    is_wide,
    lanes,
    note,
    row_names,
    rows_height,
    set_rows,
    settle,
    shifted,
    significance_mark,
)
from scribblebench.report.scores import Metric
from scribblebench.report.style import COLOURS, GREY, PAPER, Style, StyledFigure, new_figure, styled
from scribblebench.seeding import rng_for
from scribblebench.types import Float64Array

MOST_BRACKETS = 6
"""The smallest p-values of more are drawn: a figure is no table."""

LANE_EM = 1.3
"""Width of a bracket with its mark."""


def box_figure(
    patients: pd.DataFrame,
    comparisons: pd.DataFrame,
    metric: Metric,
    *,
    class_name: str = AVERAGE_NAME,
    unit: str = "",
    title: str = "",
    style: Style = PAPER,
) -> StyledFigure:
    """Draw box and dots of patients' scores, a row for each cell, the best median at the top.

    The box spans the quartiles with a line at the median; whiskers reach to the furthest patient
    within 1.5 times its length. Infinite distances, of failures, stand in a strip of their own.
    Brackets join cells that differ (Holm-corrected p below 0.05), the `MOST_BRACKETS` smallest p.

    Parameters
    ----------
    patients : DataFrame
        Columns `label`, `cell`, `class_name` and `value`: a row for each patient.
    comparisons : DataFrame
        Columns `class_name`, `metric`, `cell_a`, `cell_b`, `p_holm` and `difference`; may be empty.
    metric : Metric
    class_name : str
    unit : str
        Of distances.
    title : str
    style : Style
    """
    chosen = patients[(patients["class_name"] == class_name) & patients["value"].notna()]
    medians = chosen.groupby("cell", sort=False)["value"].median()
    order = list(medians.sort_values(ascending=not metric.larger_is_better, kind="stable").index)
    groups = [chosen.loc[chosen["cell"] == cell, "value"].to_numpy() for cell in order]
    labels = chosen.groupby("cell")["label"].first()
    counts = [len(group) for group in groups]
    is_one = len(set(counts)) == 1
    names = row_names(
        [
            labels[c] if is_one else f"{labels[c]} (n={n})"
            for c, n in zip(order, counts, strict=True)
        ]
    )
    brackets, n_found = chosen_brackets(comparisons, order, metric, class_name)
    with styled(style):
        width = style.width(double=is_wide(names))
        height = rows_height(names, style, 1.8) + style.em(3.2)
        figure = new_figure(width, height, style)
        axes = figure.add_subplot()
        has_infinite = _draw_boxes(axes, groups, style)
        set_rows(axes, names)
        _draw_brackets(axes, brackets, style, width)
        axes.set_xlabel(
            metric.label
            + (f" [{unit}]" if unit else "")
            + ("" if class_name == AVERAGE_NAME else f", {class_name}")
            + (f" (n={counts[0]} patients)" if is_one else "")
        )
        add_title(figure, title)
        add_legend(figure, _handles(len(brackets), n_found, has_infinite, style))
        settle(figure)
    return figure


def chosen_brackets(
    comparisons: pd.DataFrame, order: Sequence[int], metric: Metric, class_name: str
) -> tuple[pd.DataFrame, int]:
    """Return the comparisons that are drawn, and how many are significant.

    Significant ones, the smallest p first and of equal ones the largest difference; a pair that
    was compared in several families counts by its largest p.

    Returns
    -------
    brackets : DataFrame
        `first` and `last` row, and `mark`.
    n_significant : int
    """
    row = {cell: i for i, cell in enumerate(order)}
    chosen = comparisons[
        (comparisons["class_name"] == class_name)
        & (comparisons["metric"] == metric.name)
        & comparisons["cell_a"].isin(order)
        & comparisons["cell_b"].isin(order)
        & (comparisons["p_holm"] < SIGNIFICANCE[-1][0])
    ]
    ends = np.sort(np.column_stack([chosen[c].map(row) for c in ("cell_a", "cell_b")]), axis=1)
    chosen = chosen.assign(
        first=ends[:, 0],
        last=ends[:, 1],
        mark=[significance_mark(p) for p in chosen["p_holm"]],
        size=-chosen["difference"].abs(),
    )
    chosen = chosen.sort_values("p_holm").drop_duplicates(["first", "last"], keep="last")
    drawn = chosen.sort_values(["p_holm", "size"], kind="stable")[:MOST_BRACKETS]
    return drawn.sort_values(["first", "last"])[["first", "last", "mark"]], len(chosen)


def _draw_boxes(axes: Axes, groups: Sequence[Float64Array], style: Style) -> bool:
    """Draw boxes and dots; return whether a value was infinite, and stands in a strip."""
    finite = np.concatenate([g[np.isfinite(g)] for g in groups])
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    step = 0.08 * (high - low or 1.0)
    has_infinite = bool(any(np.isinf(g).any() for g in groups))
    for y, group in enumerate(groups):
        values = np.where(np.isinf(group), high + step, group)
        colour = COLOURS[0]
        axes.boxplot(
            [values],
            positions=[y],
            widths=0.55,
            orientation="horizontal",
            showfliers=False,
            manage_ticks=False,
            patch_artist=True,
            boxprops={"facecolor": colour, "alpha": 0.25, "edgecolor": colour},
            medianprops={"color": colour, "linewidth": 1.6 * style.line_pt},
            whiskerprops={"color": colour, "linewidth": style.thin_pt},
            capprops={"color": colour, "linewidth": style.thin_pt},
        )
        shift = rng_for(0, "strip", len(values)).uniform(-0.2, 0.2, len(values))
        axes.plot(
            values,
            y + shift,
            "o",
            color=COLOURS[1],
            alpha=0.7,
            markersize=style.dot_pt,
            markeredgewidth=0,
            zorder=4,  # over the line at the median
        )
    if has_infinite:
        axes.axvspan(high + step / 2, high + 1.5 * step, color=GREY, alpha=0.1, linewidth=0)
        axes.set_xlim(right=high + 1.5 * step)
    return has_infinite


def _draw_brackets(axes: Axes, brackets: pd.DataFrame, style: Style, width_in: float) -> None:
    """Draw brackets right of the axes, short ones first, those that would meet in lanes apart."""
    length = brackets["last"] - brackets["first"]
    ordered = brackets.assign(length=length).sort_values("length", kind="stable")
    spans = [(float(a), float(b)) for a, b in zip(ordered["first"], ordered["last"], strict=True)]
    for (first, last), lane, mark in zip(spans, lanes(spans), ordered["mark"], strict=True):
        x = style.small_pt * (0.7 + LANE_EM * lane)
        right = shifted(axes, axes.get_yaxis_transform(), x_pt=x)
        hook = 0.3 * style.small_pt / 72 / width_in
        y = [first + 0.1, first + 0.1, last - 0.1, last - 0.1]
        axes.plot(
            [1.0, 1.0 + hook, 1.0 + hook, 1.0],
            y,
            color=GREY,
            linewidth=style.thin_pt,
            transform=right,
            clip_on=False,
        )
        axes.text(
            1.0 + 1.5 * hook,
            (first + last) / 2,
            mark,
            transform=right,
            rotation=90,
            va="center",
            ha="left",
            fontsize=style.small_pt,
            color=GREY,
        )


def _handles(n_brackets: int, n_found: int, has_infinite: bool, style: Style) -> dict[str, Artist]:
    dot = Line2D([], [], color=COLOURS[1], marker="o", linestyle="none", markersize=style.dot_pt)
    handles: dict[str, Artist] = {
        "median and quartiles": Patch(facecolor=COLOURS[0], edgecolor=COLOURS[0], alpha=0.4),
        "one patient": dot,
    }
    if has_infinite:
        handles["infinite: a class is missing"] = Patch(color=GREY, alpha=0.2)
    if n_brackets:
        handles[SIGNIFICANCE_NOTE] = note()
    if n_found > n_brackets:
        handles[f"brackets: the {n_brackets} smallest p of {n_found} significant pairs"] = note()
    return handles
