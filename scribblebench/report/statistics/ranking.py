"""How far a ranking would change with other patients.

As in challengeR (Wiesenfarth et al. 2021): patients are drawn anew with replacement, cells are
ranked on each draw, and the ranks that a cell takes are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from scribblebench.errors import InputError
from scribblebench.report.scores import Metric
from scribblebench.report.statistics.intervals import LEVEL
from scribblebench.seeding import rng_for
from scribblebench.types import Float64Array

RESAMPLES = 1000
PODIUM = 3
"""Places that there are frequencies for, even of fewer cells."""


@dataclass(frozen=True)
class Ranking:
    """A ranking of cells and its stability.

    Parameters
    ----------
    table : DataFrame
        A row for each cell in the order of `rank`: `dataset`, `cell`, `rank` (1 is best, ties
        share their mean rank), `podium_K` for every place K, three at least (share of the
        resamples in which the cell takes that place; cells that tie share the places),
        `rank_low`, `rank_high` (of the resamples' ranks).
    stability : DataFrame
        One row: `dataset`, `kendall_tau_median`, `kendall_tau_low`, `kendall_tau_high`: agreement
        of a resample's ranking with that on all patients, 1 for the same order. NaN for fewer
        than two cells, or cells that all tie.
    """

    table: pd.DataFrame
    stability: pd.DataFrame


def rank_cells(
    wide_table: pd.DataFrame,
    *,
    metric: Metric,
    dataset: str = "",
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Ranking:
    """Rank cells by their mean or median over patients, and resample the patients.

    Cells are aggregated, then ranked: by the mean of Dice, by the median of distances, which may be
    infinite. All cells of a resample have the same patients.

    Parameters
    ----------
    wide_table : DataFrame
        Patients (rows) by cells (columns), complete.
    metric : Metric
    dataset : str
        Written into the column of this name.
    resamples : int
        >= 1.
    level : float
        Of the intervals of ranks and tau, which are quantiles of the resamples: they say how much a
        ranking depends on who was measured, and have no coverage to keep.

    Raises
    ------
    InputError
        If a cell lacks a patient: incomplete cells are not ranked.
    """
    values = wide_table.to_numpy(dtype=np.float64)
    if values.size == 0:
        raise ValueError(f"wide_table must have patients and cells, got {values.shape}")
    lacking = wide_table.columns[np.isnan(values).any(axis=0)]
    if len(lacking):
        names = ", ".join(str(cell) for cell in lacking)
        raise InputError(f"cells that are ranked must have every patient, got gaps in: {names}")
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    n = len(values)
    chosen = rng_for(0, "ranking", n).integers(0, n, size=(resamples, n))
    full = _ranks(_centres(values, metric), metric)
    scores = np.stack([_centres(values[patients], metric) for patients in chosen])
    drawn = _ranks(scores, metric)
    tail = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(drawn, tail, axis=0, method="inverted_cdf")
    places = range(1, max(PODIUM, len(full)) + 1)
    podium = {f"podium_{place}": _shares_of_place(scores, metric, place) for place in places}
    about = {"dataset": dataset, "cell": wide_table.columns, "rank": full}
    table = pd.DataFrame({**about, **podium, "rank_low": low, "rank_high": high})
    median, tau_low, tau_high = np.quantile(_taus(drawn, full), [0.5, *tail])
    stability = {
        "dataset": dataset,
        "kendall_tau_median": median,
        "kendall_tau_low": tau_low,
        "kendall_tau_high": tau_high,
    }
    ordered = table.sort_values("rank", kind="stable", ignore_index=True)
    return Ranking(ordered, pd.DataFrame([stability]))


def _centres(values: Float64Array, metric: Metric) -> Float64Array:
    centres: Float64Array = (
        values.mean(axis=0) if metric.centre == "mean" else np.median(values, axis=0)
    )
    return centres


def _ranks(
    scores: Float64Array,
    metric: Metric,
    method: Literal["average", "min", "max"] = "average",
) -> Float64Array:
    """Rank along the last axis; 1 is best.

    Means that differ by rounding only, because they add the same scores, tie.
    """
    rounded = np.round(-scores if metric.larger_is_better else scores, 12)
    ranks: Float64Array = stats.rankdata(rounded, method=method, axis=-1).astype(np.float64)
    return ranks


def _shares_of_place(scores: Float64Array, metric: Metric, place: int) -> Float64Array:
    """Return how often each cell takes a place; g cells that tie for it count 1/g each."""
    first, last = _ranks(scores, metric, "min"), _ranks(scores, metric, "max")
    takes = (first <= place) & (place <= last)
    shares: Float64Array = (takes / (last - first + 1)).mean(axis=0)
    return shares


def _taus(drawn: Float64Array, full: Float64Array) -> Float64Array:
    """Return Kendall's tau-b of each ranking with the full one; 0 for one where all tie."""
    if np.ptp(full) == 0:
        return np.full(len(drawn), np.nan)
    taus = [
        stats.kendalltau(ranks, full).statistic if np.ptp(ranks) > 0 else 0.0 for ranks in drawn
    ]
    return np.asarray(taus, dtype=np.float64)
