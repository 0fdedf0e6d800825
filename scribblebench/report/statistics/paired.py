"""Comparisons of cells on the same patients: differences, effect sizes, corrected tests."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.multitest import multipletests

from scribblebench.errors import InputError
from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.scores import Metric
from scribblebench.report.statistics.intervals import LEVEL, paired_differences, paired_interval
from scribblebench.report.statistics.paired_tests import sign_flip_test, smallest_p, wilcoxon_p
from scribblebench.types import Float64Array

COMPARISONS = [
    *("dataset", "metric", "class_name", "cell_a", "cell_b", "family"),
    *("difference", "low", "high", "p_value", "p_holm", "p_smallest", "p_wilcoxon"),
    *("cliffs_delta", "dominance", "n_patients"),
]
"""Columns of `compare`."""


def cliffs_delta(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return P(a > b) - P(a < b) over all pairs of a value of a and a value of b.

    The usual Cliff's delta, in [-1, 1]. It takes the two cells for independent samples: it says
    how far the distributions of patients lie apart, and stays small where every patient gains a
    little. For paired data see `dominance`.
    """
    first = np.asarray(a, dtype=np.float64)[:, None]
    second = np.asarray(b, dtype=np.float64)[None, :]
    return float(np.mean(first > second) - np.mean(first < second))


def dominance(differences: npt.ArrayLike) -> float:
    """Return the share of patients with a positive difference minus that with a negative one.

    Cliff's delta within patients (Cliff 1993): 1 where a is larger in every patient.
    """
    return float(np.sign(np.asarray(differences, dtype=np.float64)).mean())


def holm(p_values: npt.ArrayLike) -> Float64Array:
    """Return p-values corrected by Holm's method for all that were tested together."""
    numbers = np.asarray(p_values, dtype=np.float64)
    if numbers.size == 0:
        return numbers
    corrected: Float64Array = multipletests(numbers, method="holm")[1]
    return corrected


def compare(
    wide_table: pd.DataFrame,
    pairs: Iterable[tuple[Hashable, Hashable]],
    *,
    metric: Metric,
    dataset: str = "",
    class_name: str = AVERAGE_NAME,
    family: str = "",
    missing: Literal["error", "common"] = "error",
    level: float = LEVEL,
) -> pd.DataFrame:
    """Compare pairs of cells on the patients they share.

    `difference` (a - b) with its interval is the mean of the paired differences, or for distances
    their median. `p_value` is the sign-flip test's, of the mean or for distances of the signed
    ranks; `p_holm` is corrected over all pairs of the call. `p_smallest` is what `p_holm` would be
    if all patients agreed and this were the clearest of the pairs: above 0.05, there are too few
    patients for so many pairs.

    Interval and test ask different things, so they may disagree where one patient differs from all
    others: the mean then has a wide interval, though nearly all patients changed the same way.

    Parameters
    ----------
    wide_table : DataFrame
        Patients (rows) by cells (columns), as from `scribblebench.report.scores.wide`.
    pairs : iterable of (cell_a, cell_b)
    metric : Metric
    dataset, class_name, family : str
        Written into the columns of these names.
    missing : {"error", "common"}
        A patient whom only one of the two cells has: refuse, or compare the others (`n_patients`
        tells). A patient whom neither has is no part of the comparison.
    level : float

    Returns
    -------
    comparisons : DataFrame
        A row for each pair, columns `COMPARISONS`.

    Raises
    ------
    InputError
        If a cell lacks a patient of the other and `missing` is "error", or none are shared.
    """
    pairs = list(pairs)
    rows = []
    for cell_a, cell_b in pairs:
        a, b = paired_values(wide_table, cell_a, cell_b, missing=missing)
        differences = paired_differences(a, b)
        interval = paired_interval(differences, centre=metric.centre, level=level)
        by: Literal["mean", "ranks"] = "mean" if metric.centre == "mean" else "ranks"
        rows.append(
            {
                "dataset": dataset,
                "metric": metric.name,
                "class_name": class_name,
                "cell_a": cell_a,
                "cell_b": cell_b,
                "family": family,
                "difference": interval.centre,
                "low": interval.low,
                "high": interval.high,
                "p_value": sign_flip_test(differences, statistic=by).p_value,
                "p_smallest": smallest_p(len(differences), len(pairs)),
                "p_wilcoxon": wilcoxon_p(differences),
                "cliffs_delta": cliffs_delta(a, b),
                "dominance": dominance(differences),
                "n_patients": len(differences),
            }
        )
    table = pd.DataFrame(rows, columns=[name for name in COMPARISONS if name != "p_holm"])
    return table.assign(p_holm=holm(table["p_value"]))[COMPARISONS]


def paired_values(
    wide_table: pd.DataFrame,
    cell_a: Hashable,
    cell_b: Hashable,
    *,
    missing: Literal["error", "common"] = "error",
) -> tuple[Float64Array, Float64Array]:
    """Return the scores of two cells on the same patients; see `compare`."""
    columns = [wide_table[cell].to_numpy(dtype=np.float64) for cell in (cell_a, cell_b)]
    has_a, has_b = (~np.isnan(column) for column in columns)
    for cell, alone in ((cell_b, has_a & ~has_b), (cell_a, has_b & ~has_a)):
        if alone.any() and missing == "error":
            names = ", ".join(str(name) for name in wide_table.index[alone])
            raise InputError(
                f"cells {cell_a} and {cell_b} must have the same patients, got none in cell "
                f"{cell} for: {names}"
            )
    both = has_a & has_b
    if not both.any():
        raise InputError(f"cells {cell_a} and {cell_b} must share patients, got none")
    return columns[0][both], columns[1][both]
