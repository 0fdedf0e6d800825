"""Methods compared over several data sets by their ranks (Demsar 2006).

Each block (a data set, with one aggregated score a method) ranks the methods. Friedman's test asks
whether the average ranks differ at all, Nemenyi's which pairs do, and the critical difference is
the gap of average ranks from which they do.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scikit_posthocs import posthoc_nemenyi_friedman
from scipy import stats

from scribblebench.errors import InputError
from scribblebench.types import Float64Array

FEW_BLOCKS = 5
"""Below this the tests have next to no power; a result says so."""

MEANING = {
    "data set": "The blocks are data sets: the result speaks for data sets like these.",
    "patient": (
        "The blocks are patients of one data set: the result speaks for patients like these, and "
        "not for other data sets."
    ),
}
"""What the result generalises to, by what a block is."""


@dataclass(frozen=True)
class RankTests:
    """Friedman's and Nemenyi's tests.

    Parameters
    ----------
    average_ranks : Series
        By method, from the best; 1 is best.
    statistic, p_value : float
        Friedman's chi-squared, corrected for ties, as scipy and R compute it.
    f_statistic, p_f : float
        Iman and Davenport's F, which Demsar recommends for being less conservative. Infinite, with
        p 0, where all blocks agree.
    p_pairs : DataFrame
        Nemenyi's p-values, methods by methods.
    critical_difference : float
        Of average ranks, at `alpha`.
    alpha : float
    groups : list of tuple
        Methods that the data do not tell apart, from the best: the bars of a critical-difference
        diagram, each as wide as can be.
    n_blocks : int
    meaning : str
        A sentence that says what the blocks are.
    warning : str
        What limits the result; empty for nothing.
    """

    average_ranks: pd.Series[float]
    statistic: float
    p_value: float
    f_statistic: float
    p_f: float
    p_pairs: pd.DataFrame
    critical_difference: float
    alpha: float
    groups: list[tuple[Hashable, ...]]
    n_blocks: int
    meaning: str
    warning: str

    def table(self) -> pd.DataFrame:
        """Return all of it in one table: a row for each method, with its p against each other.

        Columns `label`, `rank`, `statistic`, `p_value` (Friedman), `f_statistic`, `p_f`
        (Iman-Davenport), `critical_difference`, `n_blocks`, and `p_METHOD` (Nemenyi).
        """
        table = pd.DataFrame({"label": self.average_ranks.index, "rank": self.average_ranks})
        names = ("statistic", "p_value", "f_statistic", "p_f", "critical_difference", "n_blocks")
        table = table.assign(**{name: getattr(self, name) for name in names})
        return table.join(self.p_pairs.add_prefix("p_")).reset_index(drop=True)


def rank_tests(
    table: pd.DataFrame,
    *,
    larger_is_better: bool,
    blocks: Literal["data set", "patient"] = "data set",
    alpha: float = 0.05,
) -> RankTests:
    """Test whether methods differ in rank over blocks.

    Only the order within a block counts, so blocks may have different scales, and distances may be
    infinite: failures tie for the last rank. With `blocks="patient"` the same is computed over the
    patients of one data set.

    Parameters
    ----------
    table : DataFrame
        Blocks (rows) by methods (columns), complete: at least 2 by 3.
    larger_is_better : bool
    blocks : {"data set", "patient"}
        What a row is.
    alpha : float
        Level of the critical difference and the groups.

    Raises
    ------
    InputError
        If a score is missing: incomplete methods are not ranked.
    ValueError
        If there are too few blocks or methods.
    """
    scores = table.to_numpy(dtype=np.float64)
    n, k = scores.shape
    if n < 2 or k < 3:
        raise ValueError(f"table must have at least 2 {blocks}s and 3 methods, got {n} and {k}")
    lacking = table.columns[np.isnan(scores).any(axis=0)]
    if len(lacking):
        names = ", ".join(str(name) for name in lacking)
        raise InputError(f"methods that are ranked must have every {blocks}, got gaps in: {names}")
    ranks = stats.rankdata(-scores if larger_is_better else scores, axis=1)
    averages = ranks.mean(axis=0)
    statistic, p_value = _friedman(ranks)
    f_statistic, p_f = _iman_davenport(statistic, n, k)
    difference = critical_difference(k, n, alpha)
    ordered = pd.Series(averages, index=table.columns).sort_values(kind="stable")
    p_pairs = np.asarray(posthoc_nemenyi_friedman(ranks))
    return RankTests(
        average_ranks=ordered,
        statistic=statistic,
        p_value=p_value,
        f_statistic=f_statistic,
        p_f=p_f,
        p_pairs=pd.DataFrame(p_pairs, index=table.columns, columns=table.columns),
        critical_difference=difference,
        alpha=alpha,
        groups=_groups(ordered, difference),
        n_blocks=n,
        meaning=MEANING[blocks],
        warning=_warning(n, k, blocks, difference),
    )


def critical_difference(n_methods: int, n_blocks: int, alpha: float = 0.05) -> float:
    """Return Nemenyi's critical difference of average ranks.

    q sqrt(k (k + 1) / (6 N)) for k methods over N blocks, where q is the quantile of the
    studentised range for infinite degrees of freedom, divided by sqrt(2).
    """
    q = stats.studentized_range.ppf(1 - alpha, n_methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(n_methods * (n_methods + 1) / (6 * n_blocks)))


def _friedman(ranks: Float64Array) -> tuple[float, float]:
    if (ranks == ranks[0, 0]).all():
        return 0.0, 1.0
    result = stats.friedmanchisquare(*ranks.T)
    return float(result.statistic), float(result.pvalue)


def _iman_davenport(statistic: float, n: int, k: int) -> tuple[float, float]:
    left = n * (k - 1) - statistic
    if left <= 1e-9:
        return np.inf, 0.0
    f = (n - 1) * statistic / left
    return float(f), float(stats.f.sf(f, k - 1, (k - 1) * (n - 1)))


def _groups(ordered: pd.Series[float], difference: float) -> list[tuple[Hashable, ...]]:
    """Return the widest runs of methods, two or more, within the critical difference."""
    groups: list[tuple[Hashable, ...]] = []
    end = 0
    ranks = ordered.to_numpy()
    for start in range(len(ranks)):
        stop = int(np.searchsorted(ranks, ranks[start] + difference, side="right"))
        if stop > end and stop - start > 1:
            groups.append(tuple(ordered.index[start:stop]))
        end = max(end, stop)
    return groups


def _warning(n: int, k: int, blocks: str, difference: float) -> str:
    """Say what so few blocks cannot show."""
    parts = []
    if n < FEW_BLOCKS:
        parts.append(
            f"{n} {blocks}s are too few to rely on: the tests' p-values are approximations for "
            "many blocks, and only the largest differences can show."
        )
    if difference >= k - 1:
        parts.append(
            f"The critical difference ({difference:.2f}) is not below the largest possible "
            f"difference of average ranks ({k - 1}): no pair of {k} methods can be told apart over "
            f"{n} {blocks}s."
        )
    return " ".join(parts)
