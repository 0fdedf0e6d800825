"""Variance between patients apart from variance between seeds, and how often seeds collapse.

Patients differ in how hard they are, seeds in how training went. Both are random effects: the first
is about whom the result holds for, the second about how lucky a training was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.statistics.intervals import LEVEL

COLLAPSED = 0.5
"""A class has collapsed on a seed whose Dice for it, averaged over patients, is below this."""


@dataclass(frozen=True)
class Components:
    """Standard deviations of the score of one patient under one seed, by their source.

    Parameters
    ----------
    patient_sd : float
        Between patients, whatever the seed.
    seed_sd : float
        Between seeds, whatever the patient: good and bad trainings. NaN for a single seed.
    residual_sd : float
        The rest: patients that one seed handles better than another. NaN for a single seed.
    n_patients, n_seeds : int
    """

    patient_sd: float
    seed_sd: float
    residual_sd: float
    n_patients: int
    n_seeds: int


def variance_components(table: npt.ArrayLike) -> Components:
    """Split the variance of scores of patients under seeds.

    Two-way random effects, score = mean + patient + seed + rest, by the method of moments: the
    mean squares of the analysis of variance are set equal to what they are expected to be. An
    estimate below 0 is set to 0: the effect is too small to be seen. Of a single seed, the
    variance between patients includes the rest.

    Parameters
    ----------
    table : array_like of float, shape (patients, seeds)
        One score each, complete and finite; two or more patients.
    """
    scores = np.asarray(table, dtype=np.float64)
    if scores.ndim != 2 or scores.shape[0] < 2 or scores.shape[1] < 1:
        raise ValueError(f"table must be two or more patients by seeds, got {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError(
            f"table must be finite, got {int((~np.isfinite(scores)).sum())} that aren't"
        )
    n, s = scores.shape
    patient_means, seed_means = scores.mean(axis=1), scores.mean(axis=0)
    if s == 1:
        return Components(float(patient_means.std(ddof=1)), np.nan, np.nan, n, s)
    rest = scores - patient_means[:, None] - seed_means[None, :] + scores.mean()
    ms_rest = float((rest**2).sum() / ((n - 1) * (s - 1)))
    ms_patient = float(s * patient_means.var(ddof=1))
    ms_seed = float(n * seed_means.var(ddof=1))
    return Components(
        patient_sd=float(np.sqrt(max(0.0, (ms_patient - ms_rest) / s))),
        seed_sd=float(np.sqrt(max(0.0, (ms_seed - ms_rest) / n))),
        residual_sd=float(np.sqrt(ms_rest)),
        n_patients=n,
        n_seeds=s,
    )


def variance_table(seeds: pd.DataFrame) -> pd.DataFrame:
    """Split the variance for each cell and class.

    Parameters
    ----------
    seeds : DataFrame
        From `scribblebench.report.scores.seed_scores`, of Dice.

    Returns
    -------
    components : DataFrame
        `cell`, `class_name`, `patient_sd`, `seed_sd`, `residual_sd`, `n_patients`, `n_seeds`. The
        standard deviations are NaN where a seed lacks a patient, a score is not finite, or there is
        a single patient.
    """
    rows = []
    for (cell, class_name), group in seeds.groupby(["cell", "class_name"], sort=False):
        scores = group.pivot(index="patient_id", columns="seed", values="value").to_numpy()
        row = {"cell": cell, "class_name": class_name, "n_patients": scores.shape[0]}
        row |= {"n_seeds": scores.shape[1], "patient_sd": np.nan, "seed_sd": np.nan}
        row |= {"residual_sd": np.nan}
        if np.isfinite(scores).all() and scores.shape[0] > 1:
            row |= vars(variance_components(scores))
        rows.append(row)
    names = ["cell", "class_name", "patient_sd", "seed_sd", "residual_sd", "n_patients", "n_seeds"]
    return pd.DataFrame(rows, columns=names)


def collapse_rates(
    seeds: pd.DataFrame, *, threshold: float = COLLAPSED, level: float = LEVEL
) -> pd.DataFrame:
    """Return the share of seeds on which a class collapsed, with its exact interval.

    A class collapses on a seed if its mean over patients is below `threshold`; the average, if any
    class of that seed does. The interval is Clopper and Pearson's, whose coverage is at least
    `level`: with three seeds and no collapse it reaches to 71 %.

    Parameters
    ----------
    seeds : DataFrame
        From `scribblebench.report.scores.seed_scores`, of Dice.

    Returns
    -------
    rates : DataFrame
        `cell`, `class_name`, `collapse_rate`, `collapse_low`, `collapse_high`, `n_collapsed`,
        `n_seeds`.
    """
    keys = ["cell", "class_name", "seed"]
    classes = seeds[seeds["class_name"] != AVERAGE_NAME]
    means = classes.groupby(keys, sort=False)["value"].mean().reset_index()
    collapsed = means.assign(collapsed=means["value"] < threshold)[[*keys, "collapsed"]]
    anywhere = collapsed.groupby(["cell", "seed"], sort=False)["collapsed"].any().reset_index()
    both = pd.concat([collapsed, anywhere.assign(class_name=AVERAGE_NAME)], ignore_index=True)
    counts = both.groupby(["cell", "class_name"], sort=False)["collapsed"].agg(["sum", "size"])
    low, high = proportion_confint(counts["sum"], counts["size"], alpha=1 - level, method="beta")
    return pd.DataFrame(
        {
            "collapse_rate": counts["sum"] / counts["size"],
            "collapse_low": low,
            "collapse_high": high,
            "n_collapsed": counts["sum"],
            "n_seeds": counts["size"],
        }
    ).reset_index()
