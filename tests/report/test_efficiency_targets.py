"""ED90 and ED95 are found where they are, and said to be unknown where they are."""

import numpy as np
import pytest
from made_efficiency import cell, experiment, form, full, table

from scribblebench.errors import InputError
from scribblebench.report.efficiency.curve import at_density, fit_curve, monotone
from scribblebench.report.efficiency.reach import first_reach, seconds_at, target_of
from scribblebench.report.efficiency.resampling import patient_weights
from scribblebench.report.efficiency.targets import efficiency_targets, relative_dice

DENSITY = np.array([0.01, 0.03, 0.1, 0.3])


def test_first_reach_by_hand():
    """0.6 lies half way from 0.4 to 0.8, so at half way from 0.01 to 0.1 on the log axis."""
    fits = np.array([[0.4, 0.8], [0.4, 0.6], [0.4, 0.5], [0.6, 0.8], [0.6, 0.6], [0.7, 0.8]])
    reach = first_reach(np.array([0.01, 0.1]), fits, np.full(6, 0.6))
    np.testing.assert_allclose(reach, [10**-1.5, 0.1, np.inf, 0.01, 0.01, 0.01])
    assert reach[1] == 0.1
    assert (reach[3:] == 0.01).all()


def test_the_fit_at_the_density_found_is_the_target():
    rng = np.random.default_rng(7)
    fits = monotone(rng.random((500, 4)))
    target = rng.random(500)
    reach = first_reach(DENSITY, fits, target)
    inside = np.isfinite(reach) & (reach > 0.01)
    assert inside.sum() > 100
    found = at_density(DENSITY, fits[inside], reach[inside])
    np.testing.assert_allclose(np.diag(found), target[inside])
    assert (fits[np.isinf(reach), -1] < target[np.isinf(reach)]).all()
    assert (fits[reach == 0.01, 0] >= target[reach == 0.01]).all()


def test_the_first_density_of_a_plateau_counts():
    fits = np.array([[0.4, 0.8, 0.8, 0.8]])
    assert first_reach(DENSITY, fits, np.array([0.8])).tolist() == [0.03]


def test_effective_density_and_its_cost_worked_by_hand():
    """Full supervision 0.9; 90 % of it is 0.81, half way from 0.71 at 1 % to 0.91 at 10 %.

    Patients differ by a factor that is the same everywhere: paired, nothing is uncertain. Seconds
    rise from 100 to 10000, so half way on the log axes they are 1000.
    """
    patients = np.array([0.9, 1.0, 1.1])
    rows = table(
        cell("points", 0.01, 0.71 * patients, annotation_s=100.0),
        cell("points", 0.1, 0.91 * patients, annotation_s=10_000.0),
        full(0.9 * patients),
    )
    found = efficiency_targets(rows, shares=[0.9]).iloc[0]
    assert found["target_dsc"] == pytest.approx(0.81)
    ends = found[["density_low", "density", "density_high"]].to_numpy(dtype=float)
    np.testing.assert_allclose(ends, 10**-1.5)
    seconds = found[["seconds_low", "seconds", "seconds_high"]].to_numpy(dtype=float)
    np.testing.assert_allclose(seconds, 1000.0)
    assert found["status"] == "reached"
    assert found["reached_frequency"] == 1.0
    assert not found["low_is_censored"]
    assert not found["high_is_censored"]
    assert (found["form"], found["dataset"], found["highest_density"]) == ("points", "acdc", 0.1)


def test_full_supervision_is_uncertain_too():
    """The curve is the same for all patients; the interval is that of full supervision."""
    curve = fit_curve(DENSITY, np.tile([0.5, 0.6, 0.8, 0.9], (8, 1)), patient_weights(8))
    wide = target_of(curve, np.linspace(0.6, 1.0, 8), 0.9)
    assert wide.low < wide.density < wide.high
    narrow = target_of(curve, np.full(8, 0.8), 0.9)
    assert narrow.low == pytest.approx(narrow.high)
    assert narrow.density == pytest.approx(wide.density)


