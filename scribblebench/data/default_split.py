"""A split for data sets that come without one: fixed, by patient, the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping

from scribblebench.data.dataset import Split
from scribblebench.seeding import seed_for

VAL_SHARE, TEST_SHARE = 0.1, 0.2

SPLIT_FACT = "70 % train, 10 % val, 20 % test of the patients, in the order of a hash of their ids"
"""For `DatasetFacts.split`."""


def hash_split(patient_of: Mapping[str, str], name: str) -> Split:
    """Divide patients in the order of a hash of their ids: test, then val, then train.

    A tenth of the patients is val and a fifth test, each rounded and at least one as long as one
    remains for train. The order of two patients depends on their ids and the data set alone.

    Parameters
    ----------
    patient_of : mapping of str to str
        The patient of each case.
    name : str
        Of the data set; part of what is hashed.

    Returns
    -------
    Split
        With the parts "train", "val" and "test".
    """
    patients = sorted(set(patient_of.values()), key=lambda p: (seed_for(0, "split", name, p), p))
    n = len(patients)
    n_test = min(max(1, round(n * TEST_SHARE)), max(0, n - 1))
    n_val = min(max(1, round(n * VAL_SHARE)), max(0, n - n_test - 1))
    part_of = {
        patient: "test" if i < n_test else "val" if i < n_test + n_val else "train"
        for i, patient in enumerate(patients)
    }
    parts: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for case_id in sorted(patient_of):
        parts[part_of[patient_of[case_id]]].append(case_id)
    return Split({part: tuple(cases) for part, cases in parts.items()})
