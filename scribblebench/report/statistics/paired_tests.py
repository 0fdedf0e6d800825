"""Tests of paired differences: flipped signs, and Wilcoxon's signed ranks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from scribblebench.report.statistics.intervals import LEVEL, checked
from scribblebench.seeding import rng_for
from scribblebench.types import Float64Array

EXACT_UP_TO = 32
"""Patients up to which the sign-flip test counts all 2^n flips: halves of 2^16 are summed."""

FLIPS = 20_000


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
