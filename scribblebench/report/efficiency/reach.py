"""Where a curve reaches a share of full supervision: the effective density, and its cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scribblebench.report.efficiency.curve import Curve
from scribblebench.report.efficiency.resampling import interval
from scribblebench.types import Float64Array

Status = Literal["reached", "reached at the lowest density", "not reached"]


@dataclass(frozen=True)
class Target:
    """The smallest density whose fit reaches a share of full supervision.

    Parameters
    ----------
    share : float
    dsc : float
        The Dice to reach: `share` times full supervision's mean.
    density, low, high : float
        With its 95 % interval; infinite where the target is not reached. The lowest density of the
        curve stands for "this or less": nothing was measured below.
    status : str
    low_is_censored, high_is_censored : bool
        Whether that end of the interval is "this or less".
    reached_frequency : float
        Share of the resamples in which the target is reached.
    """

    share: float
    dsc: float
    density: float
    low: float
    high: float
    status: Status
    low_is_censored: bool
    high_is_censored: bool
    reached_frequency: float


def first_reach(density: Float64Array, fits: Float64Array, target: Float64Array) -> Float64Array:
    """Return the smallest density at which each fit reaches its target.

    Between two densities the fit is linear in the logarithm of the density.

    Parameters
    ----------
    density : ndarray of float64, shape (K,)
    fits : ndarray of float64, shape (R, K)
        Non-decreasing rows.
    target : ndarray of float64, shape (R,)

    Returns
    -------
    reach : ndarray of float64, shape (R,)
        `density[0]` where already that reaches it, infinite where none does.
    """
    reached = fits >= target[:, None]
    right = np.where(reached.any(axis=1), reached.argmax(axis=1), len(density))
    found = np.full(len(fits), np.inf)
    found[right == 0] = density[0]
    rows = np.flatnonzero((right > 0) & (right < len(density)))
    k = right[rows]
    below, above = fits[rows, k - 1], fits[rows, k]
    x = np.log(density)
    share = (target[rows] - below) / (above - below)
    # The ends are the densities themselves, not the exponential of their logarithm.
    found[rows] = np.where(
        share < 1.0, np.exp(x[k - 1] + share * (x[k] - x[k - 1])), density[k]
    ).clip(density[k - 1], density[k])
    return found


def target_of(curve: Curve, full: Float64Array, share: float) -> Target:
    """Find where a curve reaches a share of full supervision's mean Dice.

    Parameters
    ----------
    curve : Curve
    full : ndarray of float64, shape (n,)
        Dice of full supervision for the same patients. It is resampled with them, so the interval
        holds its uncertainty too, and what a patient does to both cancels.
    share : float
        In (0, 1].

    Raises
    ------
    ValueError
        If `share` is out of range, or `full` is of other patients or has a mean of 0.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"share must be in (0, 1], got {share}")
    if full.shape != (curve.n_patients,) or not full.mean() > 0.0:
        wanted = f"{curve.n_patients} scores with a mean above 0"
        raise ValueError(f"full must be {wanted}, got shape {full.shape}, mean {full.mean()}")
    dsc = share * full.mean()
    density = first_reach(curve.density, curve.fit[None], np.array([dsc]))[0]
    resampled = first_reach(curve.density, curve.resampled, share * (curve.weights @ full))
    low, high = (float(end) for end in interval(resampled, curve.n_patients))
    lowest = curve.density[0]
    status: Status = "reached" if np.isfinite(density) else "not reached"
    if density == lowest:
        status = "reached at the lowest density"
    return Target(
        share=share,
        dsc=float(dsc),
        density=float(density),
        low=low,
        high=high,
        status=status,
        low_is_censored=bool(low == lowest),
        high_is_censored=bool(high == lowest),
        reached_frequency=float(np.isfinite(resampled).mean()),
    )


def seconds_at(density: Float64Array, seconds: Float64Array, wanted: Float64Array) -> Float64Array:
    """Return what annotation costs at densities between those that were priced.

    Linear between the logarithms of both.

    Parameters
    ----------
    density, seconds : ndarray of float64, shape (K,)
        Increasing; positive, or NaN where the cost is unknown: then all is NaN.
    wanted : ndarray of float64, shape (M,)
        Infinite ones cost infinitely much, NaN ones NaN.

    Raises
    ------
    ValueError
        If a cost is not positive.
    """
    if np.isnan(seconds).any():
        return np.full(len(wanted), np.nan)
    if (seconds <= 0.0).any():
        raise ValueError(f"seconds must be positive, got {seconds}")
    found = np.exp(np.interp(np.log(wanted), np.log(density), np.log(seconds)))
    return np.where(np.isfinite(wanted), found, wanted)
