"""Confidence intervals over patients.

A patient is one value: frames and seeds have been averaged within it, so patients are independent
and nothing else has to be modelled. The methods were chosen by their measured coverage on scores
like those of segmentations, which are skewed and few (docs/statistics.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from scribblebench.seeding import rng_for
from scribblebench.types import Float64Array

LEVEL = 0.95
RESAMPLES = 10_000
Centre = Literal["mean", "median"]


@dataclass(frozen=True)
class Interval:
    """A centre with its confidence interval.

    Parameters
    ----------
    centre : float
        Mean or median. NaN for a median halfway between -inf and inf.
    low, high : float
        Limits; NaN where there is no interval (a single patient).
    level : float
        Confidence level asked for.
    attained : float
        Level that the method aims at: `level`, or less where no interval of order statistics
        reaches it (medians of fewer than six patients at 95 %); 0 for a single patient.
    n : int
        Patients.
    """

    centre: float
    low: float
    high: float
    level: float
    attained: float
    n: int


def cluster_interval(
    values: npt.ArrayLike,
    *,
    centre: Centre = "mean",
    level: float = LEVEL,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Interval:
    """Return the interval of the mean or median of skewed scores, one value a patient.

    Means: the bootstrap t with weights from Beta(1/2, 3/2). Every resample weights the patients at
    random; its mean is studentised by its own weighted standard deviation, and the quantiles of
    that replace those of Student's t, so that the interval reaches further to the side of the
    tail. Unlike the multinomial bootstrap t it has no infinite limits, and unlike the percentile
    and BCa intervals it is not too short for few patients.

    Medians: order statistics, interpolated so that the level is met (Hettmansperger and Sheather).
    Nothing is drawn at random. Values may be infinite; a limit that is interpolated between a
    finite and an infinite value is infinite.

    Degenerate cases: one patient has no interval (NaN). Values that are all equal give an interval
    of no width: no spread was seen, which is not the same as there being none. Two patients give a
    very wide interval of the mean, and for the median their range, at an attained level of 50 %.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        One value a patient; not NaN, and finite for a mean.
    centre : {"mean", "median"}
    level : float
        In [0.5, 1).
    bounds : tuple of float
        Range of the score, (0, 1) for Dice: limits beyond it are set to it.

    Raises
    ------
    ValueError
        If there are no values, or they are not 1-D, NaN, or infinite where a mean is asked for.

    References
    ----------
    A. B. Owen, Better bootstrap t confidence intervals for the mean, arXiv:2508.10083, 2025.
    T. P. Hettmansperger and S. J. Sheather, Confidence intervals based on interpolated order
    statistics, Statistics & Probability Letters 4, 1986.
    """
    numbers = checked(values, level, finite=centre == "mean")
    if centre == "median":
        interval = _median_interval(numbers, level)
    else:
        low, high = _bootstrap_t_limits(numbers, level)
        interval = _mean_interval(numbers, low, high, level)
    low, high = np.clip([interval.low, interval.high], *bounds)
    return Interval(interval.centre, float(low), float(high), level, interval.attained, interval.n)


def paired_interval(
    differences: npt.ArrayLike, *, centre: Centre = "mean", level: float = LEVEL
) -> Interval:
    """Return the interval of the mean or median of paired differences, one value a patient.

    Means: Student's t. What patients share cancels in a difference, which leaves it nearly
    symmetric; there t covers better than any bootstrap, and it agrees with the equivalence test of
    `scribblebench.report.statistics.equivalence`. Medians and degenerate cases: as in
    `cluster_interval`; differences may be infinite (`paired_differences`).
    """
    numbers = checked(differences, level, finite=centre == "mean")
    if centre == "median":
        return _median_interval(numbers, level)
    n = len(numbers)
    half = 0.0
    if n > 1:
        half = float(stats.t.ppf((1 + level) / 2, n - 1) * numbers.std(ddof=1) / np.sqrt(n))
    mean = float(numbers.mean())
    return _mean_interval(numbers, mean - half, mean + half, level)


def paired_differences(a: npt.ArrayLike, b: npt.ArrayLike) -> Float64Array:
    """Return a - b, where two infinite distances are equal failures: their difference is 0.

    A difference is infinite where only one of the two has failed.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"b must have the shape of a, {first.shape}, got {second.shape}")
    return np.subtract(first, second, out=np.zeros_like(first), where=first != second)


