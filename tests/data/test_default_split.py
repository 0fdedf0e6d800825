"""The split of data sets that come without one."""

import pytest

from scribblebench.data.default_split import hash_split


@pytest.mark.parametrize(
    ("n", "sizes"),
    [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (10, (7, 1, 2)), (156, (109, 16, 31))],
)
def test_shares_are_rounded_and_train_is_never_empty(n, sizes):
    parts = hash_split({f"c{i}": f"c{i}" for i in range(n)}, "made").parts
    assert tuple(len(parts[part]) for part in ("train", "val", "test")) == sizes


def test_cases_of_a_patient_stay_together_and_order_does_not_matter():
    patients = {f"c{i:02d}": f"p{i % 10}" for i in range(30)}
    split = hash_split(patients, "made")
    side = {patient: set() for patient in patients.values()}
    for part, cases in split.parts.items():
        assert list(cases) == sorted(cases)
        for case_id in cases:
            side[patients[case_id]].add(part)
    assert all(len(parts) == 1 for parts in side.values())
    assert len(split["test"]) == 6
    assert hash_split(dict(reversed(patients.items())), "made") == split


def test_data_sets_with_the_same_ids_are_split_differently():
    patients = {f"case{i}": f"case{i}" for i in range(40)}
    assert hash_split(patients, "one") != hash_split(patients, "another")
