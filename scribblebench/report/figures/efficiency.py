"""The efficiency curve: Dice against the annotated share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.figures import curve_panel
from scribblebench.report.figures.layout import add_legend, add_title
from scribblebench.report.figures.points import classes_of, lack_seeds
from scribblebench.report.style import GREY, PAPER, Style, StyledFigure, new_figure, styled

X_LABEL = "density: annotated share of a class"
SHORT_X_LABEL = "density"

MOST_COLUMNS = 3
"""Panels beside each other."""


def efficiency_figure(
    points: pd.DataFrame, *, title: str = "", style: Style = PAPER
) -> StyledFigure:
    """Draw Dice, averaged over the classes, against density: a panel for each data set.

    A line for each form (and method and randomness, where there are several): the monotone fit
    with its band, the raw means with the intervals of patients as markers, and a small dot for
    each seed. Without a fit the means are joined. Full supervision is a dashed line with its own
    band, and 95 % and 90 % of it thin ones; scribbles that come with the data are stars at their
    measured share, or a dotted line where that is unknown. Means of cells that lack seeds are
    open.

    Parameters
    ----------
    points : DataFrame
        See `scribblebench.report.figures.points.figure_points`.
    title : str
    style : Style
    """
    return _panels_figure(points, [AVERAGE_NAME], title, style)


def classes_figure(points: pd.DataFrame, *, title: str = "", style: Style = PAPER) -> StyledFigure:
    """Draw the same curves for each class, side by side on one scale."""
    return _panels_figure(points, classes_of(points), title, style)


def _panels_figure(
    points: pd.DataFrame, classes: Sequence[str], title: str, style: Style
) -> StyledFigure:
    points = points[points["class_name"].isin(classes)]
    shown = list(points.groupby(["dataset", "class_name"], sort=False))
    several = (points["dataset"].nunique() > 1, len(classes) > 1)
    n_columns = min(len(shown), MOST_COLUMNS)
    n_rows = math.ceil(len(shown) / n_columns)
    with styled(style):
        width = style.width(double=n_columns > 1)
        figure = new_figure(width, 1.0, style)
        grid = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
        panels: list[Axes] = list(grid.ravel())
        for axes, (names, chosen) in zip(panels, shown, strict=False):
            whole = points[points["dataset"] == names[0]]
            curve_panel.draw_curves(axes, chosen, whole, style)
            curve_panel.format_density_axis(axes, chosen, width / style.em(1) / n_columns - 6)
            axes.set_ylim(curve_panel.limits_of(points))
            axes.set_title(", ".join(str(n) for n, s in zip(names, several, strict=True) if s))
            axes.set_xlabel(X_LABEL if n_columns == 1 else SHORT_X_LABEL)
        for axes in panels[len(shown) :]:
            axes.set_visible(False)
        for axes in panels[::n_columns]:
            axes.set_ylabel("Dice, mean over classes" if not several[1] else "Dice")
        handles = _handles(panels, points, style)
        figure.set_figheight(style.em(n_rows * (20 if n_columns == 1 else 16)))
        add_title(figure, title)
        add_legend(figure, handles)
        curve_panel.reserve_level_labels(figure, panels[: len(shown)], style)
        for axes, (_, chosen) in zip(panels, shown, strict=False):
            curve_panel.label_levels(axes, chosen, style)
    return figure


def _handles(panels: Sequence[Axes], points: pd.DataFrame, style: Style) -> dict[str, Artist]:
    """Return what the legend names: the lines of all panels, then what every line has."""
    handles: dict[str, Artist] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    interval = Line2D([], [], marker="|", linestyle="none", color=GREY)
    interval.set_markersize(1.8 * style.marker_pt)
    handles["95 % interval over patients"] = interval
    handles["one seed"] = Line2D(
        [], [], marker="o", linestyle="none", color=GREY, markersize=style.dot_pt
    )
    if (points["form"] == "dense").any():
        handles["95 % and 90 % of full"] = Line2D(
            [], [], color=GREY, linestyle=(0, (1, 2)), linewidth=style.thin_pt
        )
    if lack_seeds(points):
        handles["seeds are missing"] = Line2D(
            [], [], marker="o", linestyle="none", color=GREY, markerfacecolor="white"
        )
    return handles
