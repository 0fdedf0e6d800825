"""The adapter on files made in the official layout, and on the real copy where there is one."""

import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from scribblebench.data import DATASETS, fingerprint
from scribblebench.data.acdc import Acdc
from scribblebench.errors import InputError

AFFINE = np.diag([1.5, 1.5, 10.0, 1.0])


def write_patient(root, number, *, frames=(1, 12), scribbles=True, affine=AFFINE):
    """Write one patient: array (x, y, z) = (12, 10, 3), a square of each class."""
    name = f"patient{number:03d}"
    (root / name).mkdir(parents=True)
    labels = np.zeros((12, 10, 3), dtype=np.uint8)
    for class_id in (1, 2, 3):
        labels[3 * class_id : 3 * class_id + 2, 3:6, :2] = class_id
    scribble = np.where(np.arange(10)[None, :, None] == 4, labels, 4).astype(np.uint8)
    rng = np.random.default_rng(number)
    for frame in frames:
        stem = root / name / f"{name}_frame{frame:02d}"
        image = rng.integers(0, 255, labels.shape).astype(np.uint8)
        files = {"": image, "_gt": labels} | ({"_scribble": scribble} if scribbles else {})
        for suffix, array in files.items():
            nib.save(nib.Nifti1Image(array, affine), f"{stem}{suffix}.nii.gz")
        nib.save(nib.Nifti1Image(image[..., None], affine), root / name / f"{name}_4d.nii.gz")


@pytest.fixture
def acdc(tmp_path):
    for number in range(1, 17):
        write_patient(tmp_path, number)
    return tmp_path


def test_case_has_labels_scribble_spacing_and_patient(acdc):
    case = DATASETS["acdc"](acdc).load("patient003_frame12")
    assert case.patient_id == "patient003"
    assert case.image.shape == (1, 3, 10, 12)
    assert case.spacing_mm == (10.0, 1.5, 1.5)
    assert case.label_map[0, 4, 6] == 2
    assert set(np.unique(case.scribble)) == {0, 1, 2, 3, 255}
    np.testing.assert_array_equal(case.affine, AFFINE)


@pytest.mark.parametrize(
    "inside", [".", "acdc", "training", "database/training", "ACDC/database/training"]
)
def test_the_folder_may_hold_the_patients_or_the_official_folders(tmp_path, inside):
    write_patient(tmp_path / inside, 1)
    assert list(Acdc(tmp_path).case_ids()) == ["patient001_frame01", "patient001_frame12"]


def test_patients_for_testing_are_the_test_part_where_they_have_labels(tmp_path):
    for number in range(1, 5):
        write_patient(tmp_path / "database" / "training", number)
    for number in (101, 102):
        write_patient(tmp_path / "database" / "testing", number, scribbles=False)
    for path in (tmp_path / "database" / "testing" / "patient102").glob("*_gt*"):
        path.unlink()
    dataset = Acdc(tmp_path)
    split = dataset.split()
    assert split["test"] == ("patient101_frame01", "patient101_frame12")
    assert sorted(c for cases in split.parts.values() for c in cases) == list(dataset.case_ids())
    assert not any("patient1" in c for part in ("train", "pool", "val") for c in split[part])


def test_split_is_by_patient_and_7_7_2_of_a_group_of_16(acdc):
    split = Acdc(acdc).split()
    patients = {
        part: sorted({int(c[7:10]) for c in split[part]}) for part in ("train", "pool", "val")
    }
    assert patients == {
        "train": [1, 2, 3, 4, 5, 6, 7],
        "pool": [8, 9, 10, 11, 12, 13, 14],
        "val": [15, 16],
    }
    assert len(split["val"]) == 4


@pytest.mark.parametrize("n", [2, 3, 4, 20])
def test_every_group_of_two_or_more_gives_training_and_validation_patients(tmp_path, n):
    for number in range(21, 21 + n):
        write_patient(tmp_path, number, frames=(1,))
    split = Acdc(tmp_path).split()
    assert split["train"]
    assert split["val"]
    assert sum(len(cases) for cases in split.parts.values()) == n


def test_identity_affine_leaves_the_spacing_unknown(tmp_path):
    write_patient(tmp_path, 1, affine=np.eye(4))
    assert Acdc(tmp_path).load("patient001_frame01").spacing_mm is None


def test_no_root_and_a_wrong_root_say_what_is_expected(tmp_path):
    with pytest.raises(InputError, match="give --data DIR"):
        Acdc(None)
    with pytest.raises(InputError, match=r"holds no patientNNN/patientNNN_frameFF\.nii\.gz"):
        Acdc(tmp_path)


def test_missing_corrupt_and_wrong_label_files_are_named(acdc):
    folder = acdc / "patient002"
    (folder / "patient002_frame01_gt.nii.gz").unlink()
    with pytest.raises(InputError, match=r"patient002_frame01_gt\.nii\.gz: no such file"):
        Acdc(acdc).load("patient002_frame01")
    path = folder / "patient002_frame12_gt.nii.gz"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match=r"patient002_frame12_gt\.nii\.gz: cannot be read"):
        Acdc(acdc).load("patient002_frame12")
    strange = np.zeros((12, 10, 3), dtype=np.uint8)
    strange[0, 0, 0] = 4
    path = acdc / "patient003" / "patient003_frame01_gt.nii.gz"
    nib.save(nib.Nifti1Image(strange, AFFINE), path)
    with pytest.raises(InputError, match=r"patient003_frame01_gt.*got 4 \(1 px\)"):
        Acdc(acdc).load("patient003_frame01")
    nib.save(nib.Nifti1Image(strange[:8], AFFINE), path)
    with pytest.raises(InputError):
        Acdc(acdc).load("patient003_frame01")


def test_labels_of_another_shape_are_named(acdc):
    path = acdc / "patient004" / "patient004_frame01_gt.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros((8, 10, 3), dtype=np.uint8), AFFINE), path)
    with pytest.raises(InputError, match=r"frame01_gt\.nii\.gz: must have the image's shape"):
        Acdc(acdc).load("patient004_frame01")


def test_fingerprint_changes_with_one_voxel_and_not_with_the_order(acdc):
    dataset = Acdc(acdc)
    cases = [dataset.load(c) for c in dataset.case_ids()[:3]]
    assert fingerprint(cases) == fingerprint(cases[::-1])
    before = fingerprint(cases)
    cases[1].label_map[0, 0, 0] = 1
    relabelled = fingerprint(cases)
    assert relabelled != before
    cases[0].scribble[0, 0, 0] = 3
    assert fingerprint(cases) != relabelled


@pytest.mark.slow
def test_real_copy_has_the_published_scribbles():
    root = Path(os.environ.get("SCRIBBLEBENCH_DATA", "")) / "acdc"
    if not root.is_dir():
        pytest.skip("SCRIBBLEBENCH_DATA names no folder with acdc")
    dataset = Acdc(root)
    split = dataset.split()
    assert [len(split[part]) for part in ("train", "pool", "val")] == [70, 70, 20]
    for case_id in split["val"]:
        case = dataset.load(case_id)
        assert case.scribble is not None
        annotated = case.scribble != 255
        assert (case.scribble[annotated] == case.label_map[annotated]).mean() > 0.99
