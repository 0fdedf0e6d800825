"""MyoPS 2020 on files in the official layout."""

import nibabel as nib
import numpy as np
import pytest
from layouts.myops import write_myops
from layouts.volumes import affine_of, image_of, labels_of

from scribblebench.data import DATASETS
from scribblebench.data.myops import Myops
from scribblebench.errors import InputError


@pytest.fixture
def root(tmp_path):
    return write_myops(tmp_path, n=3)


def test_three_sequences_are_one_image_on_one_grid(root):
    """The LGE file has its axes in another direction, and comes back turned."""
    case = DATASETS["myops"](root).load("myops_training_102")
    dense = labels_of(6, 102)
    assert case.image.shape == (3, *dense.shape[::-1])
    for channel, image in enumerate(case.image):
        np.testing.assert_array_equal(image.T, image_of(dense, 102, channel).astype(np.float32))
    np.testing.assert_allclose(case.affine, affine_of(102), atol=1e-5)


def test_label_values_become_classes_and_the_right_ventricle_is_background(root):
    dataset = Myops(root)
    assert dataset.labels.class_names == ("background", "LV", "myocardium", "oedema", "scar")
    found = dataset.load("myops_training_101").label_map
    bars = labels_of(6, 101)  # background, LV, RV, myocardium, oedema, scar
    np.testing.assert_array_equal(found.T, np.array([0, 1, 0, 2, 3, 4])[bars])


@pytest.mark.parametrize(
    ("classes", "ids"),
    [
        (["scar", "oedema"], [0, 0, 0, 0, 2, 1]),
        (["LV", "RV", "myocardium"], [0, 1, 2, 3, 3, 3]),
        (["myocardium", "scar"], [0, 0, 0, 1, 1, 2]),
        (["LV"], [0, 1, 0, 0, 0, 0]),
    ],
)
def test_classes_not_asked_for_are_myocardium_or_background(root, classes, ids):
    dataset = Myops(root, classes=classes)
    assert dataset.labels.class_names == ("background", *classes)
    found = dataset.load("myops_training_101").label_map
    np.testing.assert_array_equal(found.T, np.array(ids)[labels_of(6, 101)])


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["edema"], "classes: unknown 'edema'. Did you mean 'oedema'?"),
        (["LV", "LV"], "classes must differ, got LV, LV"),
        ([], "classes must be a list of names"),
        ("LV", "classes must be a list of names, got 'LV'"),
    ],
)
def test_classes_that_are_none_are_refused(root, classes, message):
    with pytest.raises(InputError) as error:
        Myops(root, classes=classes)
    assert message in str(error.value)


def test_strange_values_missing_sequences_and_other_grids_are_named(root):
    labels = root / "train25_myops_gd" / "myops_training_101_gd.nii.gz"
    values = np.asarray(nib.load(labels).dataobj).copy()
    values[0, 0, :2] = 1221
    nib.save(nib.Nifti1Image(values, affine_of(101)), labels)
    with pytest.raises(InputError, match=r"101_gd.*2221 scar\], got 1221 \(2 px\)"):
        Myops(root).load("myops_training_101")
    image = root / "train25" / "myops_training_102_T2.nii.gz"
    shifted = affine_of(102)
    shifted[0, 3] += 4
    nib.save(nib.Nifti1Image(np.asarray(nib.load(image).dataobj), shifted), image)
    with pytest.raises(InputError, match=r"102_T2.*must be on the image's grid.*\(4, 0, 0\) mm"):
        Myops(root).load("myops_training_102")
    (root / "train25" / "myops_training_103_DE.nii.gz").unlink()
    with pytest.raises(InputError, match=r"103_DE\.nii\.gz: no such file"):
        Myops(root).load("myops_training_103")


def test_test_images_without_labels_are_no_cases_and_the_split_is_fixed(tmp_path):
    dataset = Myops(write_myops(tmp_path / "myops", n=25).parent)
    assert len(dataset.case_ids()) == 25
    parts = dataset.split().parts
    assert {part: len(cases) for part, cases in parts.items()} == {
        "train": 18,
        "val": 2,
        "test": 5,
    }
    assert parts["val"] == ("myops_training_112", "myops_training_120")  # must never change


def test_a_wrong_root_says_what_is_expected(tmp_path):
    with pytest.raises(InputError, match=r"holds no train25/myops_training_NNN_C0\.nii\.gz"):
        Myops(tmp_path)
