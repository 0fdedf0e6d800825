"""Points of the efficiency curves, with their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scribblebench.report.scores import CELL
from scribblebench.seeding import rng_for
from scribblebench.types import Float64Array

RESAMPLES = 5000
LEVEL = 0.95


def efficiency_points(rows: pd.DataFrame, class_name: str | None = None) -> pd.DataFrame:
    """Return mean Dice and its interval for each cell.

    Seeds, frames and, unless `class_name` names one, classes are averaged within a patient; the
    interval is a bootstrap over patients (percentile method, 95 %).

    Returns
    -------
    points : DataFrame
        The columns of a cell, then `annotated_fraction`, `dsc_mean`, `dsc_low`, `dsc_high`,
        `n_patients` and `n_seeds`, and `seed_means`: a list with the mean of each seed.
    """
    chosen = rows if class_name is None else rows[rows["class_name"] == class_name]
    points = []
    for cell, group in chosen.groupby(CELL, dropna=False, sort=False):
        patients = group.groupby("patient_id")["dsc"].mean()
        low, high = bootstrap_interval(patients.to_numpy())
        seeds = group.groupby("seed")["dsc"].mean()
        points.append(
            {
                **dict(zip(CELL, cell, strict=True)),
                "annotated_fraction": group["annotated_fraction"].mean(),
                "dsc_mean": patients.mean(),
                "dsc_low": low,
                "dsc_high": high,
                "n_patients": len(patients),
                "n_seeds": len(seeds),
                "seed_means": seeds.tolist(),
            }
        )
    return pd.DataFrame(points)


def bootstrap_interval(values: Float64Array) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean, the same on every call.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        One value a patient. A single one gives an interval of no width.
    """
    rng = rng_for(0, "bootstrap", len(values))
    chosen = rng.integers(0, len(values), size=(RESAMPLES, len(values)))
    means = values[chosen].mean(axis=1)
    low, high = np.quantile(means, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return float(low), float(high)
