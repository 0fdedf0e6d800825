"""The adapter on files made in the published layout, and on the real copy where there is one."""

import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from scribblebench.data import DATASETS, fingerprint
from scribblebench.data.mscmr import Mscmr
from scribblebench.errors import InputError

AFFINE = np.diag([0.75, 0.625, 5.0, 1.0])


def write_case(root, folder, number, *kinds):
    """Write one case: array (x, y, z) = (12, 10, 3), a square of each class."""
    labels = np.zeros((12, 10, 3), dtype=np.uint16)
    for class_id in (1, 2, 3):
        labels[3 * class_id : 3 * class_id + 2, 3:6, :2] = class_id
    marked = np.arange(10)[None, :, None] == 4
    files = {"manual": labels, "scribble": np.where(marked, labels, 4).astype(np.uint16)}
    image = np.random.default_rng(number).integers(0, 900, labels.shape).astype(np.int16)
    for sub in ("images", "labels"):
        (root / folder / sub).mkdir(parents=True, exist_ok=True)
    name = f"subject{number}_DE"
    nib.save(nib.Nifti1Image(image, AFFINE), root / folder / "images" / f"{name}.nii.gz")
    for kind in kinds:
        path = root / folder / "labels" / f"{name}_{kind}.nii.gz"
        nib.save(nib.Nifti1Image(files[kind], AFFINE), path)


def write_all(root):
    for number in (2, 4, 13):
        write_case(root, "train", number, "scribble")
    write_case(root, "val", 1, "manual")
    write_case(root, "TestSet", 3, "manual")


@pytest.fixture
def root(tmp_path):
    write_all(tmp_path)
    return tmp_path


@pytest.mark.parametrize("inside", [".", "mscmr"])
def test_the_split_is_that_of_the_folders(tmp_path, inside):
    write_all(tmp_path / inside)
    dataset = DATASETS["mscmr"](tmp_path)
    assert dict(dataset.split().parts) == {
        "train": ("subject13_DE", "subject2_DE", "subject4_DE"),
        "val": ("subject1_DE",),
        "test": ("subject3_DE",),
    }
    assert sorted(c for part in dataset.split().parts.values() for c in part) == list(
        dataset.case_ids()
    )


def test_training_cases_have_scribbles_only_and_the_others_dense_labels_only(root):
    train, val = (Mscmr(root).load(f"subject{n}_DE") for n in (2, 1))
    assert (train.label_map, val.scribble) == (None, None)
    assert train.image.shape == (1, 3, 10, 12)
    assert train.spacing_mm == (5.0, 0.625, 0.75)
    assert set(np.unique(train.scribble)) == {0, 1, 2, 3, 255}
    assert (train.scribble[:, 3] == 255).all()
    assert val.label_map[0, 4, 6] == 2


def test_a_case_may_have_both(root):
    write_case(root, "train", 2, "scribble", "manual")
    case = Mscmr(root).load("subject2_DE")
    annotated = case.scribble != 255
    np.testing.assert_array_equal(case.scribble[annotated], case.label_map[annotated])


def test_a_part_may_be_left_out_and_is_empty_then(tmp_path):
    write_case(tmp_path, "val", 1, "manual")
    split = Mscmr(tmp_path).split()
    assert (split["train"], split["val"], split["test"]) == ((), ("subject1_DE",), ())


def test_no_root_and_a_wrong_root_say_what_is_expected(tmp_path):
    with pytest.raises(InputError, match="mscmr: needs its folder: give --data DIR"):
        Mscmr(None)
    with pytest.raises(InputError, match="holds none of train/images, val/images and TestSet"):
        Mscmr(tmp_path)


def test_what_is_wrong_with_the_files_is_said_with_their_names(root):
    write_case(root, "val", 9)
    with pytest.raises(InputError, match=r"neither subject9_DE_manual.* nor subject9_DE_scribble"):
        Mscmr(root).load("subject9_DE")
    path = root / "TestSet" / "labels" / "subject3_DE_manual.nii.gz"
    nib.save(nib.Nifti1Image(np.full((12, 10, 3), 4, dtype=np.uint8), AFFINE), path)
    with pytest.raises(InputError, match=r"subject3_DE_manual.*got 4 \(360 px\)"):
        Mscmr(root).load("subject3_DE")
    path = root / "train" / "labels" / "subject2_DE_scribble.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros((10, 10, 3), dtype=np.uint8), AFFINE), path)
    with pytest.raises(InputError, match=r"subject2_DE_scribble.*must have the image's shape"):
        Mscmr(root).load("subject2_DE")


def test_a_case_in_two_parts_is_refused(root):
    write_case(root, "val", 2, "manual")
    with pytest.raises(InputError, match=r"val.*subject2_DE.*is also there as .*train"):
        Mscmr(root)


def test_fingerprint_tells_a_case_without_dense_labels_from_one_with(root):
    before = fingerprint([Mscmr(root).load("subject2_DE")])
    write_case(root, "train", 2, "scribble", "manual")
    assert fingerprint([Mscmr(root).load("subject2_DE")]) != before


def test_label_values_of_the_challenge_are_the_same_classes(root):
    path = root / "val" / "labels" / "subject1_DE_manual.nii.gz"
    before = Mscmr(root).load("subject1_DE").label_map
    values = np.array([0, 600, 200, 500], dtype=np.int16)[before.T]
    nib.save(nib.Nifti1Image(values, AFFINE), path)
    np.testing.assert_array_equal(Mscmr(root).load("subject1_DE").label_map, before)


@pytest.mark.slow
def test_real_copy_is_the_published_split_with_its_spacing():
    root = Path(os.environ.get("SCRIBBLEBENCH_DATA", "")) / "mscmr"
    if not root.is_dir():
        pytest.skip("SCRIBBLEBENCH_DATA names no folder with mscmr")
    dataset = Mscmr(root.parent)
    split = dataset.split()
    assert [len(split[part]) for part in ("train", "val", "test")] == [25, 5, 15]
    for case_id in dataset.case_ids():
        case = dataset.load(case_id)
        plane_mm, row_mm, col_mm = case.spacing_mm
        assert plane_mm == pytest.approx(5.0, abs=0.001)
        assert 0.72 < row_mm < 0.77
        assert row_mm == pytest.approx(col_mm)
        if case_id in split["train"]:
            assert case.label_map is None
            assert set(np.unique(case.scribble)) == {0, 1, 2, 3, 255}
        else:
            assert case.scribble is None
            assert set(np.unique(case.label_map)) == {0, 1, 2, 3}
