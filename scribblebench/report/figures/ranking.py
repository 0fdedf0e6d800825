"""How stable ranks are: how often each cell takes each rank when patients are drawn anew."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

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

SHARES = (0.1, 0.5, 1.0)
"""Frequencies whose bubbles the legend shows."""

LEAST = 0.005
"""Rarer ranks have no bubble: it would be a speck."""


def ranking_figure(ranking: pd.DataFrame, *, title: str = "", style: Style = PAPER) -> StyledFigure:
    """Draw cells (rows, best first) against ranks, bubbles as large as a rank is frequent.

    A cross marks the rank in the data, a line its 95 % interval over bootstrap samples of the
    patients (the blob plot of challengeR; Wiesenfarth et al., Sci Rep 11, 2021). A panel for each
    data set.

    Parameters
    ----------
    ranking : DataFrame
        `dataset`, `label`, `rank`, `rank_low`, `rank_high` and `podium_K`, the frequency of rank
        K, for as many ranks as there are.
    title : str
    style : Style
    """
    panels_of = list(ranking.groupby("dataset", sort=False))
    names = {dataset: row_names(list(_ordered(table)["label"])) for dataset, table in panels_of}
    together = [name for each in names.values() for name in each]
    with styled(style):
        double = len(panels_of) > 1 or is_wide(together) or len(together) > 10
        longest = max(names.values(), key=len)
        height = rows_height(longest, style, 1.9) + style.em(4.4)
        figure = new_figure(style.width(double=double), height, style)
        panels = figure.subplots(1, len(panels_of), squeeze=False)[0]
        for axes, (dataset, table) in zip(panels, panels_of, strict=True):
            _draw_panel(axes, _ordered(table), style)
            set_rows(axes, names[dataset])
            axes.set_title(str(dataset) if len(panels_of) > 1 else "")
            axes.set_xlabel("rank")
        add_title(figure, title)
        add_legend(figure, _handles(style))
        settle(figure)
    return figure


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values(["rank", "rank_high"], kind="stable")


def _draw_panel(axes: Axes, table: pd.DataFrame, style: Style) -> None:
    ranks = {
        int(match[1]): column
        for column in table.columns
        if (match := re.fullmatch(r"podium_(\d+)", str(column)))
    }
    rows = np.arange(len(table))
    axes.hlines(
        rows,
        table["rank_low"],
        table["rank_high"],
        color=GREY,
        linewidth=style.line_pt,
        zorder=2,
    )
    for rank, column in ranks.items():
        shown = (table[column] >= LEAST).to_numpy()
        axes.scatter(
            np.full(shown.sum(), rank),
            rows[shown],
            s=_area(table[column].to_numpy()[shown], style),
            zorder=3,
            color=COLOURS[0],
            alpha=0.55,
            linewidth=0,
        )
    axes.plot(table["rank"], rows, "x", color="black", zorder=4, markeredgewidth=style.line_pt)
    most = int(max(table["rank_high"].max(), len(table)))
    axes.set_xlim(0.4, most + 0.6)
    step = 1 if most <= 12 else 2
    axes.set_xticks(range(1, most + 1, step))


def _area(share: np.ndarray, style: Style) -> np.ndarray:
    """Return areas in square points: a rank that is certain has the height of its row."""
    area: np.ndarray = share * (1.5 * style.font_pt) ** 2
    return area


def _handles(style: Style) -> dict[str, Artist]:
    sizes = np.sqrt(_area(np.asarray(SHARES), style))
    handles: dict[str, Artist] = {
        f"in {share:.0%} of the samples": Line2D(
            [],
            [],
            marker="o",
            linestyle="none",
            markersize=size,
            alpha=0.55,
            color=COLOURS[0],
            markeredgewidth=0,
        )
        for share, size in zip(SHARES, sizes, strict=True)
    }
    handles["rank in the data"] = Line2D(
        [], [], color="black", marker="x", linestyle="none", markeredgewidth=style.line_pt
    )
    handles["95 % interval"] = Line2D([], [], color=GREY)
    return handles
