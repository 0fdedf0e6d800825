"""Variance components agree with the analysis of variance; collapse rates with R."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.statistics.variance import (
    collapse_rates,
    variance_components,
    variance_table,
)


def simulated(rng, patients, seeds, patient_sd, seed_sd, residual_sd):
    return (
        0.8
        + rng.normal(0, patient_sd, (patients, 1))
        + rng.normal(0, seed_sd, (1, seeds))
        + rng.normal(0, residual_sd, (patients, seeds))
    )


def test_components_agree_with_mean_squares_of_statsmodels():
    scores = simulated(np.random.default_rng(0), 10, 4, 0.06, 0.05, 0.02)
    patients, seeds = np.indices(scores.shape)
    long = pd.DataFrame({"y": scores.ravel(), "p": patients.ravel(), "s": seeds.ravel()})
    table = anova_lm(ols("y ~ C(p) + C(s)", long).fit())
    squares = table["sum_sq"] / table["df"]
    found = variance_components(scores)
    assert found.residual_sd**2 == pytest.approx(squares["Residual"])
    assert found.patient_sd**2 == pytest.approx((squares["C(p)"] - squares["Residual"]) / 4)
    assert found.seed_sd**2 == pytest.approx((squares["C(s)"] - squares["Residual"]) / 10)


def test_components_are_unbiased():
    """400 tables: the sd of the mean variance is near 2 % for patients and 6 % for seeds."""
    rng = np.random.default_rng(1)
    found = [variance_components(simulated(rng, 12, 5, 0.08, 0.05, 0.02)) for _ in range(400)]
    means = np.mean([[c.patient_sd**2, c.seed_sd**2, c.residual_sd**2] for c in found], axis=0)
    assert np.sqrt(means) == pytest.approx([0.08, 0.05, 0.02], rel=0.1)


def test_no_variance_is_negative():
    """Seeds that differ less than the rest would have them differ: 1, -1 and -1, 1."""
    found = variance_components([[1.0, -1.0], [-1.0, 1.0]])
    assert (found.patient_sd, found.seed_sd) == (0.0, 0.0)
    assert found.residual_sd == pytest.approx(2.0)


def test_a_single_seed_has_no_seed_variance():
    found = variance_components([[0.7], [0.9]])
    assert found.patient_sd == pytest.approx(np.sqrt(0.02))
    assert np.isnan([found.seed_sd, found.residual_sd]).all()


def test_tables_that_cannot_be_split_are_refused():
    with pytest.raises(ValueError, match=r"two or more patients by seeds, got \(1, 2\)"):
        variance_components([[0.7, 0.8]])
    with pytest.raises(ValueError, match="table must be finite, got 1"):
        variance_components([[0.7, 0.8], [np.nan, 0.9]])


def seeds_table(collapsed=(), patients=3, seeds=4):
    rows = [
        (cell, name, f"p{patient}", seed, 0.1 if (cell, name, seed) in collapsed else 0.8)
        for cell in (0, 1)
        for name in ("RV", "LV", AVERAGE_NAME)
        for patient in range(patients)
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows, columns=["cell", "class_name", "patient_id", "seed", "value"])


def test_the_table_has_a_row_for_each_cell_and_class_and_nan_where_incomplete():
    scores = seeds_table()
    found = variance_table(scores.drop(index=0))
    assert len(found) == 6
    assert np.isnan(found.loc[0, ["patient_sd", "seed_sd", "residual_sd"]].to_numpy(float)).all()
    assert (found.loc[1:, "seed_sd"] == 0).all()
    assert found["n_seeds"].tolist() == [4] * 6


def test_collapse_rates_by_class_and_of_any_class():
    """RV collapses on seeds 0 and 1, LV on 1 and 2: any class on three of four."""
    gone = {(1, "RV", 0), (1, "RV", 1), (1, "LV", 1), (1, "LV", 2)}
    found = collapse_rates(seeds_table(gone)).set_index(["cell", "class_name"])
    assert found.loc[(1, "RV"), "collapse_rate"] == 0.5
    assert found.loc[(1, AVERAGE_NAME), "collapse_rate"] == 0.75
    assert (found.loc[0, "collapse_rate"] == 0).all()
    assert (found["n_seeds"] == 4).all()


def test_collapse_intervals_are_exact():
    """0 of 3: to 1 - 0.025^(1/3). 682 of 925 in R: binom.test gives 0.7076683 to 0.7654066."""
    none = collapse_rates(seeds_table(seeds=3)).iloc[0]
    assert none["collapse_low"] == 0
    assert none["collapse_high"] == pytest.approx(1 - 0.025 ** (1 / 3))
    gone = {(0, "RV", seed) for seed in range(682)}
    many = collapse_rates(seeds_table(gone, patients=1, seeds=925)).iloc[0]
    assert many["n_collapsed"] == 682
    assert many[["collapse_low", "collapse_high"]].tolist() == pytest.approx(
        [0.7076683, 0.7654066], abs=1e-7
    )
