"""The efficiency curve: Dice against the annotated share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.cells import DENSE
from scribblebench.report.figures import curve_panel
from scribblebench.report.figures.layout import add_legend, add_title, note
from scribblebench.report.figures.points import LINE, classes_of, lack_seeds
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
    open. Where there are more than `curve_panel.MOST_LINES` lines, each method has a panel of its
    own. Lines
    of a single density are left out where others have more.

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
    points = _with_a_curve(points[points["class_name"].isin(classes)])
    shown = _panels(points)
    n_columns = min(len(shown), MOST_COLUMNS)
    n_rows = math.ceil(len(shown) / n_columns)
    with styled(style):
        width = style.width(double=n_columns > 1)
        figure = new_figure(width, 1.0, style)
        grid = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
        panels: list[Axes] = list(grid.ravel())
        for axes, panel in zip(panels, shown, strict=False):
            curve_panel.draw_curves(axes, panel.points, panel.whole, style)
            curve_panel.format_density_axis(axes, panel.points, width / style.em(1) / n_columns - 6)
            axes.set_ylim(curve_panel.limits_of(points))
            axes.set_title(panel.title)
            axes.set_xlabel(X_LABEL if n_columns == 1 else SHORT_X_LABEL)
        for axes in panels[len(shown) :]:
            axes.set_visible(False)
        for axes in panels[::n_columns]:
            axes.set_ylabel("Dice, mean over classes" if len(classes) == 1 else "Dice")
        handles = _handles(panels, points, style)
        figure.set_figheight(style.em(n_rows * (20 if n_columns == 1 else 16)))
        add_title(figure, title)
        add_legend(figure, handles)
        curve_panel.reserve_level_labels(figure, panels[: len(shown)], style)
        for axes, panel in zip(panels, shown, strict=False):
            curve_panel.label_levels(axes, panel.points, style)
    return figure


def _with_a_curve(points: pd.DataFrame) -> pd.DataFrame:
    """Leave out lines of a single density where others have more: heat maps show them."""
    is_line = (points["form"] != DENSE) & points["density"].notna()
    drawn = points[is_line & (points["kind"] == "mean")]
    n_densities = drawn.groupby(LINE, dropna=False)["density"].nunique()
    if not (n_densities > 1).any():
        return points
    keys = pd.MultiIndex.from_frame(points[LINE])
    return points[~is_line | keys.isin(n_densities.index[n_densities > 1])]


@dataclass(frozen=True)
class _Panel:
    """What one panel shows; `whole` decides the colours, which are those of its neighbours."""

    title: str
    points: pd.DataFrame
    whole: pd.DataFrame


def _panels(points: pd.DataFrame) -> list[_Panel]:
    """Return a panel for each data set and class, and for each method if there are many lines."""
    is_dense = points["form"] == DENSE
    lines = points.loc[~is_dense & points["density"].notna(), LINE].drop_duplicates()
    methods = list(points.loc[~is_dense, "method"].unique())
    is_split = len(methods) > 1 and lines["dataset"].value_counts().max() > curve_panel.MOST_LINES
    several = [points[c].nunique() > 1 for c in ("dataset", "class_name")]
    shown = []
    for names, chosen in points.groupby(["dataset", "class_name"], sort=False):
        whole = points[points["dataset"] == names[0]]
        title = [str(n) for n, is_told in zip(names, several, strict=True) if is_told]
        if not is_split:
            shown.append(_Panel(", ".join(title), chosen, whole))
            continue
        for method in methods:
            own = chosen[(chosen["form"] == DENSE) | (chosen["method"] == method)]
            if (own["form"] == DENSE).all():
                continue
            # As if all were of this method, so that a form has one colour in all panels.
            alike = whole.assign(method=whole["method"].where(whole["form"] == DENSE, method))
            shown.append(_Panel(", ".join([*title, str(method)]), own, alike))
    return shown


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
    if (points["form"] == DENSE).any():
        handles["95 % and 90 % of full"] = Line2D(
            [], [], color=GREY, linestyle=(0, (1, 2)), linewidth=style.thin_pt
        )
    randomness = points.loc[points["form"] != DENSE, "randomness"].dropna().unique()
    if len(randomness) == 1:
        handles[f"randomness {randomness[0]:g}"] = note()
    if lack_seeds(points):
        handles["seeds are missing"] = Line2D(
            [], [], marker="o", linestyle="none", color=GREY, markerfacecolor="white"
        )
    return handles