@pytest.mark.parametrize(
    ("level", "status", "density"),
    [(0.3, "not reached", np.inf), (0.85, "reached at the lowest density", 0.01)],
)
def test_beyond_the_densities_measured_there_is_a_bound_and_no_number(level, status, density):
    """Patients move together, within 5 %: no resample comes near 0.81."""
    patients = np.linspace(0.95, 1.05, 6)
    rows = table(
        form("points", DENSITY, [k * level * patients for k in (1, 1.01, 1.02, 1.03)]),
        full(0.9 * patients),
    ).assign(annotation_s=lambda t: 1e4 * t["density"])
    found = efficiency_targets(rows, shares=[0.9]).iloc[0]
    assert found["status"] == status
    assert found[["density", "density_low", "density_high"]].tolist() == [density] * 3
    assert found[["low_is_censored", "high_is_censored"]].tolist() == [density == 0.01] * 2
    assert found["reached_frequency"] == (density == 0.01)
    np.testing.assert_allclose(
        found[["seconds", "seconds_low", "seconds_high"]].astype(float), 1e4 * density
    )


def test_an_interval_may_be_open_at_both_ends():
    """Half of the patients reach the target at once, the others never."""
    scores = np.vstack(
        [np.tile([0.9, 0.9, 0.9, 0.9], (3, 1)), np.tile([0.1, 0.2, 0.7, 0.8], (3, 1))]
    )
    curve = fit_curve(DENSITY, scores, patient_weights(6))
    found = target_of(curve, np.full(6, 0.9), 0.9)
    assert found.status == "reached"
    assert (found.low, found.high) == (0.01, np.inf)
    assert found.low_is_censored
    assert not found.high_is_censored
    assert 0.5 < found.reached_frequency < 1.0


def test_what_falls_again_was_reached_only_if_the_pooled_mean_did():
    """0.82 was measured at 3 %, but with 0.78 and 0.77 after it the fit stays at 0.79 < 0.81."""
    rows = table(
        form("points", DENSITY, [[m] * 4 for m in (0.5, 0.82, 0.78, 0.77)]), full([0.9] * 4)
    )
    found = efficiency_targets(rows, shares=[0.9]).iloc[0]
    assert found["status"] == "not reached"
    assert found["max_departure"] == pytest.approx(0.03)


def test_made_rows_give_their_effective_densities_back():
    """Points rise from 0.72 at 3 % to 0.80 at 10 %, and 90 % of 0.85 is 0.765: at 5.9 %.

    The interval holds it; with sd 0.03 / sqrt(30) of a mean, the estimate is within a factor 1.6.
    """
    targets = efficiency_targets(experiment(np.random.default_rng(8)))
    found = targets.set_index(["form", "share"])
    true = 0.03 * (0.1 / 0.03) ** (0.045 / 0.08)
    points = found.loc[("points", 0.9)]
    assert points["density_low"] < true < points["density_high"]
    assert true / 1.6 < points["density"] < 1.6 * true
    assert points["density_seed_low"] < points["density"] < points["density_seed_high"]
    assert found.loc[("skeleton", 0.9), "status"] == "not reached"
    assert found.loc[("points", 0.95), "density"] > points["density"]
    assert points["n_seeds"] == 3


def test_seeds_alone_give_a_range_and_one_seed_gives_none():
    """Seed 0 reaches 0.81 at 0.0316, seed 1 at 0.1; together, at 0.77 to 0.86 of 0.1."""
    seeds = {0.01: [[0.71] * 3, [0.61] * 3], 0.1: [[0.91] * 3, [0.81] * 3]}
    rows = table(*(cell("points", d, s) for d, s in seeds.items()), full([[0.9] * 3] * 2))
    found = efficiency_targets(rows, shares=[0.9]).iloc[0]
    np.testing.assert_allclose(found["density_seed_low"], 10**-1.5)
    np.testing.assert_allclose(found["density_seed_high"], 0.1)
    assert found["density"] == pytest.approx(10**-1.25)
    one = efficiency_targets(rows[rows["seed"] == 0], shares=[0.9]).iloc[0]
    assert one["density"] == pytest.approx(10**-1.5)
    assert one["n_seeds"] == 1
    assert np.isnan(one["density_seed_low"])


