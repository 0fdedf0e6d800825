"""How near simulated scribbles come to those of people: distributions side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from scribblebench.types import Float64Array


def summarise(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return n, mean and standard deviation of each class and statistic.

    Parameters
    ----------
    table : pandas.DataFrame
        A row for each slice and class, or for each stroke, with `class_id` (see
        `scribblebench.scribbles.statistics.volume_statistics`).
    columns : sequence of str
        Statistics to summarise; booleans count as 0 and 1.

    Returns
    -------
    summary : pandas.DataFrame
        Columns `class_id`, `statistic`, `n` (values that are not NaN), `mean` (NaN for n = 0) and
        `sd` (of the sample; NaN for n < 2); classes in ascending order, statistics in the given.
    """
    rows = []
    for class_id in sorted(table["class_id"].unique()):
        for name in columns:
            values = _values(table, class_id, name)
            rows.append((class_id, name, *_moments(values)))
    return pd.DataFrame(rows, columns=["class_id", "statistic", "n", "mean", "sd"])


def compare(
    reference: pd.DataFrame, scribbles: pd.DataFrame, columns: Sequence[str]
) -> pd.DataFrame:
    """Compare the distributions of statistics, class by class.

    Parameters
    ----------
    reference, scribbles : pandas.DataFrame
        Tables as `summarise` takes them; distances in one unit.
    columns : sequence of str
        Statistics to compare.

    Returns
    -------
    comparison : pandas.DataFrame
        A row for each class of either table and each statistic: `n_reference`,
        `mean_reference`, `sd_reference`, `n`, `mean`, `sd` (as in `summarise`);
        `mean_ratio` and `sd_ratio`, scribbles / reference; `distance`, the 1-Wasserstein
        distance of the two distributions in units of the reference's standard deviation (0: equal;
        1: as far as shifting the reference by its own standard deviation would go); and
        `ks`, the largest difference of the two distribution functions, in [0, 1]. What has no
        values on a side, or would divide by 0, is NaN: `distance` has no unit where all
        values of the reference are equal.

    Raises
    ------
    ValueError
        If the two tables measure in different units (`distance_unit`).
    """
    units = {unit for table in (reference, scribbles) for unit in table["distance_unit"]}
    if len(units) > 1:
        raise ValueError(f"distance_unit must be the same in both tables, got {sorted(units)}")
    rows = []
    for class_id in sorted({*reference["class_id"], *scribbles["class_id"]}):
        for name in columns:
            wanted = _values(reference, class_id, name)
            found = _values(scribbles, class_id, name)
            rows.append((class_id, name, *_compare(wanted, found)))
    sides = ["n_reference", "mean_reference", "sd_reference", "n", "mean", "sd"]
    measures = ["mean_ratio", "sd_ratio", "distance", "ks"]
    return pd.DataFrame(rows, columns=["class_id", "statistic", *sides, *measures])


def _compare(reference: Float64Array, found: Float64Array) -> tuple[float, ...]:
    (n_reference, mean_reference, sd_reference), (n, mean, sd) = map(_moments, (reference, found))
    distance = ks = math.nan
    if n_reference and n:
        distance = _ratio(float(stats.wasserstein_distance(reference, found)), sd_reference)
        ks = float(stats.ks_2samp(reference, found, method="asymp").statistic)
    ratios = _ratio(mean, mean_reference), _ratio(sd, sd_reference)
    return n_reference, mean_reference, sd_reference, n, mean, sd, *ratios, distance, ks


def _values(table: pd.DataFrame, class_id: int, column: str) -> Float64Array:
    """Return the values of a class that are not NaN."""
    rows = table.loc[table["class_id"] == class_id, column]
    return np.asarray(rows.dropna(), dtype=np.float64)


def _moments(values: Float64Array) -> tuple[int, float, float]:
    """Return n, mean and standard deviation; the latter exactly 0 where all values are equal."""
    n = len(values)
    if n < 2:
        return n, float(values[0]) if n else math.nan, math.nan
    sd = 0.0 if (values == values[0]).all() else float(values.std(ddof=1))
    return n, float(values.mean()), sd


def _ratio(value: float, unit: float) -> float:
    return value / unit if unit else math.nan
