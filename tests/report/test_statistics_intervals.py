"""Intervals: agreement with R, invariants, infinite values and degenerate cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scribblebench.report.statistics.intervals import (
    cluster_interval,
    paired_differences,
    paired_interval,
)

SLEEP = (
    [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
)
TAIL = [0.15, 0.60, 0.81, 0.82, 0.84, 0.86, 0.86, 0.89, 0.90, 0.91]


def test_paired_mean_agrees_with_r():
    """t.test(extra ~ group, data = sleep, paired = TRUE) in R."""
    found = paired_interval(paired_differences(*SLEEP))
    assert found.centre == pytest.approx(-1.58)
    assert (found.low, found.high) == pytest.approx((-2.4598858, -0.7001142), abs=1e-7)


def test_mean_reaches_further_to_the_side_of_the_tail():
    found, symmetric = cluster_interval(TAIL), paired_interval(TAIL)
    assert found.centre - found.low > 2 * (found.high - found.centre)
    assert found.low < symmetric.low
    assert found.high < symmetric.high


def test_mean_agrees_with_student_for_many_normal_patients():
    """Quantiles of 10000 resamples: their relative error is near 2 %, 6 % is three times that."""
    values = np.random.default_rng(0).normal(size=400)
    found, student = cluster_interval(values), paired_interval(values)
    half = (student.high - student.low) / 2
    assert found.low == pytest.approx(student.low, abs=0.06 * half + 0.01)
    assert found.high == pytest.approx(student.high, abs=0.06 * half + 0.01)


def test_mean_is_the_studentised_bootstrap_worked_in_a_loop():
    """A loop over fresh resamples, weighted by numpy.average; 4 % of the width allowed."""
    values, rng = np.asarray(TAIL), np.random.default_rng(3)
    ratios = []
    for _ in range(10_000):
        weights = rng.beta(0.5, 1.5, size=10)
        mean = np.average(values, weights=weights)
        spread = np.sqrt(np.average((values - mean) ** 2, weights=weights))
        ratios.append((mean - values.mean()) / spread)
    low, high = values.mean() - values.std() * np.quantile(ratios, [0.975, 0.025])
    found = cluster_interval(TAIL)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.04 * (high - low))


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.floats(0, 1), min_size=3, max_size=20),
    centre=st.sampled_from(["mean", "median"]),
)
def test_intervals_hold_their_centre_and_move_with_the_scale(values, centre):
    found = cluster_interval(values, centre=centre)
    assert found.low <= found.centre + 1e-9
    assert found.centre <= found.high + 1e-9
    moved = cluster_interval(100 * np.asarray(values) + 7, centre=centre)
    expected = (100 * found.low + 7, 100 * found.high + 7)
    if np.ptp(values) > 1e-6:
        assert (moved.low, moved.high) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("n", [6, 7, 10, 15, 31, 60])
def test_median_limits_lie_between_the_order_statistics_of_the_exact_test(n):
    """scipy's exact interval is the next one outwards; one rank further in covers too little."""
    values = np.random.default_rng(n).normal(size=n)
    exact = stats.quantile_test(values, q=0, p=0.5).confidence_interval(0.95)
    found, ordered = cluster_interval(values, centre="median"), np.sort(values)
    assert exact.low <= found.low <= ordered[ordered > exact.low][0]
    assert ordered[ordered < exact.high][-1] <= found.high <= exact.high


def test_median_worked_by_hand():
    """Ten patients: ranks 2 to 9 cover 1 - 22/1024, ranks 3 to 8 1 - 112/1024.

    The level lies a share I = (0.978516 - 0.95) / (0.978516 - 0.890625) = 0.324444 of the way,
    and the limits a share 8 I / (2 + 6 I) = 0.657658 (Hettmansperger and Sheather).
    """
    found = cluster_interval(np.arange(1.0, 11.0), centre="median")
    assert found.centre == 5.5
    assert (found.low, found.high) == pytest.approx((2.657658, 8.342342), abs=1e-6)


def test_infinite_distances_have_a_median():
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, np.inf, np.inf]
    found = cluster_interval(values, centre="median")
    assert found.centre == 4.5
    assert np.isfinite(found.low)
    assert found.high == np.inf
    assert cluster_interval([np.inf] * 8, centre="median").low == np.inf


def test_differences_of_failures():
    """Both failed: no difference. One failed: an infinite one. Half each: no median."""
    found = paired_differences([np.inf, np.inf, 1.0], [np.inf, 2.0, np.inf])
    assert found.tolist() == [0.0, np.inf, -np.inf]
    assert np.isnan(paired_interval([-np.inf, np.inf], centre="median").centre)
    with pytest.raises(ValueError, match="b must have the shape of a"):
        paired_differences([1.0], [1.0, 2.0])


@pytest.mark.parametrize("interval", [cluster_interval, paired_interval])
@pytest.mark.parametrize("centre", ["mean", "median"])
def test_degenerate_cases(interval, centre):
    one = interval([0.3], centre=centre)
    assert (one.centre, one.attained) == (0.3, 0.0)
    assert np.isnan([one.low, one.high]).all()
    equal = interval([0.3] * 7, centre=centre)
    assert (equal.low, equal.centre, equal.high) == (0.3, 0.3, 0.3)
    two = interval([0.2, 0.4], centre=centre)
    assert two.low <= 0.2
    assert two.high >= 0.4


@pytest.mark.parametrize(("n", "level"), [(2, 0.5), (3, 0.75), (5, 0.9375), (6, 0.95)])
def test_medians_of_few_patients_say_what_their_range_attains(n, level):
    found = cluster_interval(np.arange(n), centre="median")
    assert found.attained == level
    assert found.level == 0.95
    if n < 6:
        assert (found.low, found.high) == (0.0, n - 1.0)


def test_differences_whose_squares_vanish_still_have_a_width():
    found = cluster_interval([0.0, 0.0, 8e-295])
    assert 0 < found.high - found.low < 1e-292
    assert paired_interval([0.0, 0.0, 8e-295]).high < 1e-100


def test_limits_stay_within_the_bounds_of_the_score():
    found = cluster_interval([0.98, 0.2, 0.9], bounds=(0.0, 1.0))
    assert found.low == 0.0
    assert found.high <= 1.0


def test_the_same_values_give_the_same_interval_in_any_order():
    assert cluster_interval(TAIL) == cluster_interval(TAIL)
    reverse = cluster_interval(TAIL[::-1])
    assert reverse.low == pytest.approx(cluster_interval(TAIL).low, abs=0.03)


@pytest.mark.parametrize(
    ("values", "options", "text"),
    [
        ([], {}, "values must be one or more"),
        ([[1.0]], {}, "in one dimension"),
        ([1.0, np.nan], {}, "values must not be NaN, got 1"),
        ([1.0, np.inf], {}, "values must be finite for a mean, got 1 infinite"),
        ([1.0, 2.0], {"level": 1.0}, "level must be at least 0.5 and below 1, got 1.0"),
    ],
)
def test_values_that_have_no_interval_are_refused(values, options, text):
    with pytest.raises(ValueError, match=text):
        cluster_interval(values, **options)
