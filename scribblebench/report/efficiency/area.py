"""The area under the efficiency curve: one number for a form over a range of densities."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.integrate import trapezoid

from scribblebench.report.efficiency.curve import Curve, curves_of
from scribblebench.report.efficiency.panels import CURVE, panels
from scribblebench.report.efficiency.resampling import interval
from scribblebench.types import Float64Array


def area_under(density: Float64Array, fits: Float64Array) -> Float64Array:
    """Return the area under fits over log density, divided by the length of the range.

    That is the mean Dice over the range, every tenfold step of the density weighing the same.

    Parameters
    ----------
    density : ndarray of float64, shape (K,)
    fits : ndarray of float64, shape (R, K)

    Returns
    -------
    area : ndarray of float64, shape (R,)
        Within the range of the fit.
    """
    x = np.log(density)
    return np.asarray(trapezoid(fits, x, axis=1) / (x[-1] - x[0]), dtype=np.float64)


def area_of(curve: Curve) -> tuple[float, float, float]:
    """Return the normalised area of a curve and the ends of its 95 % interval."""
    low, high = interval(area_under(curve.density, curve.resampled), curve.n_patients)
    return float(area_under(curve.density, curve.fit[None])[0]), float(low), float(high)


def area_difference(a: Curve, b: Curve) -> tuple[float, float, float]:
    """Return the area of `a` less that of `b`, with a 95 % interval paired over patients.

    Raises
    ------
    ValueError
        If the curves span different densities: a mean over a denser range is larger whatever the
        form. Or if they were not resampled together.
    """
    ranges = [(float(c.density[0]), float(c.density[-1])) for c in (a, b)]
    if ranges[0] != ranges[1]:
        raise ValueError(f"a and b must span the same densities, got {ranges[0]} and {ranges[1]}")
    if not np.array_equal(a.weights, b.weights):
        raise ValueError("a and b must be resampled with the same weights, got different ones")
    areas_a = area_under(a.density, np.vstack([a.fit, a.resampled]))
    areas_b = area_under(b.density, np.vstack([b.fit, b.resampled]))
    difference = areas_a - areas_b
    low, high = interval(difference[1:], a.n_patients)
    return float(difference[0]), float(low), float(high)


def efficiency_areas(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the area under every efficiency curve, with the densities that it spans.

    Parameters
    ----------
    rows : DataFrame
        See `scribblebench.report.efficiency.panels.panels`.

    Returns
    -------
    areas : DataFrame
        `CURVE`, `area`, `low`, `high`, `density_from`, `density_to`, `n_patients`. Only areas
        between the same densities compare; `attrs["remarks"]` says where they differ.
    """
    found, remarks = [], []
    for panel in panels(rows):
        remarks += panel.remarks()
        curves = curves_of(panel)
        for key, _, curve in curves:
            area, low, high = area_of(curve)
            found.append([*key.values(), area, low, high, *_range(curve), curve.n_patients])
        ranges = sorted({_range(curve) for _, _, curve in curves})
        if len(ranges) > 1:
            listed = ", ".join(f"{100 * low:g} to {100 * high:g} %" for low, high in ranges)
            remarks.append(
                f"{panel.name}: areas are over different densities ({listed}); only those over "
                f"the same ones compare."
            )
    columns = [*CURVE, "area", "low", "high", "density_from", "density_to", "n_patients"]
    table = pd.DataFrame(found, columns=columns)
    table.attrs["remarks"] = remarks
    return table


def area_differences(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the paired difference of the areas of every two curves over the same densities.

    Returns
    -------
    differences : DataFrame
        `dataset`, `split`, then `form`, `method` and `randomness` of both curves with `_a` and
        `_b`, `difference` (a - b), `low`, `high` (95 %, not corrected for the number of pairs),
        `density_from`, `density_to`, `n_patients`. Pairs over different densities are left out.
    """
    names = ["form", "method", "randomness"]
    found = []
    for panel in panels(rows):
        for (key_a, _, a), (key_b, _, b) in combinations(curves_of(panel), 2):
            if _range(a) != _range(b):
                continue
            pair = [*(key_a[n] for n in names), *(key_b[n] for n in names)]
            place = [key_a["dataset"], key_a["split"]]
            found.append([*place, *pair, *area_difference(a, b), *_range(a), a.n_patients])
    columns = ["dataset", "split", *(f"{n}_a" for n in names), *(f"{n}_b" for n in names)]
    columns += ["difference", "low", "high", "density_from", "density_to", "n_patients"]
    return pd.DataFrame(found, columns=columns)


def _range(curve: Curve) -> tuple[float, float]:
    return float(curve.density[0]), float(curve.density[-1])
