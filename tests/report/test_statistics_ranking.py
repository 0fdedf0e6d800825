"""Rankings: places by hand, stability where it is known, gaps refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scribblebench.errors import InputError
from scribblebench.report.scores import METRICS
from scribblebench.report.statistics.ranking import rank_cells

DSC, HD95 = METRICS["dsc"], METRICS["hd95"]


def test_cells_that_differ_in_every_patient_never_change_places():
    wide = pd.DataFrame({7: [0.7, 0.6], 8: [0.9, 0.8], 9: [0.8, 0.7]})
    found = rank_cells(wide, metric=DSC, dataset="acdc")
    assert found.table["cell"].tolist() == [8, 9, 7]
    assert found.table["rank"].tolist() == [1, 2, 3]
    places = found.table[["podium_1", "podium_2", "podium_3"]].to_numpy()
    assert places.tolist() == np.eye(3).tolist()
    assert found.table["rank_low"].tolist() == found.table["rank_high"].tolist() == [1, 2, 3]
    stability = found.stability.iloc[0]
    assert stability[["kendall_tau_low", "kendall_tau_high"]].tolist() == [1.0, 1.0]
    assert stability["dataset"] == "acdc"


def test_podium_frequencies_worked_by_hand():
    """Two patients of opposite opinion: 1/4 of the draws twice the first, 1/4 the second, 1/2 both.

    Each cell is first in 1/4, and shares first place in 1/2: 0.5. Of 4000 draws, sd 0.006.
    """
    wide = pd.DataFrame({"a": [0.9, 0.5], "b": [0.5, 0.9]})
    found = rank_cells(wide, metric=DSC, resamples=4000)
    assert found.table["rank"].tolist() == [1.5, 1.5]
    assert found.table["podium_1"].to_numpy() == pytest.approx([0.5, 0.5], abs=0.025)
    assert found.table["podium_1"].sum() == pytest.approx(1)
    assert found.table["podium_2"].sum() == pytest.approx(1)
    assert (found.table["rank_low"] == 1).all()
    assert (found.table["rank_high"] == 2).all()
    assert np.isnan(found.stability["kendall_tau_median"]).all()


def test_tau_agrees_with_a_loop_over_draws():
    """A loop over fresh draws; tau of six cells moves in steps of 2 / 15, one allowed."""
    rng = np.random.default_rng(4)
    wide = pd.DataFrame(rng.normal(0.8, 0.05, size=(12, 6)) + 0.01 * np.arange(6))
    full = wide.mean().rank()
    taus = [
        stats.kendalltau(wide.iloc[rng.integers(0, 12, size=12)].mean().rank(), full).statistic
        for _ in range(400)
    ]
    found = rank_cells(wide, metric=DSC).stability.iloc[0]
    names = ["kendall_tau_low", "kendall_tau_median", "kendall_tau_high"]
    assert found[names].tolist() == pytest.approx(
        np.quantile(taus, [0.025, 0.5, 0.975]).tolist(), abs=2 / 15 + 1e-9
    )


def test_distances_rank_by_medians_smallest_first_and_failures_last():
    wide = pd.DataFrame({0: [1.0, 2.0, np.inf], 1: [3.0, 3.0, 3.0], 2: [1.0, np.inf, np.inf]})
    found = rank_cells(wide, metric=HD95).table
    assert found["cell"].tolist() == [0, 1, 2]
    assert found["rank_high"].max() == 3


def test_two_calls_agree_and_the_order_of_cells_does_not_matter():
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 5)))
    first = rank_cells(wide, metric=DSC, resamples=200).table
    second = rank_cells(wide[[3, 1, 4, 0, 2]], metric=DSC, resamples=200).table
    pd.testing.assert_frame_equal(first, second)


def test_incomplete_cells_are_not_ranked():
    wide = pd.DataFrame({0: [0.9, np.nan], 1: [0.5, 0.6]})
    with pytest.raises(InputError, match="must have every patient, got gaps in: 0"):
        rank_cells(wide, metric=DSC)
    with pytest.raises(ValueError, match="must have patients and cells"):
        rank_cells(wide[[]], metric=DSC)
    with pytest.raises(ValueError, match="resamples must be at least 1, got 0"):
        rank_cells(wide[[1]], metric=DSC, resamples=0)
    alone = rank_cells(wide[[1]], metric=DSC)
    assert alone.table["podium_1"].tolist() == [1.0]
    assert np.isnan(alone.stability["kendall_tau_low"].item())
