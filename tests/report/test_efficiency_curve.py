"""Curves never fall, show where the data did, and come out the same whatever the order."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from made_efficiency import cell, experiment, form, full, table
from scipy import stats

from scribblebench.report.efficiency.area import area_differences, efficiency_areas
from scribblebench.report.efficiency.curve import (
    STEPS,
    at_density,
    efficiency_curves,
    fit_curve,
    monotone,
)
from scribblebench.report.efficiency.panels import panels
from scribblebench.report.efficiency.principles import principles
from scribblebench.report.efficiency.resampling import interval, patient_weights
from scribblebench.report.efficiency.targets import efficiency_targets, relative_dice

DENSITY = np.array([0.01, 0.03, 0.1, 0.3])


def test_means_that_fall_are_pooled_with_their_neighbours():
    """0.82, 0.78 and 0.80: the first two are pooled to 0.80, which the third does not undercut."""
    fitted = monotone(np.array([[0.7, 0.82, 0.78, 0.8], [0.5, 0.6, 0.7, 0.8]]))
    np.testing.assert_allclose(fitted[0], [0.7, 0.8, 0.8, 0.8])
    np.testing.assert_array_equal(fitted[1], [0.5, 0.6, 0.7, 0.8])


def test_the_fit_is_that_of_the_min_max_formula():
    """fit[i] = max over a <= i of min over b >= i of mean(a..b): another way to compute it."""
    means = np.random.default_rng(3).random((200, 5))

    def by_formula(y):
        ks = range(len(y))
        return [
            max(min(y[a : b + 1].mean() for b in ks if b >= i) for a in ks if a <= i) for i in ks
        ]

    np.testing.assert_allclose(monotone(means), [by_formula(y) for y in means])


def test_between_densities_the_fit_is_straight_in_log_density():
    """0.0316 is half way from 0.01 to 0.1."""
    fits = np.array([[0.4, 0.8], [0.5, 0.5]])
    wanted = np.array([0.01, 10**-1.5, 0.1])
    values = at_density(np.array([0.01, 0.1]), fits, wanted)
    np.testing.assert_allclose(values, [[0.4, 0.6, 0.8], [0.5, 0.5, 0.5]])


@pytest.mark.parametrize("outside", [0.009, 0.31, np.nan])
def test_nothing_is_said_outside_the_densities_measured(outside):
    with pytest.raises(ValueError, match=r"wanted must lie in \[0.01, 0.3\], as measured, got"):
        at_density(DENSITY, np.zeros((1, 4)), np.array([outside]))


@pytest.mark.parametrize(
    ("density", "scores", "message"),
    [
        ([0.1], [[0.5]], "density must be 2 or more increasing numbers"),
        ([0.1, 0.1], [[0.5, 0.5]], "density must be 2 or more increasing numbers"),
        ([0.0, 0.1], [[0.5, 0.5]], r"in \(0, 1\]"),
        ([0.1, 0.2], [[0.5, 0.5, 0.5]], r"scores must be \(patients, densities\) = \(1, 2\)"),
        ([0.1, 0.2], [[0.5, np.nan]], "scores must be finite"),
    ],
)
def test_bad_curves_are_refused(density, scores, message):
    with pytest.raises(ValueError, match=message):
        fit_curve(np.array(density), np.array(scores), np.ones((3, 1)))


def test_interval_by_hand():
    """n = 10: t = 2.262, times sqrt(10/9) is 2.384, and 0.857 % of a normal lie beyond that."""
    low, high = interval(np.arange(10_001.0), 10)
    assert (low, high) == (85.0, 9915.0)
    low, high = interval(np.arange(10_001.0), 100_000)
    assert (low, high) == pytest.approx((250, 9750), abs=1)


def test_interval_orders_what_is_infinite_and_is_unknown_for_one_patient():
    values = np.array([0.1] * 5 + [np.inf] * 95)
    assert [float(end) for end in interval(values, 10)] == [0.1, np.inf]
    assert [float(end) for end in interval(np.full(9, np.inf), 10)] == [np.inf, np.inf]
    assert np.isnan(interval(values, 1)).all()
    assert np.isnan(interval(np.array([0.1, np.nan, 0.2]), 10)).all()


def test_resamples_draw_patients_with_replacement():
    """Counts of a patient have mean 1 and variance 0.9 for ten; 0.08 and 0.1 are five sd."""
    weights = patient_weights(10)
    np.testing.assert_array_equal(weights, patient_weights(10))
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_allclose((10 * weights).mean(axis=0), 1.0, atol=0.08)
    np.testing.assert_allclose((10 * weights).var(axis=0), 0.9, atol=0.1)
    with pytest.raises(ValueError, match="n_patients must be 1 or more, got 0"):
        patient_weights(0)


def test_the_band_of_one_density_is_students_interval():
    """Twenty normal patients at densities far apart: within 6 % of the width of Student's."""
    rng = np.random.default_rng(4)
    scores = np.array([0.3, 0.6]) + rng.normal(0.0, 0.05, (20, 2))
    curve = fit_curve(np.array([0.01, 0.1]), scores, patient_weights(20))
    low, high = interval(curve.resampled, 20)
    half = stats.t.ppf(0.975, 19) * scores.std(axis=0, ddof=1) / np.sqrt(20)
    np.testing.assert_allclose((high - low) / (2 * half), 1.0, atol=0.06)


