"""Methods side by side: what a protocol without densities compares."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scribblebench.report.curves import efficiency_points
from scribblebench.report.style import COLOURS, MARKERS, new_figure, styled


def methods_figure(rows: pd.DataFrame, title: str) -> Figure:
    """Draw the mean Dice of each form and method, for the classes' average and for each class.

    Mean and 95 % interval over patients, a small dot for each seed; methods from the best to the
    worst average; full supervision as a dashed line with its own band.
    """
    names: list[str | None] = [None, *dict.fromkeys(rows["class_name"])]
    points = [efficiency_points(rows, name) for name in names]
    average = points[0]
    scribbled = average[average["form"] != "dense"]
    order = scribbled.sort_values("dsc_mean").index
    varied = [
        c for c in ("form", "density", "randomness") if scribbled[c].nunique(dropna=False) > 1
    ]
    labels = [_label(average.loc[i], varied) for i in order]
    with styled():
        figure = new_figure(2.4 + 1.9 * len(names), 1.2 + 0.24 * len(order))
        panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
        for axes, name, table in zip(panels, names, points, strict=True):
            _draw_panel(axes, table, order)
            axes.set_title(name or "mean over classes")
        panels[0].set_yticks(range(len(order)), labels)
        panels[0].set_ylim(-0.6, len(order) - 0.4)
        note = "Dice: mean and 95 % interval over patients; small dots: seeds"
        if (average["form"] == "dense").any():
            note += "; dashed: full supervision"
        figure.supxlabel(note, fontsize=9)
        figure.suptitle(title, fontsize=9, x=0.01, ha="left")
    return figure


def _label(point: pd.Series, varied: list[str]) -> str:
    """Name a point by its method and by what else differs between points."""
    values = [point[column] for column in varied]
    named = [f"{v:g}" if isinstance(v, float) else str(v) for v in values if not pd.isna(v)]
    return ", ".join([*named, str(point["method"])])


def _draw_panel(axes: Axes, points: pd.DataFrame, order: pd.Index) -> None:
    for _, point in points[points["form"] == "dense"].iterrows():
        axes.axvspan(point["dsc_low"], point["dsc_high"], color="0.5", alpha=0.15, linewidth=0)
        axes.axvline(point["dsc_mean"], color="0.3", linestyle="--", linewidth=1.2)
    for y, index in enumerate(order):
        point = points.loc[index]
        mean, low, high = point["dsc_mean"], point["dsc_low"], point["dsc_high"]
        axes.plot([low, high], [y, y], color=COLOURS[0], linewidth=1.2)
        axes.plot([mean], [y], MARKERS[0], color=COLOURS[0], markersize=5)
        seeds = point["seed_means"]
        axes.plot(seeds, [y - 0.22] * len(seeds), ".", color=COLOURS[1], markersize=3)
