"""Mean Dice of form x density and form x randomness, for heat maps."""

from __future__ import annotations

from itertools import product
from typing import Literal

import pandas as pd

from scribblebench.report.efficiency.panels import FULL_FORM, panels

Axis = Literal["density", "randomness"]


def heat_table(rows: pd.DataFrame, by: Axis) -> pd.DataFrame:
    """Return mean Dice for every form and every value of `by`, present or not.

    The other of density and randomness is held: at the value with the most cells, the smaller of
    two with equally many. Nothing is averaged over it, since a cell with three values of it would
    be set against cells with one.

    Parameters
    ----------
    rows : DataFrame
        See `scribblebench.report.efficiency.panels.panels`.
    by : {"density", "randomness"}

    Returns
    -------
    table : DataFrame
        Sorted by its first columns: `dataset`, `split`, `method`, `form`, `density`,
        `randomness`, `dsc_mean` (over patients; NaN where there is no cell), `n_seeds` and
        `n_patients` (0 there). Only forms and methods that have a cell.

    Raises
    ------
    ValueError
        If `by` is neither.
    """
    if by not in ("density", "randomness"):
        raise ValueError(f"by must be 'density' or 'randomness', got {by!r}")
    held = "randomness" if by == "density" else "density"
    tables = []
    for panel in panels(rows):
        size = panel.n_patients
        tables += _grids(panel.cells.assign(dsc_mean=panel.scores.mean(), n_patients=size), held)
    columns = ["dataset", "split", "method", "form", "density", "randomness"]
    columns += ["dsc_mean", "n_seeds", "n_patients"]
    return (
        pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)
    )


def _grids(cells: pd.DataFrame, held: str) -> list[pd.DataFrame]:
    """Return the full grid of each method of one panel."""
    drawn = cells[(cells["form"] != FULL_FORM) & cells["density"].notna()]
    drawn = drawn[drawn["randomness"].notna()]
    tables = []
    for _, part in drawn.groupby("method"):
        counts = part[held].value_counts().sort_index()
        part = part[part[held] == counts.idxmax()]
        axes = ["dataset", "split", "method", "form", "density", "randomness"]
        grid = pd.MultiIndex.from_tuples(
            list(product(*(sorted(part[axis].unique()) for axis in axes))), names=axes
        )
        table = part.set_index(axes)[["dsc_mean", "n_seeds", "n_patients"]].reindex(grid)
        filled = {"n_seeds": 0, "n_patients": 0}
        tables.append(table.fillna(filled).astype(dict.fromkeys(filled, int)).reset_index())
    return tables
