"""What nnU-Net wants: names, values and folds."""

import numpy as np
import pytest
from outside import LABELS, facts, trial

from scribblebench.errors import InputError
from scribblebench.exchange.nnunet import (
    channel_names,
    default_name,
    folder_name,
    folds,
    label_values,
    to_nnunet,
)
from scribblebench.types import LabelSpec


def test_the_ignore_label_is_the_highest_and_values_are_consecutive():
    assert label_values(LABELS, sparse=True) == {"background": 0, "disc": 1, "ring": 2, "ignore": 3}
    assert "ignore" not in label_values(LABELS, sparse=False)
    with pytest.raises(InputError, match="a class must not be called 'ignore'"):
        label_values(LabelSpec(("background", "ignore")), sparse=True)


def test_what_is_not_annotated_becomes_the_ignore_label():
    targets = np.array([[[0, 1, 2, 255]]], dtype=np.uint8)
    written = to_nnunet(targets, LABELS)
    assert written.tolist() == [[[0, 1, 2, 3]]]
    assert written.dtype == np.uint8


@pytest.mark.parametrize(
    ("modality", "channels", "n", "expected"),
    [
        ("cine MRI", ("cine MRI",), 1, ["cine MRI"]),
        ("abdominal CT", ("image",), 1, ["CT"]),
        ("PET/CT", ("PET", "CT"), 2, ["PET", "CT"]),
        ("contrast MRI", ("T1", "T2"), 2, ["T1", "T2"]),
        ("ACTION shots", ("grey",), 3, ["channel 0", "channel 1", "channel 2"]),
    ],
)
def test_only_ct_is_called_ct(modality, channels, n, expected):
    names = channel_names(facts(modality, channels), n)
    assert names == dict(zip(map(str, range(n)), expected, strict=True))


@pytest.mark.parametrize(
    ("dataset_id", "name", "message"),
    [
        (0, "a", "--dataset-id: must be a number from 1 to 999, got 0"),
        (1000, "a", "got 1000"),
        (5, "a__b", "without two _ in a row, got 'a__b'"),
        (5, "../a", "--name: must be letters, digits"),
    ],
)
def test_names_that_nnunet_would_misread_are_refused(dataset_id, name, message):
    with pytest.raises(InputError, match=message):
        folder_name(dataset_id, name)
    assert folder_name(7, "acdc-0.1") == "Dataset007_acdc-0.1"


def test_the_default_name_says_which_labels_they_are_and_is_a_name(tiny):
    config = trial(tiny, form="skeleton", grid={"training.width": [2, 4]})
    assert default_name(config) == "phantom-skeleton-0.1-r0.5-width-2-seed0"
    folder_name(1, default_name(config))
    assert default_name(trial(tiny, form="expert")) == "phantom-expert"


@pytest.mark.parametrize(("n_patients", "n_folds"), [(12, 5), (5, 5), (3, 3), (2, 2), (1, 0)])
def test_folds_divide_the_cases_and_no_patient_is_on_both_sides(n_patients, n_folds):
    patients = {f"p{p:02d}_{frame}": f"p{p:02d}" for frame in "ab" for p in range(n_patients)}
    found = folds(patients)
    assert len(found) == n_folds
    for fold in found:
        assert sorted(fold["train"] + fold["val"]) == sorted(patients)
        assert not {patients[c] for c in fold["train"]} & {patients[c] for c in fold["val"]}
    if found:
        assert sorted(c for fold in found for c in fold["val"]) == sorted(patients)
        sizes = [len(fold["val"]) for fold in found]
        assert max(sizes) - min(sizes) <= 2
