"""Dice explained by how much is annotated and by how it is spread: the two principles, tested.

The more is annotated, the better; the more evenly and randomly it is spread, the better.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.outliers_influence import variance_inflation_factor

from scribblebench.report.efficiency.panels import FULL_FORM, Panel, panels
from scribblebench.report.efficiency.resampling import LEVEL
from scribblebench.types import AnyArray, Float64Array

AMOUNT = "log10 density"
COLLINEAR = 10.0
"""Variance inflation at which two terms are hard to tell apart, by convention."""

CONSTANT = 1e-9
"""Values that differ by less are the same but for rounding."""


def explain(dsc: Float64Array, terms: pd.DataFrame, strata: AnyArray) -> pd.DataFrame:
    """Regress Dice on properties of the annotation, within patients.

    Ordinary least squares with a fixed effect of every patient in every stratum: Dice and terms
    are centred within them, so that R2 is that of what differs within a patient, and how much
    patients differ neither hides nor flatters a term.

    The terms vary between cells only, and the scores of a cell share its networks' luck: with
    patients alone as clusters, every patient would be taken for a repetition of each cell, and
    half of the terms without effect would be found significant. The variance of a coefficient is
    therefore the sum of two: over patients, that of the mean of their own coefficients; over
    cells, HC3, that of a regression of the cells' means, which allows for luck that differs with
    density. Noise counts twice, which errs to the safe side. Student's t with the smaller of
    n_patients - 1 and n_cells - n_terms - n_strata degrees of freedom.

    Parameters
    ----------
    dsc : ndarray of float64, shape (n_patients, n_cells)
    terms : DataFrame, shape (n_cells, n_terms)
        A column for each term.
    strata : array, shape (n_cells,)
        Cells of different strata (methods, forms) are not compared: each has its own level.

    Returns
    -------
    table : DataFrame
        `term`, `coefficient`, `low`, `high`, `p_value`, `r2_alone` (with this term alone),
        `r2_added` (what it adds to all others), `vif` (variance inflation by the others); then, the
        same in each row, `r2` of the whole and `r2_cells`, what any properties of the cells could
        explain at most: the rest is patients who answer differently.

    Raises
    ------
    ValueError
        If a term does not vary within the strata or rests on a single cell, terms cannot be told
        apart, there are fewer than two patients, or cells are too few.

    Notes
    -----
    MacKinnon and White 1985, Some heteroskedasticity-consistent covariance matrix estimators with
    improved finite sample properties, Journal of Econometrics 29, for HC3. Cluster-robust errors
    by patient and cell (Cameron, Gelbach and Miller 2011) are the same idea for large samples.
    """
    if problem := unusable(dsc, terms, strata):
        raise ValueError(problem)
    n_patients, n_terms = len(dsc), terms.shape[1]
    df = _degrees_of_freedom(dsc, terms, strata)
    long_x = np.tile(_centred(terms.to_numpy(dtype=np.float64), strata), (n_patients, 1))
    long_y = _centred(dsc.T, strata).T.ravel()
    fitted = sm.OLS(long_y, long_x).fit()
    error = _standard_error(dsc, terms, strata)
    reach = stats.t.ppf((1.0 + LEVEL) / 2.0, df) * error
    without = [_r2(long_y, np.delete(long_x, i, axis=1)) for i in range(n_terms)]
    return pd.DataFrame(
        {
            "term": list(terms.columns),
            "coefficient": fitted.params,
            "low": fitted.params - reach,
            "high": fitted.params + reach,
            "p_value": 2.0 * stats.t.sf(np.abs(fitted.params) / error, df),
            "r2_alone": [_r2(long_y, long_x[:, [i]]) for i in range(n_terms)],
            "r2_added": [fitted.rsquared - other for other in without],
            "vif": [_inflation(long_x, i) for i in range(n_terms)],
            "r2": fitted.rsquared,
            "r2_cells": _between(_centred(dsc.T, strata)),
        }
    )


def _standard_error(dsc: Float64Array, terms: pd.DataFrame, strata: AnyArray) -> Float64Array:
    """Return the standard errors of the coefficients, from patients and from cells."""
    exog, n_terms = _design(terms, strata), terms.shape[1]
    own = (np.linalg.pinv(exog) @ dsc.T)[:n_terms]
    patients = own.var(axis=1, ddof=1) / len(dsc)
    cells = sm.OLS(dsc.mean(axis=0), exog).fit(cov_type="HC3").cov_params()
    return np.asarray(np.sqrt(patients + np.diag(cells)[:n_terms]), dtype=np.float64)


def _design(terms: pd.DataFrame, strata: AnyArray) -> Float64Array:
    """Return the centred terms, then a column for each stratum: shape (n_cells, ...)."""
    levels = pd.get_dummies(strata).to_numpy(dtype=np.float64)
    return np.hstack([_centred(terms.to_numpy(dtype=np.float64), strata), levels])


def _centred(values: Float64Array, strata: AnyArray) -> Float64Array:
    """Return (n_cells, m) values less their mean over the cells of their stratum."""
    table = pd.DataFrame(values)
    return np.asarray(table - table.groupby(strata).transform("mean"), dtype=np.float64)


def _r2(y: Float64Array, x: Float64Array) -> float:
    """Return the explained share of centred values; 0 without terms."""
    return float(sm.OLS(y, x).fit().rsquared) if x.shape[1] else 0.0


def _between(y: Float64Array) -> float:
    """Return the share of the variance of (n_cells, n_patients) centred values between cells."""
    return float(y.mean(axis=1).var() / y.var())


def _inflation(x: Float64Array, i: int) -> float:
    """Return by how much the other terms inflate the variance of a coefficient."""
    return float(variance_inflation_factor(x, i)) if x.shape[1] > 1 else 1.0


def unusable(dsc: Float64Array, terms: pd.DataFrame, strata: AnyArray) -> str | None:
    """Say why `explain` must refuse its arguments; None if it need not."""
    x = _centred(terms.to_numpy(dtype=np.float64), strata)
    spread = np.ptp(x, axis=0)
    for name, one in zip(terms.columns, spread, strict=True):
        if one < CONSTANT:
            return f"{name} must vary between the cells that are compared, got one value"
    if np.linalg.matrix_rank(x / spread, tol=1e-6) < terms.shape[1]:
        return f"{', '.join(terms.columns)} must not determine one another"
    if _degrees_of_freedom(dsc, terms, strata) < 1:
        shape = f"{dsc.shape[0]} patients and {dsc.shape[1]} cells"
        wanted = "2 or more patients, and more cells than terms and strata together"
        return f"dsc must be of {wanted}, got {shape}"
    exog = _design(terms, strata)
    leverage = np.diag(exog @ np.linalg.pinv(exog))
    if leverage.max() > 1.0 - CONSTANT:
        return "each stratum and each term must rest on more than a single cell"
    if np.ptp(_centred(dsc.T, strata)) < CONSTANT:
        return "dsc must vary between the cells, got one value"
    return None


def _degrees_of_freedom(dsc: Float64Array, terms: pd.DataFrame, strata: AnyArray) -> int:
    n_patients, n_cells = dsc.shape
    return int(min(n_patients - 1, n_cells - terms.shape[1] - len(np.unique(strata))))


def principles(rows: pd.DataFrame, *, within_forms: bool = False) -> pd.DataFrame:
    """Test the two principles on the scribbles of each data set that were drawn to a density.

    Dice of patients (seeds, frames and classes averaged) on `AMOUNT`, the logarithm of the
    measured annotated share (the coefficient is what ten times as much annotation gains);
    `coverage`, the mean distance to the nearest annotated pixel (lower is better); and
    `randomness`. See `explain`. A term that is unknown or does not vary is left out.

    Parameters
    ----------
    rows : DataFrame
        See `scribblebench.report.efficiency.panels.panels`.
    within_forms : bool
        Compare cells of one form only, each form with a level of its own: what amount and
        randomness do to a given form. By default forms are compared with each other, and what
        they differ in beside the terms counts as unexplained.

    Returns
    -------
    table : DataFrame
        `dataset`, `split`, the columns of `explain`, `n_patients` and `n_cells`.
        `attrs["remarks"]` says what was left out and why, and where terms are hard to tell apart.
        `attrs["r2"]` is the R2 of the whole for each data set by name.
    """
    tables, remarks, r2 = [], [], {}
    for panel in panels(rows):
        cells = _drawn(panel)
        if cells.empty:
            continue
        alike = ["method", "form"] if within_forms else ["method"]
        strata = cells.groupby(alike).ngroup().to_numpy()
        terms, said = _terms(cells, strata, panel.name)
        remarks += [*panel.remarks(), *said]
        if terms.empty:
            continue
        dsc = panel.scores[cells.index].to_numpy(dtype=np.float64)
        if problem := unusable(dsc, terms, strata):
            remarks.append(f"{panel.name}: the principles cannot be tested: {problem}.")
            continue
        table = explain(dsc, terms, strata)
        inflated = table.loc[table["vif"] > COLLINEAR, "term"]
        if len(inflated):
            remarks.append(
                f"{panel.name}: {', '.join(inflated)} are hard to tell apart (variance inflation "
                f"{table['vif'].max():.0f}): their coefficients and shares of R2 are unsure."
            )
        dataset, split = cells["dataset"].iloc[0], cells["split"].iloc[0]
        size = {"n_patients": panel.n_patients, "n_cells": len(cells)}
        tables.append(table.assign(dataset=dataset, split=split, **size))
        r2[panel.name] = float(table["r2"].iloc[0])
    columns = ["dataset", "split", "term", "coefficient", "low", "high", "p_value", "r2_alone"]
    columns += ["r2_added", "vif", "r2", "r2_cells", "n_patients", "n_cells"]
    found = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
    found = found[columns]
    found.attrs.update(remarks=remarks, r2=r2)
    return found


def _drawn(panel: Panel) -> pd.DataFrame:
    """Return the cells of scribbles that were drawn to a density, with a known share."""
    cells = panel.cells
    drawn = (cells["form"] != FULL_FORM) & cells[["density", "randomness"]].notna().all(axis=1)
    return cells[drawn & (cells["annotated_fraction"] > 0.0)]


def _terms(cells: pd.DataFrame, strata: AnyArray, name: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the terms that can be used, and what is to be said of the others."""
    terms = pd.DataFrame(
        {
            AMOUNT: np.log10(cells["annotated_fraction"]),
            "coverage": cells["coverage"],
            "randomness": cells["randomness"],
        }
    )
    remarks = []
    for term in terms.columns:
        within = _centred(terms[[term]].to_numpy(dtype=np.float64), strata)
        if terms[term].isna().any():
            remarks.append(f"{name}: coverage is not known, so Dice is explained without it.")
        elif np.ptp(within) < CONSTANT:
            remarks.append(f"{name}: {term} does not vary, so nothing can be said of it.")
        else:
            continue
        terms = terms.drop(columns=term)
    return terms, remarks
