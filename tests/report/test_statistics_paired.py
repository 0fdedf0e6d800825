"""Paired tests agree with Fisher, R and scipy; patients are never dropped in silence."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scribblebench.errors import InputError
from scribblebench.report.scores import METRICS
from scribblebench.report.statistics.paired import (
    COMPARISONS,
    cliffs_delta,
    compare,
    dominance,
    holm,
)
from scribblebench.report.statistics.paired_tests import (
    sign_flip_test,
    signed_ranks,
    smallest_p,
    wilcoxon_p,
)

MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
DEPRESSION = np.subtract(
    [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30],
    [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29],
)


def test_sign_flips_agree_with_fisher_on_darwins_maize():
    """Fisher, The Design of Experiments: 863 of 32768 flips reach the sum 314 on its side."""
    found = sign_flip_test(MAIZE)
    assert found.is_exact
    assert found.p_value == 2 * 863 / 2**15


@pytest.mark.parametrize("n", [2, 5, 8, 11])
def test_sign_flips_agree_with_scipy(n):
    differences = np.random.default_rng(n).normal(0.3, 1, size=n)
    scipys = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", vectorized=True, n_resamples=np.inf
    )
    assert sign_flip_test(differences).p_value == pytest.approx(scipys.pvalue, abs=1e-12)


def test_sampled_flips_agree_with_exact_ones(monkeypatch):
    """20000 flips at p near 0.1: sd 0.0021; four of them allowed."""
    differences = np.random.default_rng(2).normal(0.35, 1, size=25)
    exact = sign_flip_test(differences)
    monkeypatch.setattr("scribblebench.report.statistics.paired_tests.EXACT_UP_TO", 10)
    sampled = sign_flip_test(differences)
    assert exact.is_exact
    assert not sampled.is_exact
    assert sampled.p_value == pytest.approx(exact.p_value, abs=0.0085)


def test_the_smallest_p_is_reached_when_all_patients_agree():
    found = sign_flip_test([1.0, 2.0, 3.0, 4.0, 0.0])
    assert found.p_value == found.p_smallest == 2 / 2**4
    assert sign_flip_test([0.0, 0.0]).p_value == sign_flip_test([5.0]).p_value == 1.0
    assert smallest_p(10, n_tests=20) == 20 * 2 / 1024
    assert smallest_p(3, n_tests=20) == 1.0


def test_equal_sums_count_in_spite_of_rounding():
    """0.1 + 0.2 - 0.3 is not 0 in floating point: all 8 flips are at least as far from 0."""
    assert sign_flip_test([0.1, 0.2, -0.3]).p_value == 1.0


def test_wilcoxon_agrees_with_r():
    """wilcox.test(x, y, paired = TRUE) on Hollander and Wolfe's depression data: V 40."""
    assert signed_ranks(DEPRESSION).clip(0).sum() == 40
    assert wilcoxon_p(DEPRESSION) == pytest.approx(0.03906, abs=1e-5)
    flipped = sign_flip_test(DEPRESSION, statistic="ranks")
    assert flipped.p_value == pytest.approx(0.0390625)


def test_wilcoxon_with_zeros_and_ties_counts_flips_of_pratts_ranks():
    """Dropping the zeros before ranking would give 0.109."""
    differences = [0, 0, -1, 2, 2, 2, -3, 6, 7, 8]
    assert wilcoxon_p(differences) == pytest.approx(0.125)
    assert sign_flip_test(differences, statistic="ranks").p_value == 0.125


def test_infinite_differences_rank_highest_and_zeros_not_at_all():
    ranks = signed_ranks([0.0, -1.0, np.inf, 2.0, -np.inf])
    assert ranks.tolist() == [0.0, -2.0, 4.5, 3.0, -4.5]
    assert wilcoxon_p([np.inf] * 8) == sign_flip_test([np.inf] * 8, statistic="ranks").p_value
    assert wilcoxon_p([0.0, 0.0]) == 1.0
    with pytest.raises(ValueError, match="finite for a mean"):
        sign_flip_test([1.0, np.inf])


def test_cliffs_delta_over_pairs_and_within_patients():
    """1, 2, 3 against 2, 3, 4: of 9 pairs 6 are smaller, 1 is larger; every patient is smaller."""
    assert cliffs_delta([1, 2, 3], [2, 3, 4]) == pytest.approx(-5 / 9)
    assert dominance(np.subtract([1, 2, 3], [2, 3, 4])) == -1.0
    assert cliffs_delta([np.inf, 1.0], [np.inf, 2.0]) == pytest.approx(-0.25)


def test_holm_worked_by_hand():
    """Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, never falling."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([]).size == 0


def table():
    rng = np.random.default_rng(5)
    hard = rng.normal(0.8, 0.05, size=8)
    columns = {cell: hard + 0.01 * cell + rng.normal(0, 0.01, size=8) for cell in range(3)}
    return pd.DataFrame(columns, index=[f"p{i}" for i in range(8)])


def test_compare_gives_what_its_parts_give():
    wide = table()
    found = compare(wide, [(2, 0), (1, 0)], metric=METRICS["dsc"], dataset="acdc", family="f")
    assert found.columns.tolist() == COMPARISONS
    first = found.iloc[0]
    differences = (wide[2] - wide[0]).to_numpy()
    assert first["difference"] == pytest.approx(differences.mean())
    low, high = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert (first["low"], first["high"]) == pytest.approx((low, high))
    assert first["p_wilcoxon"] == pytest.approx(stats.wilcoxon(differences).pvalue)
    assert found["p_holm"].tolist() == holm(found["p_value"]).tolist()
    assert (found["p_smallest"] == 2 * 2 / 2**8).all()
    assert found["n_patients"].tolist() == [8, 8]
    assert compare(wide, [], metric=METRICS["dsc"]).columns.tolist() == COMPARISONS


def test_distances_are_compared_by_medians_and_ranks():
    wide = table()
    wide.loc["p0", 0] = np.inf
    found = compare(wide, [(0, 1)], metric=METRICS["hd95"]).iloc[0]
    differences = (wide[0] - wide[1]).to_numpy()
    assert found["difference"] == pytest.approx(np.median(differences))
    assert found["p_value"] == sign_flip_test(differences, statistic="ranks").p_value


def test_a_patient_whom_one_cell_lacks_is_refused_unless_told():
    wide = table()
    wide.loc["p3", 1] = np.nan
    with pytest.raises(InputError, match=r"cells 2 and 1 must .* none in cell 1 for: p3"):
        compare(wide, [(2, 1)], metric=METRICS["dsc"])
    found = compare(wide, [(2, 1)], metric=METRICS["dsc"], missing="common")
    assert found.loc[0, "n_patients"] == 7
    wide.loc["p3", 2] = np.nan
    assert compare(wide, [(2, 1)], metric=METRICS["dsc"]).loc[0, "n_patients"] == 7
    wide[1] = np.nan
    with pytest.raises(InputError, match="must share patients"):
        compare(wide, [(2, 1)], metric=METRICS["dsc"], missing="common")