def checked(values: npt.ArrayLike, level: float, *, finite: bool) -> Float64Array:
    """Return the values of patients as an array, or refuse them."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or numbers.size == 0:
        raise ValueError(f"values must be one or more, in one dimension, got {numbers.shape}")
    if np.isnan(numbers).any():
        raise ValueError(f"values must not be NaN, got {int(np.isnan(numbers).sum())} of them")
    if finite and np.isinf(numbers).any():
        raise ValueError(
            f"values must be finite for a mean, got {int(np.isinf(numbers).sum())} infinite"
        )
    if not 0.5 <= level < 1.0:
        raise ValueError(f"level must be at least 0.5 and below 1, got {level}")
    return numbers


def _mean_interval(numbers: Float64Array, low: float, high: float, level: float) -> Interval:
    """Return the interval of a mean, with the degenerate cases put right."""
    n, mean = len(numbers), float(numbers.mean())
    if n == 1:
        return Interval(mean, np.nan, np.nan, level, 0.0, 1)
    if np.ptp(numbers) == 0:
        # Rounding of a mean must not give equal values a width.
        value = float(numbers[0])
        return Interval(value, value, value, level, level, n)
    return Interval(mean, low, high, level, level, n)


def _bootstrap_t_limits(numbers: Float64Array, level: float) -> tuple[float, float]:
    """Return the limits of Owen's beta bootstrap t; the limits are equal without spread."""
    n, mean, width = len(numbers), float(numbers.mean()), float(np.ptp(numbers))
    if width == 0:
        return mean, mean
    # In units of the range, no square of a small difference vanishes.
    centred = (numbers - mean) / width
    spread = float(centred.std())
    centred, sd, weights = centred / spread, spread * width, _weights(n)
    means = weights @ centred
    variances = weights @ centred**2 - means**2
    # Nearly all weight on one patient leaves a variance of rounding errors.
    t = np.sqrt(n) * means / np.sqrt(np.maximum(variances, 1e-12))
    lower, upper = np.quantile(t, [(1 - level) / 2, (1 + level) / 2])
    return mean - float(upper) * sd / np.sqrt(n), mean - float(lower) * sd / np.sqrt(n)


@lru_cache(maxsize=4)
def _weights(n: int) -> Float64Array:
    """Return the weights of n patients in every resample: rows that sum to 1."""
    drawn = rng_for(0, "bootstrap", n).beta(0.5, 1.5, size=(RESAMPLES, n))
    weights: Float64Array = drawn / drawn.sum(axis=1, keepdims=True)
    weights.setflags(write=False)
    return weights


def _median_interval(numbers: Float64Array, level: float) -> Interval:
    ordered, n = np.sort(numbers), len(numbers)
    median = _between(ordered[(n - 1) // 2], ordered[n // 2], 0.5, beyond=np.nan)
    if n == 1:
        return Interval(median, np.nan, np.nan, level, 0.0, 1)
    rank, share, attained = _order_statistics(n, level)
    low = _between(ordered[rank - 1], ordered[rank], share, beyond=-np.inf)
    high = _between(ordered[n - rank], ordered[n - rank - 1], share, beyond=np.inf)
    return Interval(median, low, high, level, attained, n)


@lru_cache(maxsize=256)
def _order_statistics(n: int, level: float) -> tuple[int, float, float]:
    """Return which order statistics bound the median of n values.

    Returns
    -------
    rank : int
        From 1: the interval from the rank-th smallest to the rank-th largest value attains more
        than `level`, and the next one inwards does not.
    share : float
        Of the way inwards, from 0 to 1, at which `level` is met.
    attained : float
        `level`, or what the range of all values attains if that is less.
    """
    levels = 1 - 2 * stats.binom.cdf(np.arange(n // 2 + 1), n, 0.5)
    if levels[0] <= level:
        return 1, 0.0, float(levels[0])
    rank = int((levels > level).sum())
    along = (levels[rank - 1] - level) / (levels[rank - 1] - levels[rank])
    return rank, float((n - rank) * along / (rank + (n - 2 * rank) * along)), level


def _between(start: float, end: float, share: float, *, beyond: float) -> float:
    """Interpolate from `start` to `end`; between -inf and inf there is only `beyond`."""
    if start == end or share == 0:
        return float(start)
    if np.isinf(start) and np.isinf(end):
        return beyond
    return float((1 - share) * start + share * end)
