"""The regression finds what was put in, and does not find what was not."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from made_efficiency import cell, experiment, full, table

from scribblebench.report.efficiency.principles import AMOUNT, explain, principles

ONE = np.zeros(12, dtype=int)


def design(rng, n_cells=12):
    """Return three terms that vary on their own."""
    return pd.DataFrame(
        {
            AMOUNT: rng.uniform(-2.0, -0.5, n_cells),
            "coverage": rng.uniform(0.1, 1.0, n_cells),
            "randomness": rng.choice([0.0, 0.5, 1.0], n_cells),
        }
    )


def dice(rng, terms, coefficients, *, patient=0.1, slope=0.0, cell_sd=0.0, noise=0.0, n=10):
    """Return (n, cells): a level for each patient, own answers, and luck of each cell."""
    x = (terms - terms.mean()).to_numpy()
    answers = coefficients + rng.normal(0, slope, (n, len(coefficients)))
    luck = rng.normal(0, cell_sd, len(x)) + rng.normal(0, noise, (n, len(x)))
    return 0.7 + rng.normal(0, patient, (n, 1)) + answers @ x.T + luck


def test_exact_effects_come_back_whatever_patients_differ():
    rng = np.random.default_rng(1)
    terms = design(rng)
    found = explain(dice(rng, terms, [0.1, -0.2, 0.05], patient=0.3), terms, ONE)
    np.testing.assert_allclose(found["coefficient"], [0.1, -0.2, 0.05])
    np.testing.assert_allclose(found[["low", "high"]].T, [[0.1, -0.2, 0.05]] * 2)
    np.testing.assert_allclose(found[["r2", "r2_cells"]], 1.0)
    assert (found["p_value"] < 1e-6).all()


def test_it_is_the_regression_with_a_dummy_for_each_patient():
    """Coefficients, within-patient R2 and what each term adds, by statsmodels' formulas."""
    rng = np.random.default_rng(2)
    terms = design(rng)
    dsc = dice(rng, terms, [0.1, -0.1, 0.0], slope=0.02, cell_sd=0.03, noise=0.03)
    found = explain(dsc, terms, ONE).set_index("term")
    long = pd.DataFrame(
        {
            "y": dsc.ravel(),
            "patient": np.repeat(np.arange(10), 12),
            "cell": np.tile(np.arange(12), 10),
        }
    )
    long[["a", "b", "c"]] = np.tile(terms.to_numpy(), (10, 1))

    def left(formula):
        return smf.ols(f"y ~ {formula} C(patient)", long).fit().ssr

    whole = smf.ols("y ~ a + b + c + C(patient)", long).fit()
    np.testing.assert_allclose(found["coefficient"], whole.params[["a", "b", "c"]])
    none = left("")
    assert found.loc[AMOUNT, "r2"] == pytest.approx(1 - whole.ssr / none)
    assert found.loc["coverage", "r2_alone"] == pytest.approx(1 - left("b +") / none)
    assert found.loc["coverage", "r2_added"] == pytest.approx((left("a + c +") - whole.ssr) / none)
    assert found.loc[AMOUNT, "r2_cells"] == pytest.approx(1 - left("C(cell) +") / none)
    others = smf.ols("a ~ b + c", long).fit().rsquared
    assert found.loc[AMOUNT, "vif"] == pytest.approx(1 / (1 - others))


def test_the_error_is_that_of_patients_and_of_cells():
    """Own slopes of patients, and HC3 by hand: residuals of cells over 1 - leverage."""
    rng = np.random.default_rng(3)
    terms = design(rng)
    dsc = dice(rng, terms, [0.1, -0.1, 0.0], slope=0.05, cell_sd=0.03, noise=0.03)
    found = explain(dsc, terms, ONE)
    x = np.column_stack([terms, np.ones(12)])
    slopes = np.array([np.linalg.lstsq(x, one, rcond=None)[0] for one in dsc])
    bread = np.linalg.inv(x.T @ x)
    mean = dsc.mean(axis=0)
    residual = (mean - x @ slopes.mean(axis=0)) / (1 - np.diag(x @ bread @ x.T))
    cells = np.diag(bread @ (x.T * residual**2) @ x @ bread)
    variance = (slopes.var(axis=0, ddof=1) / 10 + cells)[:3]
    half = 2.3060 * np.sqrt(variance)  # t with min(10 - 1, 12 - 3 - 1) = 8 degrees of freedom
    np.testing.assert_allclose((found["high"] - found["low"]) / 2, half, rtol=1e-4)


def rejections(n, *, cell_sd, slope, seed):
    rng = np.random.default_rng(seed)
    terms = design(rng)
    found = [
        explain(dice(rng, terms, [0.0] * 3, slope=slope, cell_sd=cell_sd, noise=0.03), terms, ONE)
        for _ in range(n)
    ]
    return np.mean([table["p_value"] < 0.05 for table in found])


def test_luck_of_cells_is_not_taken_for_an_effect():
    """150 runs of 3 terms without effect: 5 % expected; 10 % is 4 sd of independent ones.

    With patients alone as clusters it is about 50 %.
    """
    assert rejections(150, cell_sd=0.03, slope=0.0, seed=4) < 0.10


