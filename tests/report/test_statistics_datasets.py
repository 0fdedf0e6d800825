"""Rank tests agree with Demsar's example and with R; few data sets are told."""

import numpy as np
import pandas as pd
import pytest

from scribblebench.errors import InputError
from scribblebench.report.statistics.datasets import critical_difference, rank_tests

METHODS = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"]
AUC = """
.763 .768 .771 .798  .599 .591 .590 .569  .954 .971 .968 .967  .628 .661 .654 .657
.882 .888 .886 .898  .936 .931 .916 .931  .661 .668 .609 .685  .583 .583 .563 .625
.775 .838 .866 .875  1 1 1 1              .940 .962 .965 .962  .619 .666 .614 .669
.972 .981 .975 .975  .957 .978 .946 .970
"""
DEMSAR = pd.DataFrame(np.array(AUC.split(), dtype=float).reshape(14, 4), columns=METHODS)
ROUNDING = """
5.40 5.50 5.55 5.85 5.70 5.75 5.20 5.60 5.50 5.55 5.50 5.40 5.90 5.85 5.70 5.45 5.55 5.60
5.40 5.40 5.35 5.45 5.50 5.35 5.25 5.15 5.00 5.85 5.80 5.70 5.25 5.20 5.10 5.65 5.55 5.45
5.60 5.35 5.45 5.05 5.00 4.95 5.50 5.50 5.40 5.45 5.55 5.50 5.55 5.55 5.35 5.45 5.50 5.55
5.50 5.45 5.25 5.65 5.60 5.40 5.70 5.65 5.55 6.30 6.30 6.25
"""


def test_friedman_agrees_with_r():
    """friedman.test(RoundingTimes) in R: 11.143, p 0.003805; times are better when small."""
    times = pd.DataFrame(np.array(ROUNDING.split(), dtype=float).reshape(22, 3))
    found = rank_tests(times, larger_is_better=False)
    assert found.statistic == pytest.approx(11.143, abs=5e-4)
    assert found.p_value == pytest.approx(0.003805, abs=5e-7)
    assert found.n_blocks == 22
    assert found.warning == ""


def test_critical_differences_of_demsars_example():
    """Demsar 2006, section 3.2.3: 1.25 at 5 % and 1.12 at 10 %, and which pairs differ.

    His average ranks, from scores before rounding, are 3.143, 2.000, 2.893 and 1.964; those of the
    printed scores differ by half a rank in one data set.
    """
    found = rank_tests(DEMSAR, larger_is_better=True, alpha=0.10)
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
    assert found.critical_difference == pytest.approx(1.12, abs=0.005)
    ranks = found.average_ranks[METHODS].to_numpy()
    assert ranks == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=0.037)
    assert found.groups == [("C4.5+m+cf", "C4.5+m", "C4.5+cf"), ("C4.5+cf", "C4.5")]
    strict = rank_tests(DEMSAR, larger_is_better=True)
    assert strict.groups == [("C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5")]


@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)])
def test_critical_values_are_those_of_demsars_table(k, q):
    assert critical_difference(k, 1) / np.sqrt(k * (k + 1) / 6) == pytest.approx(q, abs=0.001)


def test_f_of_iman_and_davenport_worked_by_hand():
    """Ranks 1 2 3, 1 2 3, 1 3 2: sums 3, 7, 8, so chi-squared is 122 / 3 - 36 and F 2 * 14 / 4."""
    table = pd.DataFrame([[0.9, 0.8, 0.7], [0.6, 0.5, 0.4], [0.9, 0.7, 0.8]])
    found = rank_tests(table, larger_is_better=True)
    assert found.statistic == pytest.approx(14 / 3)
    assert found.f_statistic == pytest.approx(7)
    unanimous = rank_tests(table.iloc[:2], larger_is_better=True)
    assert (unanimous.f_statistic, unanimous.p_f) == (np.inf, 0.0)


def test_pairs_differ_exactly_where_their_ranks_do_by_the_critical_difference():
    scores = pd.DataFrame(np.random.default_rng(0).normal(size=(12, 5)) + 0.6 * np.arange(5))
    found = rank_tests(scores, larger_is_better=True)
    ranks = found.average_ranks.sort_index().to_numpy()
    apart = np.abs(ranks[:, None] - ranks[None, :]) > found.critical_difference
    assert apart.any()
    assert ((found.p_pairs.to_numpy() < 0.05) == apart).all()


def test_few_data_sets_are_told():
    scores = pd.DataFrame(np.random.default_rng(0).normal(size=(3, 4)))
    found = rank_tests(scores, larger_is_better=True)
    assert "3 data sets are too few" in found.warning
    assert "no pair" not in found.warning
    two = rank_tests(scores.iloc[:2], larger_is_better=True)
    assert "no pair of 4 methods can be told apart over 2 data sets" in two.warning


def test_patients_as_blocks_speak_for_their_data_set_only():
    scores = pd.DataFrame([[1.0, 2.0, np.inf]] * 5 + [[1.0, np.inf, np.inf]])
    found = rank_tests(scores, larger_is_better=False, blocks="patient")
    assert "not for other data sets" in found.meaning
    assert found.average_ranks.tolist() == pytest.approx([1, 12.5 / 6, 17.5 / 6])


def test_methods_that_all_tie_do_not_differ():
    found = rank_tests(pd.DataFrame(np.ones((6, 3))), larger_is_better=True)
    assert (found.statistic, found.p_value) == (0.0, 1.0)
    assert found.groups == [(0, 1, 2)]


def test_incomplete_or_small_tables_are_refused():
    table = pd.DataFrame({"a": [1.0, np.nan], "b": [1.0, 2.0], "c": [2.0, 3.0]})
    with pytest.raises(InputError, match="must have every data set, got gaps in: a"):
        rank_tests(table, larger_is_better=True)
    with pytest.raises(ValueError, match="at least 2 data sets and 3 methods, got 2 and 2"):
        rank_tests(table[["b", "c"]], larger_is_better=True)
