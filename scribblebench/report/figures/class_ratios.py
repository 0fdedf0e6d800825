"""Class ratios among unannotated pixels: estimated against true, over the epochs."""

from __future__ import annotations

import math
from typing import Any, Literal

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from scribblebench.report.figures.layout import add_legend, add_title, broken, settle
from scribblebench.report.style import COLOURS, PAPER, Style, StyledFigure, new_figure, styled
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.store import Store

SOURCES: dict[str, tuple[str, str, Literal["-", "--", ":"]]] = {
    "oracle": ("true", "#000000", "-"),
    "em": ("EM from annotations", COLOURS[0], "-"),
    "argmax": ("share of predictions", COLOURS[1], "-"),
    "annotated": ("share of annotations", "0.6", "--"),
    "used": ("used by the prior", COLOURS[2], ":"),
}
"""Label, colour and line of each column of `ratios.csv`."""

LONGEST_NAME = 26
"""Letters of a row's name, above which it is broken."""

CELL = ["dataset", "form", "density", "randomness", "method"]
"""What a row of panels belongs to."""

LOWEST = 1e-3
"""Ratios below are drawn at the bottom of a panel: what falls that low is wrong, however far."""


def audit_table(store: Store, finished: dict[str, TrialConfig]) -> pd.DataFrame:
    """Gather the class ratios of all finished trials that were audited.

    Columns: dataset, form, density, randomness, method, seed, epoch, step, class_id and the ratio
    by each source; then `l1_NAME` for each estimate: the sum over classes of its absolute error,
    the same for all classes of an epoch, between 0 and 2. Empty without audited trials.
    """
    tables = []
    for trial_id, config in finished.items():
        ratios = store.read_ratios(trial_id)
        if ratios is None or "oracle" not in ratios:
            continue
        named: dict[str, Any] = {
            "dataset": config.dataset,
            "form": config.form,
            "density": math.nan if config.density is None else config.density,
            "randomness": math.nan if config.randomness is None else config.randomness,
            "method": config.arm(),
            "seed": config.seed,
        }
        tables.append(ratios.assign(**named)[[*named, *ratios.columns]])
    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables, ignore_index=True)
    by_epoch = [*CELL, "seed", "epoch"]
    for source in SOURCES:
        if source != "oracle" and source in table:
            error = (table[source] - table["oracle"]).abs()
            # An epoch in which the source was not there yet has no error, not one of 0.
            total = error.groupby([table[c] for c in by_epoch], dropna=False)
            table[f"l1_{source}"] = total.transform("sum", min_count=1)
    return table


def audit_figure(
    table: pd.DataFrame,
    class_names: dict[int, str],
    *,
    title: str = "",
    style: Style = PAPER,
) -> StyledFigure:
    """Draw ratio against epoch: a row for each method, a column for each class, a line a seed."""
    cells: list[tuple[Any, pd.DataFrame]] = list(table.groupby(CELL, dropna=False, sort=False))
    several = {column for column in CELL if table[column].nunique() > 1}
    classes = sorted(table["class_id"].unique())
    with styled(style):
        row_in = min(style.em(8.0), (style.highest_in - style.em(8.0)) / len(cells))
        height = style.em(5.0) + max(row_in, style.em(2.6)) * len(cells)
        figure = new_figure(style.double_in, height, style)
        panels = figure.subplots(len(cells), len(classes), sharex=True, sharey=True, squeeze=False)
        for row, (key, cell) in zip(panels, cells, strict=True):
            for axes, class_id in zip(row, classes, strict=True):
                _draw_panel(axes, cell[cell["class_id"] == class_id], style)
            row[0].set_ylabel(
                _name(dict(zip(CELL, key, strict=True)), several),
                rotation=0,
                ha="right",
                va="center",
            )
            row[0].yaxis.label.set_fontsize(style.small_pt)
        for axes, class_id in zip(panels[0], classes, strict=True):
            axes.set_title(class_names.get(int(class_id), f"class {class_id}"))
        for axes in panels[-1]:
            axes.set_xlabel("epoch")
            axes.locator_params(axis="x", nbins=3)
        add_title(figure, f"{title}: ratio among unannotated pixels" if title else "")
        add_legend(figure, _handles(table, style))
        settle(figure)
    return figure


def _name(cell: dict[str, Any], several: set[str]) -> str:
    """Return the name of a row: of its method, its form and the rest what tells it from others."""
    shown = [cell["form"]]
    if not math.isnan(cell["density"]):
        shown.append(f"{100 * cell['density']:g} %")
    if "randomness" in several and not math.isnan(cell["randomness"]):
        shown.append(f"r{cell['randomness']:g}")
    if "dataset" in several:
        shown.append(cell["dataset"])
    scribbles = " ".join(shown)
    if several <= {"method"}:
        return broken(cell["method"], LONGEST_NAME)
    if "method" not in several:
        return broken(scribbles, LONGEST_NAME)
    return broken(f"{cell['method']}\n({scribbles})", LONGEST_NAME)


def _draw_panel(axes: Axes, ratios: pd.DataFrame, style: Style) -> None:
    for source, (_, colour, line) in reversed(SOURCES.items()):
        if source not in ratios:
            continue
        for _, seed in ratios.groupby("seed"):
            x, y = seed["epoch"], seed[source].clip(lower=LOWEST)
            axes.plot(x, y, color=colour, linestyle=line, linewidth=1.2 * style.thin_pt)
    axes.set_yscale("log")
    axes.set_ylim(LOWEST, 1.3)
    axes.yaxis.set_major_locator(LogLocator(base=100.0, subs=(10.0,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _handles(table: pd.DataFrame, style: Style) -> dict[str, Artist]:
    return {
        label: Line2D([], [], color=colour, linestyle=line, linewidth=style.line_pt)
        for source, (label, colour, line) in SOURCES.items()
        if source in table and table[source].notna().any()
    }