def test_curves_worked_by_hand():
    """Two patients 0.1 apart; the means fall from 0.74 to 0.70 and are pooled at 0.72."""
    means = [0.5, 0.6, 0.74, 0.7]
    rows = form("skeleton", DENSITY, [[m - 0.05, m + 0.05] for m in means])
    curves = efficiency_curves(rows)
    measured = curves[curves["raw"].notna()]
    np.testing.assert_array_equal(measured["density"], DENSITY)
    np.testing.assert_allclose(measured["raw"], means)
    np.testing.assert_allclose(measured["fit"], [0.5, 0.6, 0.72, 0.72])
    np.testing.assert_allclose(measured["departure"], [0, 0, 0.02, -0.02], atol=1e-12)
    np.testing.assert_allclose(curves["max_departure"], 0.02)
    # Two patients: the interval is all that resampling them can give.
    np.testing.assert_allclose(measured["low"], [0.45, 0.55, 0.67, 0.67])
    np.testing.assert_allclose(measured["high"], [0.55, 0.65, 0.77, 0.77])
    assert len(curves) == 3 * STEPS + 1
    half_way = curves.iloc[STEPS // 2]
    assert half_way["density"] == pytest.approx(np.sqrt(0.01 * 0.03))
    assert half_way["fit"] == pytest.approx(0.55)
    assert curves["density"].is_monotonic_increasing
    assert (curves["n_patients"] == 2).all()


def test_a_form_at_one_density_and_what_has_none_are_no_curves():
    scores = [0.5, 0.6]
    rows = table(
        cell("skeleton", 0.1, scores),
        cell("skeleton", 0.3, scores, randomness=1.0),
        cell("expert", np.nan, scores, randomness=np.nan),
        full(scores),
    )
    assert efficiency_curves(rows).empty
    assert list(efficiency_curves(rows)) == list(efficiency_curves(experiment_rows()))


def experiment_rows():
    return experiment(np.random.default_rng(5))


def test_patients_that_a_cell_lacks_are_left_out_and_that_is_said():
    rows = table(cell("points", 0.1, [0.5, 0.6, 0.7]), cell("points", 0.3, [0.6, 0.7]))
    curves = efficiency_curves(rows)
    assert curves["raw"].dropna().tolist() == pytest.approx([0.55, 0.65])
    assert curves.attrs["remarks"] == [
        "acdc val: 1 of 3 patients are left out of annotation efficiency, since not every cell "
        "has them."
    ]
    other = cell("points", 0.3, [0.6]).assign(patient_id="other")
    assert panels(table(cell("points", 0.1, [0.5]), other)) == []


def test_parts_of_the_data_and_data_sets_are_kept_apart():
    rows = form("points", [0.1, 0.3], [[0.5, 0.6], [0.6, 0.7]])
    curves = efficiency_curves(table(rows, rows.assign(split="test"), rows.assign(dataset="a")))
    assert curves.groupby(["dataset", "split"]).ngroups == 3
    assert len(curves) == 3 * (STEPS + 1)


TABLES = {
    "curves": efficiency_curves,
    "targets": efficiency_targets,
    "relative": relative_dice,
    "areas": efficiency_areas,
    "differences": area_differences,
    "principles": principles,
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_depend_neither_on_the_order_of_rows_nor_on_the_call(name):
    rows = experiment_rows().assign(coverage=lambda t: 1.0 / (t["annotated_fraction"] + 0.1))
    first = TABLES[name](rows)
    assert len(first)
    shuffled = rows.sample(frac=1.0, random_state=6)
    pd.testing.assert_frame_equal(TABLES[name](rows), first, check_exact=True)
    pd.testing.assert_frame_equal(TABLES[name](shuffled), first, check_exact=True)


def test_rows_are_not_changed():
    rows = experiment_rows()
    before = rows.copy()
    for make in TABLES.values():
        make(rows)
    pd.testing.assert_frame_equal(rows, before)


def test_neither_torch_nor_matplotlib_is_imported():
    code = (
        "import sys, scribblebench.report.efficiency.targets as t, "
        "scribblebench.report.efficiency.area, "
        "scribblebench.report.efficiency.principles; "
        "print({'torch', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("set()", 0), done.stderr
