"""Distributions side by side."""

import math

import numpy as np
import pandas as pd
import pytest

from scribblebench.scribbles.realism import compare, summarise


def table(values, class_id=1, unit="px"):
    return pd.DataFrame({"class_id": class_id, "distance_unit": unit, "length": values})


def row(reference, scribbles):
    return compare(reference, scribbles, ["length"]).iloc[0]


def test_a_shift_by_hand():
    """0, 2, 4 has sd 2; moved by 3 it lies 1.5 sd away, and two thirds of it beyond the rest."""
    found = row(table([0.0, 2.0, 4.0]), table([3.0, 5.0, 7.0]))
    assert (found["n_reference"], found["n"]) == (3, 3)
    assert (found["mean_reference"], found["sd_reference"]) == (2, 2)
    assert (found["mean_ratio"], found["sd_ratio"]) == (2.5, 1)
    assert found["distance"] == pytest.approx(1.5)
    assert found["ks"] == pytest.approx(2 / 3)


def test_the_right_mean_without_variation_is_not_near():
    found = row(table([0.0, 2.0, 4.0]), table([2.0] * 5))
    assert (found["mean_ratio"], found["sd_ratio"]) == (1, 0)
    assert found["distance"] == pytest.approx(4 / 3 / 2)


def test_equal_samples_are_at_distance_0():
    values = np.random.default_rng(0).normal(5.0, 1.0, 40)
    found = row(table(values), table(values[::-1]))
    assert found["distance"] == pytest.approx(0, abs=1e-12)
    assert found["ks"] == 0


def test_the_unit_of_the_statistic_does_not_matter():
    rng = np.random.default_rng(1)
    one, other = rng.gamma(2.0, size=30), rng.gamma(3.0, size=20)
    found, scaled = row(table(one), table(other)), row(table(9 * one), table(9 * other))
    for name in ("mean_ratio", "sd_ratio", "distance", "ks"):
        assert found[name] == pytest.approx(scaled[name])


def test_undefined_is_nan_and_nan_is_left_out():
    found = row(table([1.0, math.nan, 1.0, 1.0]), table([2.0]))
    assert (found["n_reference"], found["n"], found["sd_reference"]) == (3, 1, 0)
    assert math.isnan(found["distance"])
    assert math.isnan(found["sd"])
    assert (found["mean_ratio"], found["ks"]) == (2, 1)
    found = row(table([1.0]), table([math.nan]))
    assert found["n"] == 0
    assert all(math.isnan(found[name]) for name in ("mean", "mean_ratio", "distance", "ks"))


def test_classes_of_either_side_have_a_row_and_booleans_are_counted():
    one = table([True, False, True, True], class_id=3)
    found = compare(one, table([True], class_id=0), ["length"])
    assert list(found["class_id"]) == [0, 3]
    assert list(found["n_reference"]) == [0, 4]
    assert found["mean_reference"][1] == 0.75


def test_tables_in_different_units_are_refused():
    with pytest.raises(ValueError, match=r"distance_unit must be the same .* \['mm', 'px'\]"):
        row(table([1.0]), table([1.0], unit="mm"))


def test_summary_of_one_side():
    both = pd.concat([table([1.0, 3.0]), table([5.0], class_id=2)])
    found = summarise(both, ["length"])
    assert list(found["n"]) == [2, 1]
    assert list(found["mean"]) == [2, 5]
    assert found["sd"][0] == pytest.approx(math.sqrt(2))
    assert math.isnan(found["sd"][1])
    assert summarise(both.iloc[:0], ["length"]).empty
