"""The efficiency curve of a form: Dice against density, with a monotone fit and its band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

from scribblebench.report.efficiency.panels import CURVE, Panel, panels
from scribblebench.report.efficiency.resampling import interval
from scribblebench.types import Float64Array

STEPS = 8
"""Parts that the way between two densities is drawn in: the band is not straight there."""


@dataclass(frozen=True)
class Curve:
    """One form's curve, and the curve of every resample of the patients.

    Parameters
    ----------
    density : ndarray of float64, shape (K,)
        Increasing, two or more, in (0, 1].
    raw : ndarray of float64, shape (K,)
        Mean Dice over patients at each density, as measured.
    fit : ndarray of float64, shape (K,)
        The non-decreasing values nearest to `raw`.
    resampled : ndarray of float64, shape (R, K)
        The fit of each resample.
    weights : ndarray of float64, shape (R, n)
        The resamples; curves with the same ones are paired.
    """

    density: Float64Array
    raw: Float64Array
    fit: Float64Array
    resampled: Float64Array
    weights: Float64Array

    @property
    def n_patients(self) -> int:
        """Patients that were averaged."""
        return int(self.weights.shape[1])

    @property
    def max_departure(self) -> float:
        """Largest distance between a measured mean and the fit, in Dice; 0 if monotone."""
        return float(np.abs(self.raw - self.fit).max())


def fit_curve(density: Float64Array, scores: Float64Array, weights: Float64Array) -> Curve:
    """Average patients at each density and fit a curve that does not fall.

    Isotonic regression with equal weights: where the means fall from one density to the next,
    neighbours are pooled until none does. It is repeated on every resample of the patients.

    Parameters
    ----------
    density : ndarray of float64, shape (K,)
        Increasing.
    scores : ndarray of float64, shape (n, K)
        Dice of each patient at each density; no NaN.
    weights : ndarray of float64, shape (R, n)
        See `scribblebench.report.efficiency.resampling.patient_weights`.

    Raises
    ------
    ValueError
        If shapes do not fit, a score is not finite, or densities are not two or more increasing
        numbers in (0, 1].
    """
    in_range = (density > 0.0).all() and (density <= 1.0).all()
    if len(density) < 2 or not in_range or not (np.diff(density) > 0.0).all():
        raise ValueError(f"density must be 2 or more increasing numbers in (0, 1], got {density}")
    if scores.shape != (weights.shape[1], len(density)):
        wanted = (weights.shape[1], len(density))
        raise ValueError(f"scores must be (patients, densities) = {wanted}, got {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError(f"scores must be finite, got {scores}")
    raw = scores.mean(axis=0)
    return Curve(density, raw, monotone(raw[None])[0], monotone(weights @ scores), weights)


def monotone(means: Float64Array) -> Float64Array:
    """Return each row of (R, K) means made non-decreasing by isotonic regression."""
    fitted = means.copy()
    for i in np.flatnonzero((np.diff(means, axis=1) < 0.0).any(axis=1)):
        fitted[i] = isotonic_regression(means[i]).x
    return fitted


def at_density(density: Float64Array, fits: Float64Array, wanted: Float64Array) -> Float64Array:
    """Interpolate fits linearly in the logarithm of the density.

    Straight lines add nothing that was not measured: no overshoot, no bend, and a reader can
    repeat them with a ruler on the log axis. Nothing is said outside the densities measured.

    Parameters
    ----------
    density : ndarray of float64, shape (K,)
    fits : ndarray of float64, shape (R, K)
    wanted : ndarray of float64, shape (M,)

    Returns
    -------
    values : ndarray of float64, shape (R, M)

    Raises
    ------
    ValueError
        If a wanted density lies outside those measured.
    """
    low, high = density[0], density[-1]
    if not ((wanted >= low) & (wanted <= high)).all():
        raise ValueError(f"wanted must lie in [{low:g}, {high:g}], as measured, got {wanted}")
    right = np.clip(np.searchsorted(density, wanted), 1, len(density) - 1)
    x = np.log(density)
    share = (np.log(wanted) - x[right - 1]) / (x[right] - x[right - 1])
    return np.asarray(fits[:, right - 1] * (1.0 - share) + fits[:, right] * share)


def curves_of(panel: Panel) -> list[tuple[dict[str, Any], list[int], Curve]]:
    """Return key, cells and curve of every form that has two or more densities."""
    found = []
    for key, cells in panel.curve_cells():
        density = panel.cells.loc[cells, "density"].to_numpy(dtype=np.float64)
        scores = panel.scores[cells].to_numpy(dtype=np.float64)
        found.append((key, cells, fit_curve(density, scores, panel.weights)))
    return found


def efficiency_curves(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the efficiency curves of a table, as lines to draw.

    Parameters
    ----------
    rows : DataFrame
        See `scribblebench.report.efficiency.panels.panels`.

    Returns
    -------
    curves : DataFrame
        `CURVE`, `density`, `fit`, `low`, `high` (95 % band over patients, point by point), then
        `raw` (the measured mean), `departure` (raw - fit), `annotated_fraction` and `n_seeds`,
        NaN between the densities measured, and `max_departure` and `n_patients` of the curve.
        `attrs["remarks"]` says what was left out.
    """
    tables, remarks = [], []
    for panel in panels(rows):
        remarks += panel.remarks()
        tables += [_line(panel, *found) for found in curves_of(panel)]
    columns = [*CURVE, "density", "fit", "low", "high", "raw", "departure", "annotated_fraction"]
    columns += ["n_seeds", "max_departure", "n_patients"]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
    table.attrs["remarks"] = remarks
    return table[columns]


def _line(panel: Panel, key: dict[str, Any], cells: list[int], curve: Curve) -> pd.DataFrame:
    """Return the rows of one curve."""
    gaps = zip(curve.density[:-1], curve.density[1:], strict=True)
    grid = np.concatenate([np.geomspace(a, b, STEPS + 1)[:-1] for a, b in gaps])
    grid = np.append(grid, curve.density[-1])
    low, high = interval(at_density(curve.density, curve.resampled, grid), curve.n_patients)
    line = pd.DataFrame(
        {
            "density": grid,
            "fit": at_density(curve.density, curve.fit[None], grid)[0],
            "low": low,
            "high": high,
        }
    )
    measured = pd.DataFrame(
        {
            "raw": curve.raw,
            "departure": curve.raw - curve.fit,
            "annotated_fraction": panel.cells.loc[cells, "annotated_fraction"].to_numpy(),
            "n_seeds": panel.cells.loc[cells, "n_seeds"].to_numpy(),
        },
        index=STEPS * np.arange(len(cells)),
    )
    return line.join(measured).assign(
        **key, max_departure=curve.max_departure, n_patients=curve.n_patients
    )
