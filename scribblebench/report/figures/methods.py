"""Methods side by side: what a protocol without densities compares."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.cells import labels
from scribblebench.report.figures.layout import (
    add_legend,
    add_title,
    row_names,
    rows_height,
    set_rows,
    settle,
)
from scribblebench.report.figures.points import classes_of, lack_seeds, matching
from scribblebench.report.scores import CELL
from scribblebench.report.style import COLOURS, GREY, PAPER, Style, StyledFigure, new_figure, styled


def methods_figure(points: pd.DataFrame, *, title: str = "", style: Style = PAPER) -> StyledFigure:
    """Draw the mean Dice of each form and method, for the classes' average and for each class.

    Mean and 95 % interval over patients, a small dot for each seed; methods from the best to the
    worst average; full supervision as a dashed line with its own band. Cells that lack seeds say
    how many they have, and their means are open.

    Parameters
    ----------
    points : DataFrame
        See `scribblebench.report.figures.points.figure_points`.
    title : str
    style : Style
    """
    points = points[points["kind"] != "fit"]
    is_average = points["class_name"] == AVERAGE_NAME
    average = points[is_average & (points["kind"] == "mean") & (points["form"] != "dense")]
    order = average.sort_values("value", ascending=False, kind="stable")
    names = row_names([*map(_label, labels(order[CELL]), order.to_dict("records"))])
    panels_of = [AVERAGE_NAME, *classes_of(points)]
    with styled(style):
        height = rows_height(names, style, 1.7) + style.em(4.5)
        figure = new_figure(style.double_in, height, style)
        panels = figure.subplots(1, len(panels_of), sharey=True, squeeze=False)[0]
        for axes, class_name in zip(panels, panels_of, strict=True):
            _draw_panel(axes, points[points["class_name"] == class_name], order, style)
            axes.set_title("mean over classes" if class_name == AVERAGE_NAME else class_name)
            axes.set_xlabel("Dice")
            axes.locator_params(axis="x", nbins=3)
        set_rows(panels[0], names)
        for axes in panels[1:]:
            axes.tick_params(axis="y", length=0)
            axes.grid(visible=False, axis="y")
        add_title(figure, title)
        add_legend(figure, _handles(points, style))
        settle(figure)
    return figure


def _label(name: str, point: Mapping[Hashable, Any]) -> str:
    """Add to a name what the cell lacks."""
    if point["is_complete"] is False:
        return f"{name} ({point['n_seeds']:.0f}/{point['n_planned']:.0f} seeds)"
    return name


def _draw_panel(axes: Axes, points: pd.DataFrame, order: pd.DataFrame, style: Style) -> None:
    means = points[points["kind"] == "mean"]
    for _, full in means[means["form"] == "dense"].iterrows():
        axes.axvspan(full["low"], full["high"], color=GREY, alpha=0.13, linewidth=0)
        axes.axvline(full["value"], color=GREY, linestyle="--")
    for y, (_, cell) in enumerate(order.iterrows()):
        chosen = matching(points, cell, CELL)
        for _, mean in chosen[chosen["kind"] == "mean"].iterrows():
            axes.plot([mean["low"], mean["high"]], [y, y], color=COLOURS[0])
            face = "white" if mean["is_complete"] is False else COLOURS[0]
            axes.plot([mean["value"]], [y], "o", color=COLOURS[0], markerfacecolor=face)
        seeds = chosen.loc[chosen["kind"] == "seed", "value"]
        axes.plot(
            seeds,
            [y + 0.3] * len(seeds),
            "o",
            color=COLOURS[1],
            markersize=style.dot_pt,
            markeredgewidth=0,
        )


def _handles(points: pd.DataFrame, style: Style) -> dict[str, Artist]:
    handles: dict[str, Artist] = {
        "mean, 95 % interval over patients": Line2D([], [], color=COLOURS[0], marker="o"),
        "one seed": Line2D(
            [], [], color=COLOURS[1], marker="o", linestyle="none", markersize=style.dot_pt
        ),
    }
    for method in points.loc[points["form"] == "dense", "method"].unique():
        handles[f"dense labels ({method})"] = Line2D([], [], color=GREY, linestyle="--")
    if lack_seeds(points):
        handles["seeds are missing"] = Line2D(
            [], [], color=COLOURS[0], marker="o", markerfacecolor="white"
        )
    return handles
