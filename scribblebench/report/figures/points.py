"""What figures of scores are drawn from: one long table for each."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.scores import CELL

LINE = ["dataset", "form", "method", "randomness"]
"""What a curve belongs to; its points differ in density."""

COLUMNS = [
    "kind",
    "class_name",
    *CELL,
    "value",
    "low",
    "high",
    "annotated_fraction",
    "n_seeds",
    "n_planned",
    "is_complete",
]


def scores_of(cells: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Return `summary` with what `cells` says of each cell: names, label, whether it is whole."""
    wanted = [c for c in (*CELL, "label", "is_complete") if c in cells]
    return summary.join(cells[wanted], on="cell")


def figure_points(
    cells: pd.DataFrame,
    summary: pd.DataFrame,
    seeds: pd.DataFrame,
    curves: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what curves and rows of Dice are drawn from, in one table.

    Parameters
    ----------
    cells, summary : DataFrame
        The cells of a report, and their scores for each class and the average.
    seeds : DataFrame
        Dice of each cell, class, patient and seed (`scores.seed_scores`).
    curves : DataFrame or None
        Fitted curves; of the average where they have no `class_name`.

    Returns
    -------
    points : DataFrame
        `COLUMNS`. By `kind`, `value` is the mean over patients with its interval ("mean"), the
        mean of one seed ("seed"), or the fit with its band ("fit").
    """
    means = scores_of(cells, summary).assign(kind="mean")
    means = means.rename(columns={f"dsc_{name}": name for name in ("low", "high")})
    means = means.rename(columns={"dsc_mean": "value"})
    keys = ["cell", "class_name", "seed"]
    single = seeds.groupby(keys, sort=False)["value"].mean().reset_index().assign(kind="seed")
    about = means[["cell", "class_name", "annotated_fraction"]]
    single = single.join(cells[CELL], on="cell").merge(about, on=["cell", "class_name"], how="left")
    parts = [means, single]
    if curves is not None and len(curves):
        fits = curves.rename(columns={"fit": "value"}).assign(kind="fit")
        parts.append(fits if "class_name" in fits else fits.assign(class_name=AVERAGE_NAME))
    columns = [part.reindex(columns=COLUMNS).astype({"is_complete": "object"}) for part in parts]
    return _concatenated(columns)


def _concatenated(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Stack tables whose columns may be all missing, with the types of the first that has them."""
    filled = [part.dropna(axis="columns", how="all") for part in parts]
    return pd.concat(filled, ignore_index=True).reindex(columns=COLUMNS)


def lack_seeds(points: pd.DataFrame) -> bool:
    """Return whether a cell lacks seeds; fits and seeds, of which it is not known, do not count."""
    return bool(points["is_complete"].eq(False).any())


def matching(table: pd.DataFrame, values: pd.Series, columns: Sequence[str]) -> pd.DataFrame:
    """Return the rows that agree with `values` in all columns, where NaN agrees with NaN."""
    chosen = pd.Series(True, index=table.index)
    for column in columns:
        value = values[column]
        chosen &= table[column].isna() if pd.isna(value) else table[column] == value
    return table[chosen]


def varying(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the columns that hold more than one value, missing ones left out."""
    return [c for c in columns if table[c].nunique() > 1]


def classes_of(points: pd.DataFrame) -> list[str]:
    """Return the classes of a table in their order, without the average."""
    return [name for name in points["class_name"].unique() if name != AVERAGE_NAME]
