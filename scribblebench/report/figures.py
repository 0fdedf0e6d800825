"""The efficiency curve: Dice against the annotated share."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from scribblebench.report.curves import efficiency_points
from scribblebench.report.style import COLOURS, MARKERS, new_figure, styled

Y_LABEL = "Dice"
X_LABEL = "density: annotated share of each foreground class"


def efficiency_figure(rows: pd.DataFrame, title: str) -> Figure:
    """Draw Dice, averaged over the classes, against density.

    A line for each form (and method and randomness, where there are several) with its 95 % band
    over patients and a small dot for each seed; the full-supervision ceiling as a dashed line
    with its own band; scribbles that come with the data as a star at their measured share, or as a
    dotted line where that is unknown.
    """
    with styled():
        figure = new_figure(6.0, 4.0)
        axes = figure.add_subplot()
        _draw_panel(axes, efficiency_points(rows), rows)
        axes.set_title(title, loc="left")
        axes.set_xlabel(X_LABEL)
        axes.set_ylabel(f"{Y_LABEL}, mean over classes")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def classes_figure(rows: pd.DataFrame, title: str) -> Figure:
    """Draw the same curves for each class, side by side on one scale."""
    names = list(dict.fromkeys(rows["class_name"]))
    with styled():
        figure = new_figure(1.0 + 2.8 * len(names), 3.4)
        panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
        for axes, name in zip(panels, names, strict=True):
            _draw_panel(axes, efficiency_points(rows, name), rows)
            axes.set_title(name)
        panels[0].set_ylabel(Y_LABEL)
        figure.supxlabel(X_LABEL, fontsize=9)
        figure.suptitle(title, fontsize=9, x=0.01, ha="left")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper")
    return figure


def _draw_panel(axes: Axes, points: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Draw all cells of one panel."""
    drawn = points[points["randomness"].notna()]
    several = [c for c in ("method", "randomness") if drawn[c].nunique() > 1]
    keys = ["form", "method", "randomness"]
    for i, (key, line) in enumerate(drawn.groupby(keys, sort=False)):
        values = dict(zip(keys, key, strict=True))
        label = ", ".join([str(values["form"]), *(_named(c, values[c]) for c in several)])
        _draw_line(axes, line.sort_values("density"), label, i)
    given = points[points["randomness"].isna()]
    n_lines = drawn.groupby(keys, sort=False).ngroups
    for i, (_, point) in enumerate(given[given["form"] != "dense"].iterrows()):
        colour = COLOURS[(n_lines + i) % len(COLOURS)]
        label = f"{point['form']} scribbles ({point['method']})"
        if math.isnan(point["annotated_fraction"]):
            _draw_level(axes, point, colour, ":", f"{label}, of unknown share")
        else:
            _draw_star(axes, point, colour, label)
    for _, point in given[given["form"] == "dense"].iterrows():
        _draw_level(axes, point, "0.3", "--", f"dense labels ({point['method']})")
    _format_density_axis(axes, points)


def _draw_line(axes: Axes, line: pd.DataFrame, label: str, i: int) -> None:
    colour, marker = COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]
    x = line["density"].to_numpy()
    axes.fill_between(x, line["dsc_low"], line["dsc_high"], color=colour, alpha=0.15, linewidth=0)
    axes.plot(x, line["dsc_mean"], color=colour, marker=marker, markersize=5, label=label)
    if len(x) == 1:  # a band of no width would not be seen
        axes.vlines(x, line["dsc_low"], line["dsc_high"], color=colour, linewidth=1.0)
    for density, seeds in zip(x, line["seed_means"], strict=True):
        axes.plot([density] * len(seeds), seeds, ".", color=colour, markersize=3, alpha=0.6)


def _draw_level(axes: Axes, point: pd.Series, colour: str, linestyle: str, label: str) -> None:
    axes.axhspan(point["dsc_low"], point["dsc_high"], color=colour, alpha=0.15, linewidth=0)
    axes.axhline(point["dsc_mean"], color=colour, linestyle=linestyle, linewidth=1.2, label=label)


def _draw_star(axes: Axes, point: pd.Series, colour: str, label: str) -> None:
    x, y = point["annotated_fraction"], point["dsc_mean"]
    spread = [[y - point["dsc_low"]], [point["dsc_high"] - y]]
    axes.errorbar([x], [y], yerr=spread, fmt="*", markersize=10, color=colour, label=label)
    seeds = point["seed_means"]
    axes.plot([x] * len(seeds), seeds, ".", color=colour, markersize=3, alpha=0.6)


def _named(column: str, value: object) -> str:
    return f"randomness {value:g}" if column == "randomness" else str(value)


def _format_density_axis(axes: Axes, points: pd.DataFrame) -> None:
    """Make the x axis logarithmic, with a tick in per cent at each density of the sweep."""
    axes.set_xscale("log")
    ticks = sorted(points.loc[points["randomness"].notna(), "density"].unique())
    if ticks:
        axes.set_xticks(ticks)
    shares = points.loc[points["form"] != "dense", ["density", "annotated_fraction"]].min(axis=1)
    shares = shares.dropna()
    if len(shares):
        axes.set_xlim(shares.min() / 1.25, min(1.0, shares.max() * 1.6))
    else:  # only levels are drawn, and a scale would mean nothing
        axes.set_xticks([])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g} %"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()