def test_without_full_supervision_there_are_no_targets_and_it_is_said():
    rows = experiment(np.random.default_rng(9))
    without = rows[rows["form"] != "dense"]
    for make in (efficiency_targets, relative_dice):
        found = make(without)
        assert found.empty
        assert list(found) == list(make(rows))
        assert found.attrs["remarks"] == [
            "acdc val: no complete full supervision whose Dice is above 0."
        ]
    other = efficiency_targets(rows, reference_method="nnunet")
    assert other.empty
    assert "by the method 'nnunet'" in other.attrs["remarks"][0]


def test_of_several_methods_of_full_supervision_one_must_be_named():
    curve = form("points", [0.01, 0.1], [[0.5] * 3, [0.9] * 3])
    rows = table(curve, full([0.8] * 3, method="a"), full([0.9] * 3, method="b"))
    with pytest.raises(InputError, match="full supervision must be one of 'a', 'b'; name one"):
        efficiency_targets(rows)
    found = efficiency_targets(rows, shares=[0.9], reference_method="a").iloc[0]
    assert found["target_dsc"] == pytest.approx(0.72)
    rows = table(curve, full([0.8] * 3), full([0.9] * 3, method="b"))
    assert efficiency_targets(rows, shares=[0.9]).iloc[0]["target_dsc"] == pytest.approx(0.72)


def test_one_patient_has_a_density_and_no_interval():
    rows = table(form("points", [0.01, 0.1], [[0.71], [0.91]]), full([0.9]))
    found = efficiency_targets(rows, shares=[0.9]).iloc[0]
    assert found["density"] == pytest.approx(10**-1.5)
    assert np.isnan(found["density_low"])
    assert np.isnan(found["density_high"])


def test_unknown_costs_stay_unknown():
    density = np.array([0.01, 0.1])
    assert np.isnan(seconds_at(density, np.array([1.0, np.nan]), np.array([0.01]))).all()
    found = seconds_at(density, np.array([1.0, 100.0]), np.array([0.01, 10**-1.5, np.inf, np.nan]))
    np.testing.assert_allclose(found, [1.0, 10.0, np.inf, np.nan])
    with pytest.raises(ValueError, match="seconds must be positive"):
        seconds_at(density, np.array([0.0, 1.0]), np.array([0.01]))


def test_bad_targets_are_refused():
    curve = fit_curve(DENSITY, np.full((2, 4), 0.5), patient_weights(2))
    with pytest.raises(ValueError, match=r"share must be in \(0, 1\], got 90"):
        target_of(curve, np.ones(2), 90)
    with pytest.raises(ValueError, match="full must be 2 scores with a mean above 0, got shape"):
        target_of(curve, np.ones(3), 0.9)
    with pytest.raises(ValueError, match=r"mean 0\.0"):
        target_of(curve, np.zeros(2), 0.9)


def test_scribbles_without_density_are_stated_as_a_share_of_full_supervision():
    """0.72 of 0.9 is 80 %, for every patient, although patients differ."""
    patients = np.array([0.8, 1.0, 1.2])
    given = {"randomness": np.nan, "annotated_fraction": 0.12, "annotation_s": 900.0}
    rows = table(cell("expert", np.nan, 0.72 * patients, **given), full(0.9 * patients))
    found = relative_dice(rows)
    assert len(found) == 1
    assert found.loc[0, "form"] == "expert"
    price = found.loc[0, ["annotated_fraction", "annotation_s"]].tolist()
    assert price == pytest.approx([0.12, 900.0])
    np.testing.assert_allclose(found.loc[0, ["relative", "low", "high"]].astype(float), 0.8)
    unpaired = table(cell("expert", np.nan, 0.72 * patients[::-1], **given), full(0.9 * patients))
    found = relative_dice(unpaired).iloc[0]
    assert found["low"] < 0.8 < found["high"]
