"""Areas are means over log density, and compare only over one range."""

import numpy as np
import pytest
from made_efficiency import form, full, table

from scribblebench.report.efficiency.area import (
    area_difference,
    area_differences,
    area_of,
    area_under,
    efficiency_areas,
)
from scribblebench.report.efficiency.curve import at_density, fit_curve
from scribblebench.report.efficiency.resampling import patient_weights

DENSITY = np.array([0.01, 0.1, 0.2])


def test_area_by_hand():
    """From 0.01 to 0.1 the mean is 0.5, from 0.1 to 1 it is 0.7: both are one decade."""
    area = area_under(np.array([0.01, 0.1, 1.0]), np.array([[0.4, 0.6, 0.8], [0.5, 0.5, 0.5]]))
    np.testing.assert_allclose(area, [0.6, 0.5])


def test_area_is_the_mean_over_a_fine_grid_in_log_density():
    fits = np.sort(np.random.default_rng(1).random((5, 3)))
    edges = np.linspace(np.log(0.01), np.log(0.2), 100_001)
    middles = np.exp((edges[:-1] + edges[1:]) / 2.0)
    expected = at_density(DENSITY, fits, middles).mean(axis=1)
    np.testing.assert_allclose(area_under(DENSITY, fits), expected, atol=1e-8)


def test_a_difference_is_paired_over_patients():
    """Patients differ a lot, the forms by 0.1 for each of them: the difference is certain."""
    scores = np.random.default_rng(2).uniform(0.2, 0.4, (8, 1)) + np.array([0.1, 0.2, 0.3])
    weights = patient_weights(8)
    a, b = fit_curve(DENSITY, scores + 0.1, weights), fit_curve(DENSITY, scores, weights)
    np.testing.assert_allclose(area_difference(a, b), 0.1)
    area, low, high = area_of(a)
    assert high - low > 0.05
    assert low < area < high


def test_areas_over_different_densities_are_not_compared():
    weights, scores = patient_weights(4), np.full((4, 3), 0.5)
    a = fit_curve(DENSITY, scores, weights)
    with pytest.raises(ValueError, match=r"same densities, got \(0.01, 0.2\) and \(0.01, 0.3\)"):
        area_difference(a, fit_curve(np.array([0.01, 0.1, 0.3]), scores, weights))
    with pytest.raises(ValueError, match="resampled with the same weights"):
        area_difference(a, fit_curve(DENSITY, scores, weights[::-1]))


def test_tables_state_the_range_and_leave_out_pairs_that_do_not_compare():
    rows = table(
        form("points", [0.01, 0.1], [[0.7, 0.8], [0.8, 0.9]]),
        form("skeleton", [0.01, 0.03, 0.1], [[0.5, 0.6], [0.6, 0.7], [0.6, 0.7]]),
        form("chord", [0.01, 0.3], [[0.5, 0.6], [0.6, 0.7]]),
        full([0.9, 0.9]),
    )
    areas = efficiency_areas(rows).set_index("form")
    assert areas.loc["points", "area"] == pytest.approx(0.8)
    assert areas.loc["points", ["low", "high"]].tolist() == pytest.approx([0.75, 0.85])
    third = np.log10(3)
    assert areas.loc["skeleton", "area"] == pytest.approx(0.6 * third + 0.65 * (1 - third))
    assert areas.loc["chord", ["density_from", "density_to"]].tolist() == [0.01, 0.3]
    assert efficiency_areas(rows).attrs["remarks"] == [
        "acdc val: areas are over different densities (1 to 10 %, 1 to 30 %); only those over "
        "the same ones compare."
    ]
    pairs = area_differences(rows)
    assert pairs[["form_a", "form_b"]].to_numpy().tolist() == [["points", "skeleton"]]
    expected = 0.8 - areas.loc["skeleton", "area"]
    np.testing.assert_allclose(pairs.loc[0, ["difference", "low", "high"]].astype(float), expected)
