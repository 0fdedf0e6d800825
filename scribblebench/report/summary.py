"""The summary of each cell and class: location with interval, failures, collapses, spread."""

from __future__ import annotations

from typing import Any

import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.scores import CELL, METRICS, seed_scores
from scribblebench.report.statistics.intervals import cluster_interval
from scribblebench.report.statistics.variance import collapse_rates


def summary(rows: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Summarise each cell by class, and over the classes.

    Parameters
    ----------
    rows : DataFrame
        The tidy table, methods named together with their variants.
    cells : DataFrame
        See `scribblebench.report.cells.cell_table`.

    Returns
    -------
    summary : DataFrame
        A row for each `cell` and `class_name`, `AVERAGE_NAME` last. `dsc_mean` with `dsc_low` and
        `dsc_high`, its 95 % interval over patients; `dsc_sd`, between patients; `seed_sd`, of the
        mean over patients between seeds, NaN for one; `dsc_raw_mean`, before components were
        filtered; for m in hd95, hd and assd: `{m}_median` over patients, in which a failure is the
        largest distance, with `{m}_low` and `{m}_high`; `failure_rate`, the share of volumes and
        seeds in which exactly one of class and prediction is there; `collapse_rate`, the share of
        seeds in which the class, or in the average row any class, has collapsed, with its interval
        from `collapse_low` to `collapse_high` and `n_collapsed`, the number of those seeds; then
        `distance_unit` and, from `cells`, `n_seeds`, `n_planned`, `n_patients`,
        `annotated_fraction` and `annotation_s`.
    """
    dice = seed_scores(rows, "dsc")
    keys = ["cell", "class_name"]
    order = dice[keys].drop_duplicates()
    table = order.sort_values("cell", kind="stable").set_index(keys)
    patients = dice.groupby([*keys, "patient_id"], sort=False)["value"].mean()
    table = table.join(_located(patients, "mean", "dsc", (0.0, 1.0)))
    table["dsc_sd"] = patients.groupby(keys, sort=False).std()
    table = table.join(_of_seeds(dice))
    raw = seed_scores(rows, "dsc_raw").groupby(keys, sort=False)["value"].mean()
    table["dsc_raw_mean"] = raw
    for name in (m for m in METRICS if m != "dsc"):
        distances = seed_scores(rows, name).groupby([*keys, "patient_id"], sort=False)["value"]
        unlimited = (0.0, float("inf"))
        table = table.join(_located(distances.mean(), "median", name, unlimited))
    table["failure_rate"] = _failure_rates(rows)
    table["distance_unit"] = _units(rows).reindex(table.index.get_level_values("cell")).to_numpy()
    shared = ["n_seeds", "n_planned", "n_patients", "annotated_fraction", "annotation_s"]
    return table.reset_index().merge(cells[shared], left_on="cell", right_index=True)


def _located(
    patients: pd.Series[Any], centre: Any, name: str, bounds: tuple[float, float]
) -> pd.DataFrame:
    """Return mean or median of each cell and class with its interval."""
    grouped = patients.groupby(["cell", "class_name"], sort=False)
    keys = [key for key, _ in grouped]
    found = [
        cluster_interval(values.to_numpy(), centre=centre, bounds=bounds) for _, values in grouped
    ]
    index = pd.MultiIndex.from_tuples(keys, names=["cell", "class_name"])
    values = [(one.centre, one.low, one.high) for one in found]
    columns = [f"{name}_{centre}", f"{name}_low", f"{name}_high"]
    return pd.DataFrame(values, index=index, columns=columns)


def _of_seeds(dice: pd.DataFrame) -> pd.DataFrame:
    """Return the spread of the seeds, and how many of them have lost a class."""
    keys = ["cell", "class_name"]
    means = dice.groupby([*keys, "seed"], sort=False)["value"].mean()
    rates = collapse_rates(dice).set_index(keys)
    found = rates[["collapse_rate", "collapse_low", "collapse_high", "n_collapsed"]]
    return found.join(means.groupby(keys, sort=False).std().rename("seed_sd"))


def _failure_rates(rows: pd.DataFrame) -> pd.Series[float]:
    cell = rows.groupby(CELL, dropna=False, sort=False).ngroup()
    marked = rows.assign(cell=cell)
    per_class = marked.groupby(["cell", "class_name"], sort=False)["failed"].mean()
    average = marked.groupby("cell")["failed"].mean()
    index = pd.MultiIndex.from_product([average.index, [AVERAGE_NAME]], names=per_class.index.names)
    rates: pd.Series[float] = pd.concat([per_class, average.set_axis(index)])
    return rates


def _units(rows: pd.DataFrame) -> pd.Series[str]:
    units: pd.Series[str] = rows.groupby(CELL, dropna=False, sort=False)["distance_unit"].first()
    return units.reset_index(drop=True)
