"""Class ratios among unannotated pixels: estimated against true, over the epochs."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scribblebench.report.style import COLOURS, new_figure, styled
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.store import Store

SOURCES = {
    "oracle": ("true", "#000000", "-"),
    "em": ("EM from annotations", COLOURS[0], "-"),
    "argmax": ("share of predictions", COLOURS[1], "-"),
    "annotated": ("share of annotations", "0.6", "--"),
    "used": ("used by the prior", COLOURS[2], ":"),
}
"""Label, colour and line of each column of `ratios.csv`."""

LOWEST = 1e-3
"""Ratios below are drawn at the bottom of a panel: what falls that low is wrong, however far."""


def audit_table(store: Store, finished: dict[str, TrialConfig]) -> pd.DataFrame:
    """Gather the class ratios of all finished trials that were audited.

    Columns: form, density, method, seed, epoch, step, class_id and the ratio by each source; then
    `l1_NAME` for each estimate: the sum over classes of its absolute error, the same for all
    classes of an epoch, between 0 and 2. Empty without audited trials.
    """
    tables = []
    for trial_id, config in finished.items():
        ratios = store.read_ratios(trial_id)
        if ratios is None or "oracle" not in ratios:
            continue
        named: dict[str, Any] = {
            "form": config.form,
            "density": math.nan if config.density is None else config.density,
            "method": config.arm(),
            "seed": config.seed,
        }
        tables.append(ratios.assign(**named)[[*named, *ratios.columns]])
    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables, ignore_index=True)
    by_epoch = ["form", "density", "method", "seed", "epoch"]
    for source in SOURCES:
        if source != "oracle" and source in table:
            error = (table[source] - table["oracle"]).abs()
            # An epoch in which the source was not there yet has no error, not one of 0.
            total = error.groupby([table[c] for c in by_epoch], dropna=False)
            table[f"l1_{source}"] = total.transform("sum", min_count=1)
    return table


def audit_figure(table: pd.DataFrame, class_names: dict[int, str], title: str) -> Figure:
    """Draw ratio against epoch: a row for each method, a column for each class, a line a seed."""
    keys = ["form", "density", "method"]
    cells: list[tuple[Any, pd.DataFrame]] = list(table.groupby(keys, dropna=False, sort=False))
    classes = sorted(table["class_id"].unique())
    with styled():
        figure = new_figure(1.2 + 2.1 * len(classes), 1.0 + 1.5 * len(cells))
        panels = figure.subplots(len(cells), len(classes), sharex=True, sharey="col", squeeze=False)
        for row, ((form, density, method), cell) in zip(panels, cells, strict=True):
            for axes, class_id in zip(row, classes, strict=True):
                _draw_panel(axes, cell[cell["class_id"] == class_id])
            shown = str(form) if math.isnan(density) else f"{form} {density:g}"
            row[0].set_ylabel(f"{method}\n({shown})", fontsize=8)
        for axes, class_id in zip(panels[0], classes, strict=True):
            axes.set_title(class_names.get(int(class_id), f"class {class_id}"))
        figure.supxlabel("epoch", fontsize=9)
        figure.suptitle(f"{title}: ratio among unannotated pixels", fontsize=9, x=0.01, ha="left")
        lines = [line for line in panels[0][0].get_lines() if not line.get_label().startswith("_")]
        figure.legend(handles=lines, loc="outside right upper")
    return figure


def _draw_panel(axes: Axes, ratios: pd.DataFrame) -> None:
    for source, (label, colour, line) in SOURCES.items():
        if source not in ratios:
            continue
        for i, (_, seed) in enumerate(ratios.groupby("seed")):
            shown = label if i == 0 else f"_{label}"
            x, y = seed["epoch"], seed[source].clip(lower=LOWEST)
            axes.plot(x, y, color=colour, linestyle=line, linewidth=1.0, label=shown)
    axes.set_yscale("log")
    axes.set_ylim(bottom=LOWEST)
