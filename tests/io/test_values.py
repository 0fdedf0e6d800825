"""Values in messages: all of few, and the number of many."""

from pathlib import Path

import numpy as np
import pytest

from scribblebench.errors import InputError
from scribblebench.io.values import counted_values, whole_numbers


def test_few_values_are_all_listed_and_of_many_the_least_eight():
    assert counted_values(np.array([[7, 5], [5, 300]])) == "5 (2 px), 7 (1 px), 300 (1 px)"
    assert counted_values(np.arange(8)).endswith("6 (1 px), 7 (1 px)")
    assert counted_values(np.arange(9)).endswith("7 (1 px) and 1 other value (1 px)")
    many = counted_values(np.repeat(np.arange(1000), 3))
    assert many.endswith("7 (3 px) and 992 other values (2976 px)")
    assert len(many) < 120


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 1.5, 1.5, -0.25], r"must be integers, got -0\.25 \(1 px\), 1\.5 \(2 px\)$"),
        ([np.nan, np.nan, 1], r"must be integers, got nan \(2 px\)$"),
        ([np.inf, 1e12], r"must be integers, got inf \(1 px\)$"),
        ([1e12, 1e12, 3], r"must be at most 2147483648 in size, got 1000000000000\.0 \(2 px\)$"),
    ],
)
def test_what_is_no_label_is_counted(values, message):
    with pytest.raises(InputError, match=message):
        whole_numbers(np.array(values), Path("a.nii"))


def test_sizes_up_to_the_largest_are_labels():
    values = np.array([2.0**31, -(2.0**31), 3.0004])
    assert whole_numbers(values, Path("a.nii")).tolist() == [2**31, -(2**31), 3]
