"""Scores of forms against density, or against randomness, as a heat map."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from scribblebench.report.figures.layout import LETTER, add_title, row_names, settle
from scribblebench.report.style import PAPER, Style, StyledFigure, new_figure, styled

MAP = "cividis"
"""From dark to bright, and read alike by colour-blind readers."""

OTHER = {"density": "randomness", "randomness": "density"}

MOST_COLUMNS = 2
"""Panels beside each other."""

COLOUR_BAR_LETTERS = 9
"""Its width, labels included."""


def heat_figure(
    scores: pd.DataFrame, *, across: str, title: str = "", style: Style = PAPER
) -> StyledFigure:
    """Draw mean Dice of forms (rows) against density or randomness (columns).

    Of the other of the two, the value with most cells is drawn, and named. A panel for each data
    set and method. A cell without its planned seeds is hatched and says how many it has; one that
    was not planned is blank.

    Parameters
    ----------
    scores : DataFrame
        One class of the cells of a report: `dataset`, `form`, `density`, `randomness`, `method`,
        `dsc_mean`, `n_seeds`, `n_planned`, `is_complete`.
    across : {"density", "randomness"}
    title : str
    style : Style

    Raises
    ------
    ValueError
            See `heat_cells`.
    """
    table = heat_cells(scores, across)
    panels_of = list(table.groupby(["dataset", "method"], sort=False))
    several = [c for c in ("dataset", "method") if table[c].nunique() > 1]
    forms, levels = list(table["form"].unique()), sorted(table[across].unique())
    whole = table.loc[table["is_complete"], "dsc_mean"]
    scale = Normalize(*((whole.min(), whole.max()) if len(whole) else (0.0, 1.0)))
    n_columns = min(len(panels_of), MOST_COLUMNS)
    n_rows = math.ceil(len(panels_of) / n_columns)
    with styled(style, grid=False):
        longest = max(len(line) for name in row_names(forms) for line in name.splitlines())
        letters = 7 * len(levels) + longest + COLOUR_BAR_LETTERS
        double = n_columns > 1 or letters * LETTER * style.small_pt > 72 * style.single_in
        panel_em = len(forms) * 2.2 + 3.2
        figure = new_figure(style.width(double=double), style.em(n_rows * panel_em), style)
        panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
        colours = ScalarMappable(scale, MAP)
        for axes, (names, panel) in zip(panels.ravel(), panels_of, strict=False):
            _draw_panel(axes, panel, forms, levels, across, colours, style)
            named = dict(zip(("dataset", "method"), names, strict=True))
            axes.set_title(", ".join(str(named[c]) for c in several))
        for axes in panels.ravel()[len(panels_of) :]:
            axes.set_visible(False)
        fixed = table[OTHER[across]].iloc[0]
        shown = f"{fixed:g}" if across == "density" else _percent(fixed)
        for axes in panels.ravel()[max(len(panels_of) - n_columns, 0) : len(panels_of)]:
            axes.set_xlabel(f"{across} ({OTHER[across]} {shown})")
            axes.tick_params(labelbottom=True)
        if len(whole):
            bar = figure.colorbar(
                colours, ax=panels, label="Dice", pad=0.02, aspect=8 * n_rows, fraction=0.1
            )
            bar.outline.set_visible(False)
        add_title(figure, title)
        settle(figure)
    return figure


def heat_cells(scores: pd.DataFrame, across: str) -> pd.DataFrame:
    """Return the cells that a heat map shows: those at the commonest value of the other factor.

    Of equally common values the middle one, the lower of two.

    Raises
    ------
    ValueError
        If `across` is none of the two, or has fewer than two values among these cells.
    """
    if across not in OTHER:
        raise ValueError(f"across must be 'density' or 'randomness', got {across!r}")
    drawn = scores[scores["density"].notna() & scores["randomness"].notna()]
    drawn = drawn[drawn["form"] != "dense"]
    fixed = drawn[OTHER[across]]
    counts = fixed.value_counts()
    common = np.sort(counts[counts == counts.max()].index)
    chosen = drawn[fixed == common[(len(common) - 1) // 2]] if len(common) else drawn
    if chosen[across].nunique() < 2:
        raise ValueError(
            f"scores must hold two or more values of {across}, got {chosen[across].nunique()}"
        )
    return chosen.assign(is_complete=chosen["is_complete"].astype(bool))


def _draw_panel(
    axes: Axes,
    panel: pd.DataFrame,
    forms: list[str],
    levels: list[float],
    across: str,
    colours: ScalarMappable,
    style: Style,
) -> None:
    """Draw one method: a rectangle for each cell, with its value or its count of seeds."""
    for _, cell in panel.iterrows():
        x, y = levels.index(cell[across]), forms.index(cell["form"])
        corner = (x - 0.5, y - 0.5)
        if cell["is_complete"]:
            colour = colours.get_cmap()(float(np.asarray(colours.norm(cell["dsc_mean"]))))
            axes.add_patch(Rectangle(corner, 1, 1, facecolor=colour, edgecolor="white"))
            text, ink = f"{cell['dsc_mean']:.3f}", _ink(colour)
        else:
            axes.add_patch(Rectangle(corner, 1, 1, facecolor="0.96", edgecolor="0.8", hatch="////"))
            text, ink = f"{cell['n_seeds']:.0f}/{cell['n_planned']:.0f}", "black"
        word = axes.text(x, y, text, color=ink, ha="center", va="center", fontsize=style.small_pt)
        if not cell["is_complete"]:
            word.set_bbox({"facecolor": "0.96", "edgecolor": "none", "pad": 1.0})
    axes.set_xlim(-0.5, len(levels) - 0.5)
    axes.set_ylim(len(forms) - 0.5, -0.5)
    named = [_percent(v) if across == "density" else f"{v:g}" for v in levels]
    axes.set_xticks(range(len(levels)), named)
    axes.set_yticks(range(len(forms)), row_names(forms))
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color("0.8")


def _ink(colour: tuple[float, float, float, float]) -> str:
    """Return black or white, whichever is read on the colour."""
    red, green, blue, _ = colour
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"
