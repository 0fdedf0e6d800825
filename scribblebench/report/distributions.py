"""A small panel for each statistic and class: how its values are distributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scribblebench.report.style import COLOURS, new_figure, styled

N_BINS = 24
SHOWN = (0.5, 99.5)
"""Percentiles of all values of a panel between which it is drawn: one outlier would flatten it.
What lies beyond is counted in the outermost bins."""


def distributions_figure(
    tables: Mapping[str, pd.DataFrame], statistics: Mapping[str, str]
) -> Figure:
    """Draw each statistic (rows) of each class (columns) as histograms over each other.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        For each side, by its name: `class_id`, `statistic` and `value`, a row for each value.
    statistics : mapping of str to str
        Names of the statistics, in order, to their labels.
    """
    ids = sorted({int(i) for table in tables.values() for i in table["class_id"]})
    with styled(grid=False):
        figure = new_figure(0.8 + 1.9 * len(ids), 0.6 + 1.15 * len(statistics))
        panels = figure.subplots(len(statistics), len(ids), squeeze=False)
        for row, (statistic, label) in enumerate(statistics.items()):
            for col, class_id in enumerate(ids):
                chosen = [
                    t.loc[(t["class_id"] == class_id) & (t["statistic"] == statistic), "value"]
                    for t in tables.values()
                ]
                _draw_panel(panels[row, col], [np.asarray(c, dtype=np.float64) for c in chosen])
            panels[row, 0].set_ylabel(label, fontsize=7)
        for col, class_id in enumerate(ids):
            panels[0, col].set_title(f"class {class_id}")
        handles = [
            panels[0, 0].plot([], [], color=colour, linewidth=1.5)[0]
            for colour, _ in zip(COLOURS, tables, strict=False)
        ]
        figure.legend(handles, list(tables), loc="outside upper right", ncols=len(tables))
    return figure


def _draw_panel(axes: Axes, values: Sequence[np.ndarray[tuple[int], np.dtype[np.float64]]]) -> None:
    """Draw one histogram for each side, each scaled to the same area."""
    axes.set_yticks([])
    axes.tick_params(labelsize=6)
    together = np.concatenate(values)
    if not together.size:
        axes.set_xticks([])
        axes.text(0.5, 0.5, "-", transform=axes.transAxes, ha="center", va="center")
        return
    low, high = np.percentile(together, SHOWN)
    if high - low < 1e-9 * max(abs(low), 1.0):
        low, high = low - 0.5, high + 0.5
    bins = np.linspace(low, high, N_BINS + 1)
    for colour, side in zip(COLOURS, values, strict=False):
        if side.size:
            heights = np.histogram(np.clip(side, low, high), bins)[0] / side.size
            axes.stairs(heights, bins, color=colour, fill=True, alpha=0.25)
            axes.stairs(heights, bins, color=colour, linewidth=1.0)
