"""What each cell changes against a reference, and how often it collapses."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.figures.layout import (
    SIGNIFICANCE_NOTE,
    add_legend,
    add_title,
    is_wide,
    note,
    row_names,
    rows_height,
    set_rows,
    settle,
    significance_mark,
)
from scribblebench.report.figures.points import scores_of
from scribblebench.report.style import COLOURS, GREY, PAPER, Style, StyledFigure, new_figure, styled

WIDTH_RATIO = (2.2, 1.0)
"""Differences against collapse rates."""


def ablation_frame(
    cells: pd.DataFrame,
    summary: pd.DataFrame,
    comparisons: pd.DataFrame,
    reference: int,
    *,
    class_name: str = AVERAGE_NAME,
    metric: str = "dsc",
) -> pd.DataFrame:
    """Return the difference of each cell to the reference, with what is drawn beside it.

    Parameters
    ----------
    cells, summary, comparisons : DataFrame
        Of one report. A pair that was compared in several families counts by the first.
    reference : int
        The cell that others are compared with.
    class_name, metric : str

    Returns
    -------
    frame : DataFrame
        Columns `cell`, `label`, `is_reference`, `difference` (cell - reference), `low`, `high`,
        `p_holm`, `n_patients`, `collapse_rate`, `n_seeds`, `n_planned`; the reference with a
        difference of 0. From the largest difference down.
    """
    about = scores_of(cells, summary)
    about = about[about["class_name"] == class_name].set_index("cell")
    chosen = comparisons[
        (comparisons["class_name"] == class_name) & (comparisons["metric"] == metric)
    ]
    values = ["difference", "low", "high"]
    forward = chosen[chosen["cell_b"] == reference].rename(columns={"cell_a": "cell"})
    back = chosen[chosen["cell_a"] == reference].rename(columns={"cell_b": "cell"})
    back = back.assign(difference=-back["difference"], low=-back["high"], high=-back["low"])
    pairs = pd.concat([forward, back]).sort_index().drop_duplicates("cell")
    pairs = pairs[["cell", *values, "p_holm", "n_patients"]].assign(is_reference=False)
    own = {
        "cell": reference,
        "difference": 0.0,
        "is_reference": True,
        "n_patients": about["n_patients"][reference],
    }
    frame = pd.concat([pairs, pd.DataFrame([own])], ignore_index=True)
    wanted = ["label", "collapse_rate", "n_seeds", "n_planned"]
    frame = frame.join(about[wanted], on="cell")
    columns = ["cell", "label", "is_reference", *values, "p_holm", "n_patients", *wanted[1:]]
    return frame.sort_values("difference", ascending=False, kind="stable")[columns]


def ablation_figure(
    frame: pd.DataFrame,
    *,
    metric_label: str = "Dice",
    title: str = "",
    style: Style = PAPER,
) -> StyledFigure:
    """Draw differences to the reference with intervals, and beside them the collapse rates.

    Filled markers and asterisks for differences that are significant after Holm's correction.

    Parameters
    ----------
    frame : DataFrame
        See `ablation_frame`.
    metric_label, title : str
    style : Style
    """
    names = row_names(list(frame["label"]))
    (reference,) = frame.loc[frame["is_reference"], "label"]
    with styled(style):
        width = style.width(double=is_wide(names))
        figure = new_figure(width, rows_height(names, style, 1.6) + style.em(3.2), style)
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=WIDTH_RATIO)
        _draw_differences(left, frame, style)
        _draw_collapse(right, frame, style)
        set_rows(left, names)
        right.grid(visible=False, axis="y")
        right.tick_params(axis="y", length=0)
        where = "reference" if is_wide([str(reference)]) else str(reference)
        left.set_xlabel(f"{metric_label}: difference to {where}")
        right.set_xlabel("collapsed")
        add_title(figure, title)
        add_legend(figure, _handles(frame))
        settle(figure)
    return figure


def _draw_differences(axes: Axes, frame: pd.DataFrame, style: Style) -> None:
    axes.axvline(0.0, color=GREY, linestyle="--", linewidth=style.thin_pt)
    for y, (_, row) in enumerate(frame.iterrows()):
        if row["is_reference"]:
            axes.plot([0.0], [y], "D", color=GREY)
            continue
        mark = significance_mark(row["p_holm"])
        axes.plot([row["low"], row["high"]], [y, y], color=COLOURS[0])
        face = COLOURS[0] if mark else "white"
        axes.plot([row["difference"]], [y], "o", color=COLOURS[0], markerfacecolor=face)
        axes.annotate(
            mark,
            (row["high"], y),
            xytext=(0.4 * style.small_pt, -0.12 * style.small_pt),
            textcoords="offset points",
            va="center",
            fontsize=style.small_pt,
        )
    low = np.nanmin([0.0, *frame["low"], *frame["difference"]])
    high = np.nanmax([0.0, *frame["high"], *frame["difference"]])
    margin = 0.04 * (high - low or 0.1)
    axes.set_xlim(low - margin, high + 4 * margin)
    axes.locator_params(axis="x", nbins=5)


def _draw_collapse(axes: Axes, frame: pd.DataFrame, style: Style) -> None:
    """Draw the rate as a bar, with the number of collapsed seeds beside it."""
    rows = range(len(frame))
    axes.barh(rows, frame["collapse_rate"], 0.55, color=COLOURS[1], alpha=0.8)
    for y, (_, row) in zip(rows, frame.iterrows(), strict=True):
        n = row["n_seeds"]
        counted = f"{row['collapse_rate'] * n:.0f}/{n:.0f}"
        axes.annotate(
            counted,
            (row["collapse_rate"], y),
            xytext=(0.4 * style.small_pt, 0.0),
            textcoords="offset points",
            va="center",
            fontsize=style.small_pt,
            color=GREY,
        )
    axes.set_xlim(0.0, 1.55)
    axes.set_xticks([0.0, 1.0], ["0", "100 %"])


def _handles(frame: pd.DataFrame) -> dict[str, Artist]:
    marks = [bool(significance_mark(p)) for p in frame.loc[~frame["is_reference"], "p_holm"]]
    (reference,) = frame.loc[frame["is_reference"], "label"]
    handles: dict[str, Artist] = {
        f"reference: {reference}": Line2D([], [], color=GREY, marker="D", linestyle="none"),
    }
    if not all(marks):
        handles["not significant, 95 % interval"] = Line2D(
            [], [], color=COLOURS[0], marker="o", markerfacecolor="white"
        )
    if any(marks):
        handles["significant, 95 % interval"] = Line2D([], [], color=COLOURS[0], marker="o")
        handles[SIGNIFICANCE_NOTE] = note()
    handles["collapsed: seeds in which a class falls below 0.5 Dice"] = note()
    return handles
