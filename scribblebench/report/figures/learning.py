"""Learning curves: loss and its terms over the steps of training."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scribblebench.report.figures.layout import add_legend, add_title, look, settle
from scribblebench.report.style import GREY, PAPER, Style, StyledFigure, new_figure, styled

NO_TERMS = {"label", "seed", "step", "learning_rate", "seconds", "gradient_norm", "trial_id"}
"""Columns of a history that are no terms of the loss."""

MOST_COLUMNS = 3
"""Panels beside each other."""

SEED_OPACITY = 0.3


def terms_of(history: pd.DataFrame) -> list[str]:
    """Return the terms that a history holds, the loss first."""
    found = [
        str(c)
        for c in history.columns
        if c not in NO_TERMS
        and pd.api.types.is_numeric_dtype(history[c])
        and history[c].notna().any()
    ]
    return sorted(found, key=lambda term: term != "loss")


def learning_figure(
    history: pd.DataFrame, *, title: str = "", style: Style = PAPER
) -> StyledFigure:
    """Draw the loss and each of its terms against the step, a panel each.

    A line for each label: the mean over the seeds, and a thin line for each of them where there
    are several. Labels without a term have no line in its panel.

    Parameters
    ----------
    history : DataFrame
        `label`, `seed`, `step`, `loss` and a column for each term, weights included as in training.
    title : str
    style : Style

    Raises
    ------
    ValueError
        If there is no term.
    """
    terms = terms_of(history)
    if not terms:
        raise ValueError("history must have a loss or a term of it, got none")
    labels = list(history["label"].unique())
    n_columns = min(len(terms), MOST_COLUMNS)
    n_rows = math.ceil(len(terms) / n_columns)
    several = history.groupby("label")["seed"].nunique().max() > 1
    with styled(style):
        height = style.em(12 * n_rows + 1.5)
        figure = new_figure(style.width(double=n_columns > 1), height, style)
        panels = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
        for axes, term in zip(panels, terms, strict=False):
            for i, label in enumerate(labels):
                chosen = history[(history["label"] == label) & history[term].notna()]
                if len(chosen):
                    _draw_lines(axes, chosen, term, i, style)
            axes.set_title(term.replace("_", " "))
            axes.locator_params(nbins=5)
        for axes in panels[len(terms) :]:
            axes.set_visible(False)
        for axes in panels[(n_rows - 1) * n_columns : len(terms)]:
            axes.set_xlabel("step")
        handles: dict[str, Artist] = {
            str(label): Line2D([], [], color=look(i)["color"], linestyle=look(i)["linestyle"])
            for i, label in enumerate(labels)
        }
        if several:
            handles["one seed"] = Line2D(
                [], [], color=GREY, linewidth=style.thin_pt, alpha=2 * SEED_OPACITY
            )
        add_title(figure, title)
        add_legend(figure, handles)
        settle(figure)
    return figure


def _draw_lines(axes: Axes, chosen: pd.DataFrame, term: str, i: int, style: Style) -> None:
    """Draw the mean over the seeds, and behind it each of several seeds."""
    shown = look(i)
    colour, line = shown["color"], shown["linestyle"]
    by_seed = chosen.pivot(index="step", columns="seed", values=term)
    steps = by_seed.index.to_numpy()
    if by_seed.shape[1] > 1:
        axes.plot(steps, by_seed, color=colour, alpha=SEED_OPACITY, linewidth=style.thin_pt)
    axes.plot(steps, by_seed.mean(axis=1), color=colour, linestyle=line)
