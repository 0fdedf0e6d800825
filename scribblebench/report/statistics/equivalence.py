"""Tests of whether a cell is within a margin of full supervision.

The claim "scribbles are within x points of full supervision" is one of non-inferiority: a cell that
is better than full supervision by more than x does not refute it. So the verdict goes by the
one-sided test against -x; the p-value of equivalence, which needs the test against x too, stands
beside it. Both are Student's t on paired differences, and are the same as asking where the interval
of twice the error rate (90 % for tests at 5 %) lies.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.weightstats import DescrStatsW

from scribblebench.report.statistics.intervals import checked, paired_differences, paired_interval
from scribblebench.report.statistics.paired import paired_values

ALPHA = 0.05
Verdict = Literal["within", "not within", "open"]
GAP = [
    *("cell", "full_cell", "difference", "low", "high", "level", "margin"),
    *("p_equivalence", "p_inferiority", "p_not_within", "verdict", "n_patients"),
]
"""Columns of `gap_table`."""


@dataclass(frozen=True)
class Gap:
    """A mean difference (cell minus full supervision) judged at a margin.

    Parameters
    ----------
    difference, low, high : float
        The mean and its interval at `level`, 1 - 2 alpha: 90 % for tests at 5 %. The verdict can
        be read off it: "within" where `low` is above -margin, "not within" where `high` is below.
    level, margin : float
    p_equivalence : float
        Of two one-sided tests (TOST): small where the mean lies between -margin and margin.
    p_inferiority : float
        Of non-inferiority: small where the mean lies above -margin.
    p_not_within : float
        Of the opposite: small where the mean lies below -margin. 1 - `p_inferiority`.
    verdict : {"within", "not within", "open"}
        "within": non-inferiority is shown at alpha. "not within": its opposite is. Else "open": the
        patients do not settle it.
    n : int
        Patients.
    """

    difference: float
    low: float
    high: float
    level: float
    margin: float
    p_equivalence: float
    p_inferiority: float
    p_not_within: float
    verdict: Verdict
    n: int


def gap(differences: npt.ArrayLike, margin: float, *, alpha: float = ALPHA) -> Gap:
    """Judge paired differences of a score that is better when larger, such as Dice.

    Differences that are all equal have no spread, so the tests are settled by where they lie: p is
    0 or 1, and 1 for both sides exactly on the margin. A single patient settles nothing: its
    p-values are NaN and the verdict is "open".

    Parameters
    ----------
    differences : array_like of float, shape (n,)
        Cell minus full supervision, one value a patient, finite.
    margin : float
        > 0, in the unit of the differences: 0.02 for two points of Dice.
    alpha : float
        Error rate of each one-sided test, in (0, 0.25].
    """
    if not (np.isfinite(margin) and margin > 0):
        raise ValueError(f"margin must be positive, got {margin}")
    if not 0 < alpha <= 0.25:
        raise ValueError(f"alpha must be in (0, 0.25], got {alpha}")
    level = 1 - 2 * alpha
    numbers = checked(differences, level, finite=True)
    interval = paired_interval(numbers, level=level)
    if interval.n == 1:
        p_above = p_below = p_not = np.nan
    elif np.ptp(numbers) == 0 or numbers.std() == 0:
        value = interval.centre
        p_above, p_below = float(value <= -margin), float(value >= margin)
        p_not = float(value >= -margin)
    else:
        _, (_, p_above, _), (_, p_below, _) = DescrStatsW(numbers).ttost_mean(-margin, margin)
        p_not = 1 - p_above
    verdict: Verdict = "open"
    if p_above < alpha:
        verdict = "within"
    elif p_not < alpha:
        verdict = "not within"
    return Gap(
        difference=interval.centre,
        low=interval.low,
        high=interval.high,
        level=level,
        margin=margin,
        p_equivalence=float(max(p_above, p_below)),
        p_inferiority=float(p_above),
        p_not_within=float(p_not),
        verdict=verdict,
        n=interval.n,
    )


def gap_table(
    wide_table: pd.DataFrame,
    pairs: Iterable[tuple[Hashable, Hashable]],
    *,
    margin: float,
    alpha: float = ALPHA,
    missing: Literal["error", "common"] = "error",
) -> pd.DataFrame:
    """Judge pairs of a cell and its full supervision on the patients they share.

    Every verdict keeps its own error rate; they are not corrected for their number.

    Parameters
    ----------
    wide_table : DataFrame
        Patients (rows) by cells (columns), of Dice.
    pairs : iterable of (cell, full_cell)
    margin, alpha : float
        See `gap`.
    missing : {"error", "common"}
        See `scribblebench.report.statistics.paired.compare`.

    Returns
    -------
    gaps : DataFrame
        A row for each pair, columns `GAP`.
    """
    rows = []
    for cell, full_cell in pairs:
        a, b = paired_values(wide_table, cell, full_cell, missing=missing)
        judged = gap(paired_differences(a, b), margin, alpha=alpha)
        rows.append(
            {"cell": cell, "full_cell": full_cell, "n_patients": judged.n}
            | {name: getattr(judged, name) for name in GAP if hasattr(judged, name)}
        )
    return pd.DataFrame(rows, columns=GAP)