@pytest.mark.slow
@pytest.mark.parametrize(("cell_sd", "slope"), [(0.0, 0.0), (0.03, 0.0), (0.0, 0.03), (0.03, 0.03)])
def test_the_level_is_kept(cell_sd, slope):
    """500 runs of 3 terms: at most 5 %, and 2 points (3 sd). Where nothing varies, it is less."""
    assert rejections(500, cell_sd=cell_sd, slope=slope, seed=5) < 0.07


def test_methods_have_their_own_level():
    """A method that is better by 0.2 and was run on denser scribbles is no effect of density."""
    terms = pd.DataFrame({AMOUNT: [-2.0, -1.5, -1.0, -1.0, -0.5, 0.0]})
    methods = np.array(["a"] * 3 + ["b"] * 3)
    dsc = 0.5 + 0.1 * terms[AMOUNT].to_numpy() + 0.2 * (methods == "b") + np.zeros((4, 1))
    found = explain(dsc, terms, methods)
    np.testing.assert_allclose(found["coefficient"], 0.1)
    np.testing.assert_allclose(found["r2"], 1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"randomness": 0.5},
            "randomness must vary between the cells that are compared, got one value",
        ),
        ({"coverage": lambda t: 3 - 2 * t[AMOUNT]}, "must not determine one another"),
    ],
)
def test_terms_that_cannot_be_told_apart_are_refused(change, message):
    rng = np.random.default_rng(6)
    terms = design(rng).assign(**change)
    with pytest.raises(ValueError, match=message):
        explain(rng.random((5, 12)), terms, ONE)


def test_too_little_is_refused():
    rng = np.random.default_rng(7)
    with pytest.raises(ValueError, match="more cells than terms and strata together, got 5"):
        explain(rng.random((5, 4)), design(rng, 4), ONE[:4])
    with pytest.raises(ValueError, match=r"2 or more patients, .* got 1 patients"):
        explain(rng.random((1, 12)), design(rng), ONE)
    once = design(rng).assign(randomness=[0.0] * 11 + [1.0])
    with pytest.raises(ValueError, match="must rest on more than a single cell"):
        explain(rng.random((5, 12)), once, ONE)
    with pytest.raises(ValueError, match="dsc must vary"):
        explain(np.full((5, 12), 0.5), design(rng), ONE)


def test_principles_of_made_rows():
    """Skeletons gain 0.2 and points 0.22 in 1.48 decades; randomness gains 0.1 a unit."""
    rows = experiment(np.random.default_rng(8))
    found = principles(rows).set_index("term")
    assert found.index.tolist() == [AMOUNT, "randomness"]
    assert 0.1 < found.loc[AMOUNT, "coefficient"] < 0.2
    assert found.loc[AMOUNT, "low"] > 0.0
    assert found.loc["randomness", "low"] < 0.1 < found.loc["randomness", "high"]
    assert (found["n_cells"] == 10).all()  # neither expert nor dense
    remarks = principles(rows).attrs["remarks"]
    assert remarks == ["acdc val: coverage is not known, so Dice is explained without it."]
    assert principles(rows).attrs["r2"] == {"acdc val": found["r2"].iloc[0]}


def test_within_forms_their_levels_do_not_matter():
    """Chords are 0.3 below points everywhere; both gain 0.1 a decade."""
    patients = np.linspace(-0.1, 0.1, 5)
    rows = table(
        *(
            cell(form, density, level + 0.1 * np.log10(density) + patients)
            for density in (0.01, 0.03, 0.1, 0.3)
            for form, level in (("points", 0.9), ("chord", 0.6))
        )
    )
    between = principles(rows).iloc[0]
    assert between["low"] < 0.1 < between["high"]
    assert between["r2"] < 0.2
    within = principles(rows, within_forms=True).iloc[0]
    np.testing.assert_allclose(within[["coefficient", "low", "high"]].astype(float), 0.1)
    assert within["r2"] == pytest.approx(1.0)


def test_coverage_explains_where_it_is_known():
    """Dice is made from coverage alone, whatever the density: only coverage has an effect."""
    rng = np.random.default_rng(9)
    parts = []
    for density in (0.01, 0.03, 0.1, 0.3):
        for form, coverage in (("points", 0.2), ("skeleton", 0.5), ("chord", 0.8)):
            coverage += rng.uniform(-0.1, 0.1)
            scores = 0.9 - 0.4 * coverage + rng.normal(0, 0.02, 10)
            parts.append(cell(form, density, scores, coverage=coverage))
    rows = table(*parts, full(np.full(10, 0.9), coverage=np.nan))
    found = principles(rows).set_index("term")
    assert found.loc["coverage", "low"] < -0.4 < found.loc["coverage", "high"] < -0.3
    assert found.loc[AMOUNT, "low"] < 0.0 < found.loc[AMOUNT, "high"]
    assert found.loc["coverage", "r2_added"] > 0.5
    assert principles(rows).attrs["remarks"] == [
        "acdc val: randomness does not vary, so nothing can be said of it."
    ]
    tied = rows.assign(coverage=lambda t: 1 - np.log10(t["density"]) + 0.01 * t["coverage"])
    assert "hard to tell apart" in principles(tied).attrs["remarks"][-1]


def test_what_cannot_be_tested_is_said():
    rows = table(*(cell("points", d, [0.5, 0.6]) for d in (0.1, 0.3)))
    found = principles(rows)
    assert found.empty
    assert "the principles cannot be tested: dsc must be of" in found.attrs["remarks"][-1]
    assert principles(full([0.9, 0.8])).attrs["remarks"] == []
