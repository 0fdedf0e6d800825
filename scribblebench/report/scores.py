"""Scores of patients: the unit that all statistics of a report are computed on.

Frames of one patient belong together, and so do the seeds of one cell: they are averaged within a
patient before anything is compared, so that every patient weighs the same and counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.registry import Registry

CELL = ["dataset", "split", "form", "density", "randomness", "method"]
"""Columns that name a cell of the comparison: its seeds are averaged."""


@dataclass(frozen=True)
class Metric:
    """What is compared.

    Parameters
    ----------
    name : str
        Its column in the rows.
    label : str
        For axes and tables; the unit of distances comes from the rows.
    larger_is_better : bool
    centre : {"mean", "median"}
        What summarises patients: distances of failures are infinite, and have no mean.
    """

    name: str
    label: str
    larger_is_better: bool
    centre: Literal["mean", "median"]


METRICS: Registry[Metric] = Registry("metric")
for _metric in (
    Metric("dsc", "Dice", True, "mean"),
    Metric("hd95", "HD95", False, "median"),
    Metric("hd", "HD", False, "median"),
    Metric("assd", "ASSD", False, "median"),
):
    METRICS.add(_metric.name, _metric)


def cells_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of a table: `CELL`, indexed from 0 in the order in which they come."""
    return rows[CELL].drop_duplicates(ignore_index=True).rename_axis("cell")


def seed_scores(rows: pd.DataFrame, metric: str = "dsc") -> pd.DataFrame:
    """Return a score for each cell, class, patient and seed.

    Frames are averaged within a patient and seed. The class named `AVERAGE_NAME` is the mean over
    the classes. A distance is infinite where one of those that are averaged is.

    Parameters
    ----------
    rows : DataFrame
        The tidy table of `scribblebench.report.collect`.
    metric : str

    Returns
    -------
    scores : DataFrame
        Columns `cell` (see `cells_of`), `class_name`, `patient_id`, `seed`, `value`; in the order
        of `rows`, the average after the classes.
    """
    keys = ["cell", "class_name", "patient_id", "seed"]
    cell = rows.groupby(CELL, dropna=False, sort=False).ngroup()
    per_class = _means(rows.assign(cell=cell, value=rows[metric]), keys)
    average = _means(per_class, ["cell", "patient_id", "seed"]).assign(class_name=AVERAGE_NAME)
    return pd.concat([per_class, average], ignore_index=True)[[*keys, "value"]]


def patient_scores(rows: pd.DataFrame, metric: str = "dsc") -> pd.DataFrame:
    """Return a score for each cell, class and patient: the mean of its seeds.

    Returns
    -------
    scores : DataFrame
        Columns `cell`, `class_name`, `patient_id`, `value` and `n_seeds`.
    """
    keys = ["cell", "class_name", "patient_id"]
    grouped = seed_scores(rows, metric).groupby(keys, sort=False)["value"]
    return grouped.agg(value="mean", n_seeds="size").reset_index()


def wide(scores: pd.DataFrame, class_name: str = AVERAGE_NAME) -> pd.DataFrame:
    """Return patients (rows) by cells (columns) of one class; NaN where a cell lacks a patient."""
    chosen = scores[scores["class_name"] == class_name]
    return chosen.pivot(index="patient_id", columns="cell", values="value")


def _means(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return table.groupby(keys, dropna=False, sort=False)["value"].mean().reset_index()


def centre(values: pd.Series | np.ndarray, metric: Metric) -> float:
    """Return the mean or the median of patients' scores, as the metric wants it."""
    numbers = np.asarray(values, dtype=np.float64)
    return float(numbers.mean() if metric.centre == "mean" else np.median(numbers))
