"""How far each cell stays behind full supervision, and whether that is within the margin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from scribblebench.report.figures.layout import (
    add_legend,
    add_title,
    is_wide,
    row_names,
    rows_height,
    set_rows,
    settle,
)
from scribblebench.report.style import COLOURS, GREY, PAPER, Style, StyledFigure, new_figure, styled

VERDICTS: dict[str, dict[str, Any]] = {
    "within": {"color": COLOURS[2], "marker": "o"},
    "open": {"color": GREY, "marker": "D", "fillstyle": "left", "markerfacecoloralt": "white"},
    "not within": {"color": COLOURS[1], "marker": "s", "markerfacecolor": "white"},
}
"""Colour, form and filling all tell the verdict, so that it is read in grey too."""


def gap_figure(gap: pd.DataFrame, *, title: str = "", style: Style = PAPER) -> StyledFigure:
    """Draw differences to full supervision with intervals, the margin as a band behind them.

    Parameters
    ----------
    gap : DataFrame
        `label`, `difference` (cell - full), `low`, `high`, their `level`, `margin` and `verdict`:
        "within", "not within" or "open".
    title : str
    style : Style

    Raises
    ------
    ValueError
        If a verdict is none of the three, or there are several margins or levels.
    """
    if unknown := sorted(set(gap["verdict"]) - set(VERDICTS)):
        raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}, got {unknown[0]!r}")
    for name in ("margin", "level"):
        if gap[name].nunique() != 1:
            raise ValueError(f"{name} must be the same in all rows, got {gap[name].nunique()}")
    ordered = gap.sort_values("difference", ascending=False, kind="stable")
    margin = float(gap["margin"].iloc[0])
    names = row_names(list(ordered["label"]))
    with styled(style):
        width = style.width(double=is_wide(names))
        figure = new_figure(width, rows_height(names, style, 1.6) + style.em(3.2), style)
        axes = figure.add_subplot()
        axes.axvspan(-margin, margin, color=COLOURS[5], alpha=0.25, linewidth=0)
        axes.axvline(0.0, color=GREY, linestyle="--", linewidth=style.thin_pt)
        for y, (_, row) in enumerate(ordered.iterrows()):
            shown = VERDICTS[row["verdict"]]
            axes.plot([row["low"], row["high"]], [y, y], color=shown["color"])
            axes.plot([row["difference"]], [y], **shown)
        set_rows(axes, names)
        _set_limits(axes, ordered, margin)
        axes.set_xlabel("Dice: difference to full supervision")
        add_title(figure, title)
        add_legend(figure, _handles(ordered, margin))
        settle(figure)
    return figure


def _set_limits(axes: Axes, gap: pd.DataFrame, margin: float) -> None:
    low = np.nanmin([-margin, *gap["low"], *gap["difference"]])
    high = np.nanmax([margin, *gap["high"], *gap["difference"]])
    beyond = 0.04 * (high - low)
    axes.set_xlim(low - beyond, high + beyond)
    axes.locator_params(axis="x", nbins=6)


def _handles(gap: pd.DataFrame, margin: float) -> dict[str, Artist]:
    said = {"within": "within the margin", "open": "not settled", "not within": "not within"}
    handles: dict[str, Artist] = {
        said[verdict]: Line2D([], [], **shown)
        for verdict, shown in VERDICTS.items()
        if verdict in set(gap["verdict"])
    }
    handles[f"margin of {margin:g}"] = Patch(color=COLOURS[5], alpha=0.25)
    level = 100 * float(gap["level"].iloc[0])
    handles[f"{level:.0f} % interval"] = Line2D([], [], color=GREY)
    return handles
