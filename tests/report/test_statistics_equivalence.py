"""Verdicts agree with one-sided t tests and with where the interval lies."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scribblebench.report.statistics.equivalence import GAP, gap, gap_table


def test_p_values_agree_with_scipys_one_sided_t_tests():
    differences = np.random.default_rng(1).normal(-0.01, 0.02, size=12)
    found = gap(differences, 0.02)
    above = stats.ttest_1samp(differences, -0.02, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, 0.02, alternative="less").pvalue
    assert found.p_inferiority == pytest.approx(above)
    assert found.p_equivalence == pytest.approx(max(above, below))
    assert found.p_not_within == pytest.approx(1 - above)
    low, high = stats.ttest_1samp(differences, 0).confidence_interval(0.90)
    assert (found.low, found.high) == pytest.approx((low, high))


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10_000), mean=st.floats(-0.1, 0.1), alpha=st.sampled_from([0.025, 0.05]))
def test_the_verdict_can_be_read_off_the_interval(seed, mean, alpha):
    differences = np.random.default_rng(seed).normal(mean, 0.04, size=10)
    found = gap(differences, 0.03, alpha=alpha)
    expected = "open"
    if found.low > -0.03:
        expected = "within"
    elif found.high < -0.03:
        expected = "not within"
    assert found.verdict == expected
    assert found.level == 1 - 2 * alpha
    assert (found.p_equivalence < alpha) == (found.low > -0.03 and found.high < 0.03)


def test_better_by_more_than_the_margin_is_within_but_not_equivalent():
    found = gap([0.10, 0.11, 0.12, 0.10], 0.02)
    assert found.verdict == "within"
    assert found.p_equivalence > 0.99


def test_degenerate_cases():
    """Equal differences settle the tests; one patient settles nothing; nor does the margin."""
    assert gap([-0.01] * 5, 0.02).verdict == "within"
    assert gap([-0.03] * 5, 0.02).verdict == "not within"
    assert gap([-0.02] * 5, 0.02).verdict == "open"
    assert gap([-0.01] * 5, 0.02).p_equivalence == 0.0
    assert gap([0.0, 0.0, 8e-295], 0.02).verdict == "within"
    single = gap([0.5], 0.02)
    assert single.verdict == "open"
    assert np.isnan([single.p_equivalence, single.p_inferiority, single.low]).all()


def test_the_table_has_a_row_for_each_pair():
    wide = pd.DataFrame({0: [0.80, 0.81, 0.82, 0.79], 1: [0.81, 0.82, 0.83, 0.81]})
    found = gap_table(wide, [(0, 1), (1, 0)], margin=0.05)
    assert found.columns.tolist() == GAP
    assert found["verdict"].tolist() == ["within", "within"]
    assert found["difference"].tolist() == pytest.approx([-0.0125, 0.0125])
    assert found["full_cell"].tolist() == [1, 0]
    assert found["n_patients"].tolist() == [4, 4]
    assert gap_table(wide, [], margin=0.05).empty


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"margin": 0.0}, "margin must be positive, got 0.0"),
        ({"margin": 0.1, "alpha": 0.3}, r"alpha must be in \(0, 0.25\], got 0.3"),
    ],
)
def test_margins_and_rates_out_of_range_are_refused(options, text):
    with pytest.raises(ValueError, match=text):
        gap([0.1, 0.2], **options)
    with pytest.raises(ValueError, match="finite"):
        gap([0.1, np.inf], 0.1)
