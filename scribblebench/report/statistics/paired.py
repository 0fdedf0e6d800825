"""Comparisons of cells on the same patients: differences, tests and effect sizes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from scribblebench.errors import InputError
from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.scores import Metric
from scribblebench.report.statistics.intervals import (
    LEVEL,
    checked,
    paired_differences,
    paired_interval,
)
from scribblebench.seeding import rng_for
from scribblebench.types import Float64Array

EXACT_UP_TO = 32
"""Patients up to which the sign-flip test counts all 2^n flips: halves of 2^16 are summed."""

FLIPS = 20_000
COMPARISONS = [
    *("dataset", "metric", "class_name", "cell_a", "cell_b", "family"),
    *("difference", "low", "high", "p_value", "p_holm", "p_smallest", "p_wilcoxon"),
    *("cliffs_delta", "dominance", "n_patients"),
]
"""Columns of `compare`."""


@dataclass(frozen=True)
class SignFlip:
    """A sign-flip test.

    Parameters
    ----------
    p_value : float
        Two-sided.
    p_smallest : float
        The smallest that so many patients could have given, 2 / 2^m for m differences that are
        not 0 (1 for none).
    is_exact : bool
        All flips were counted, not a sample of them.
    """

    p_value: float
    p_smallest: float
    is_exact: bool


def sign_flip_test(
    differences: npt.ArrayLike, *, statistic: Literal["mean", "ranks"] = "mean"
) -> SignFlip:
    """Test paired differences against 0 by flipping their signs.

    If the two cells are exchangeable within a patient, each difference could as well have had the
    other sign. p is the share of the 2^n flips whose sum is at least as far from 0 as the one
    seen. Up to `EXACT_UP_TO` patients all of them are counted: the sums over each half of the
    patients are listed, and for each sum of the first half a binary search counts the sums of the
    second that reach far enough. (scipy.stats.permutation_test gives the same and lists all 2^n.)
    With more patients, `FLIPS` random flips are drawn, and p is (count + 1) / (FLIPS + 1).

    Parameters
    ----------
    differences : array_like of float, shape (n,)
    statistic : {"mean", "ranks"}
        What is flipped: the differences, or their signed ranks (`signed_ranks`), which may come
        from infinite differences.
    """
    numbers = checked(differences, LEVEL, finite=statistic == "mean")
    numbers = signed_ranks(numbers) if statistic == "ranks" else numbers
    numbers = numbers[numbers != 0]
    if numbers.size == 0:
        return SignFlip(1.0, 1.0, is_exact=True)
    least = smallest_p(len(numbers))
    # Sums that are equal but for rounding count as equal, as in scipy.stats.permutation_test.
    seen = abs(numbers.sum()) - 1e-12 * np.abs(numbers).sum()
    if len(numbers) <= EXACT_UP_TO:
        return SignFlip(_exact_share(numbers, float(seen)), least, is_exact=True)
    count = int((np.abs(_signs(len(numbers)) @ numbers) >= seen).sum())
    return SignFlip((count + 1) / (FLIPS + 1), least, is_exact=False)


def smallest_p(n_patients: int, n_tests: int = 1) -> float:
    """Return the smallest p that the sign-flip test can give, corrected for `n_tests`.

    2 / 2^n, times the number of tests that Holm corrects together. Where this is above 0.05, no
    difference can be significant, however large.
    """
    return float(min(1.0, n_tests * 2.0 ** (1 - n_patients)))


def signed_ranks(differences: npt.ArrayLike) -> Float64Array:
    """Return the ranks of the sizes of differences, with their signs.

    Ties share their mean rank, and so do infinite differences, which rank highest. Zeros take part
    in the ranking and are 0 after it (Pratt 1959).
    """
    numbers = np.asarray(differences, dtype=np.float64)
    ranks: Float64Array = np.sign(numbers) * stats.rankdata(np.abs(numbers))
    return ranks


def wilcoxon_p(differences: npt.ArrayLike) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test, with Pratt's treatment of zeros.

    scipy's choice of method: exact for up to 50 patients without zeros or ties; else all
    permutations for up to 13 patients, or the normal approximation. 1 where all differences are 0.
    """
    ranks = signed_ranks(checked(differences, LEVEL, finite=False))
    if not ranks.any():
        return 1.0
    return float(stats.wilcoxon(ranks, zero_method="pratt", method="auto").pvalue)


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


@lru_cache(maxsize=2)
def _signs(n: int) -> Float64Array:
    """Return random signs of n patients in every flip, the same for all comparisons."""
    drawn = rng_for(0, "sign flips", n).integers(0, 2, size=(FLIPS, n), dtype=np.int8)
    signs: Float64Array = drawn.astype(np.float64) * 2.0 - 1.0
    signs.setflags(write=False)
    return signs


def _exact_share(numbers: Float64Array, seen: float) -> float:
    """Return the share of all sign flips whose sum is at least `seen` in size."""
    half = len(numbers) // 2
    first, second = _sums(numbers[:half]), np.sort(_sums(numbers[half:]))
    above = len(second) - np.searchsorted(second, seen - first, side="left")
    below = np.searchsorted(second, -seen - first, side="right")
    count = int(above.sum() + below.sum())
    # Where seen is 0 but for rounding, sums near 0 were counted on both sides.
    return min(1.0, count / 2.0 ** len(numbers))


def _sums(numbers: Float64Array) -> Float64Array:
    """Return the sums of all 2^n sign flips."""
    sums = np.zeros(1)
    for number in numbers:
        sums = np.concatenate([sums - number, sums + number])
    return sums
