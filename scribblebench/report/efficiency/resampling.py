"""The bootstrap over patients that all efficiency measures of a data set share.

Every form, and full supervision, is recomputed on the same resampled patients, so that ratios and
differences are paired: what makes a patient hard for all of them cancels.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from scribblebench.seeding import rng_for
from scribblebench.types import Float64Array

LEVEL = 0.95
RESAMPLES = 4000
"""The tails of an interval over ten patients hold 34 resamples each."""


def patient_weights(n_patients: int, resamples: int = RESAMPLES) -> Float64Array:
    """Return how much each patient weighs in each resample: with replacement, n of n.

    Returns
    -------
    weights : ndarray of float64, shape (resamples, n_patients)
        Rows sum to 1, so that `weights @ scores` are the means of the resamples. The same on
        every call.
    """
    if n_patients < 1:
        raise ValueError(f"n_patients must be 1 or more, got {n_patients}")
    rng = rng_for(0, "efficiency", n_patients)
    shares = np.full(n_patients, 1.0 / n_patients)
    return rng.multinomial(n_patients, shares, size=resamples) / n_patients


def interval(values: Float64Array, n_patients: int) -> tuple[Float64Array, Float64Array]:
    """Return the ends of the 95 % interval of resampled values: expanded percentiles.

    Plain percentiles are too narrow for few patients, by the factor sqrt((n - 1) / n) and by the
    normal quantile in place of Student's. The expanded ones take the percentiles
    Phi(-+ sqrt(n / (n - 1)) t), with t the quantile of n - 1 degrees of freedom: 0.9 % and 99.1 %
    for ten patients. The ends are values that occur, never a mix of two, so that they may be
    infinite or censored.

    Parameters
    ----------
    values : ndarray of float64, shape (R, ...)
        One statistic, or several, for each resample. Infinite ones are ordered like others.
    n_patients : int
        One has no interval: NaN. So has a statistic that is NaN in any resample.

    Returns
    -------
    low, high : ndarray of float64, shape (...)

    Notes
    -----
    Hesterberg 2015, What teachers should know about the bootstrap, The American Statistician 69.
    """
    nothing = np.full(values.shape[1:], np.nan)
    if n_patients < 2:
        return nothing, nothing.copy()
    quantile = stats.t.ppf((1.0 + LEVEL) / 2.0, n_patients - 1)
    tail = float(stats.norm.sf(math.sqrt(n_patients / (n_patients - 1)) * quantile))
    ordered = np.sort(values, axis=0)
    last = len(ordered) - 1
    low, high = ordered[math.floor(tail * last)], ordered[math.ceil((1.0 - tail) * last)]
    undefined = np.isnan(values).any(axis=0)
    return np.where(undefined, np.nan, low), np.where(undefined, np.nan, high)
