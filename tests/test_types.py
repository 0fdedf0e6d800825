import numpy as np
import pytest

from scribblebench.errors import InputError
from scribblebench.types import Case, LabelSpec

HEART = LabelSpec(("background", "RV", "LV"))


def test_class_list_does_not_depend_on_the_labels_that_occur():
    assert HEART.n_classes == 3
    assert list(HEART.foreground) == [1, 2]
    HEART.check(np.zeros((2, 2), dtype=np.uint8), "empty.nii.gz")


def test_value_outside_the_class_list_is_named_with_its_file_and_count():
    labels = np.array([[0, 1], [7, 7]], dtype=np.uint8)
    with pytest.raises(InputError) as error:
        HEART.check(labels, "p1.nii.gz")
    message = "p1.nii.gz: label values must be among [0 background, 1 RV, 2 LV], got 7 (2 px)"
    assert str(error.value) == message


def test_ignore_label_is_allowed_in_scribbles_only():
    scribble = np.array([[255, 1]], dtype=np.uint8)
    HEART.check(scribble, "s.nii.gz", sparse=True)
    with pytest.raises(InputError, match=r"got 255 \(1 px\)"):
        HEART.check(scribble, "s.nii.gz")


def test_case_refuses_labels_of_another_shape():
    with pytest.raises(InputError, match=r"p1: label map must have the image's shape \(2, 4, 4\)"):
        Case(
            case_id="p1",
            patient_id="p1",
            image=np.zeros((1, 2, 4, 4), dtype=np.float32),
            label_map=np.zeros((2, 4, 5), dtype=np.uint8),
            spacing_mm=None,
            affine=np.eye(4),
        )
