"""The Decathlon's adapters on files in the official layout, and on the real hippocampus."""

import json
import os
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from faults import report_of
from layouts.decathlon import write_decathlon
from layouts.volumes import affine_of, image_of, labels_of, save

from scribblebench.data import DATASETS
from scribblebench.data.decathlon import BrainTumour, Decathlon, Hippocampus, Prostate
from scribblebench.data.preprocessing import prepare
from scribblebench.errors import InputError


@pytest.mark.parametrize(
    ("factory", "task", "case_id"),
    [
        (BrainTumour, 1, "BRATS_003"),
        (Hippocampus, 4, "hippocampus_003"),
        (Prostate, 5, "prostate_003"),
    ],
)
def test_named_tasks_have_their_channels_classes_and_geometry(tmp_path, factory, task, case_id):
    write_decathlon(tmp_path, task, n=3)
    dataset = factory(tmp_path)
    assert dataset.labels.class_names == factory.labels.class_names
    assert list(dataset.case_ids())[-1] == case_id
    case = dataset.load(case_id)
    dense = labels_of(dataset.labels.n_classes, 3)
    assert case.image.shape == (len(factory.facts.channels), *dense.shape[::-1])
    for number, channel in enumerate(case.image):
        np.testing.assert_array_equal(channel.T, image_of(dense, 3, number, np.float32))
    np.testing.assert_array_equal(case.label_map.T, dense)
    np.testing.assert_allclose(case.affine, affine_of(3), atol=1e-5)
    assert case.spacing_mm == pytest.approx((5.0, 1.25, 1.5), rel=1e-6)


@pytest.mark.parametrize("task", [4, "4", "Task04", "task04_hippocampus", "Hippocampus"])
def test_a_task_is_found_by_number_or_name(tmp_path, task):
    for number in (4, 5):
        write_decathlon(tmp_path, number, n=3)
    dataset = DATASETS["msd"](tmp_path, task=task)
    assert dataset.labels.class_names == ("background", "anterior", "posterior")
    assert dataset.facts.n_patients == 260


def test_several_tasks_ask_for_one_and_the_folder_of_a_task_does_not(tmp_path):
    folder = write_decathlon(tmp_path, 5, n=3)
    assert Decathlon(tmp_path).facts.channels == ("T2", "ADC")
    write_decathlon(tmp_path, 4, n=3)
    with pytest.raises(InputError, match="task must be one of Task04_Hippocampus, Task05_Prostate"):
        Decathlon(tmp_path)
    assert Decathlon(folder).facts.channels == ("T2", "ADC")
    with pytest.raises(InputError, match="must be Task04_Hippocampus, got Task05_Prostate"):
        Hippocampus(folder)


def test_a_task_of_ones_own_has_the_classes_and_channels_of_its_description(tmp_path):
    folder = write_decathlon(tmp_path, 4, n=3).rename(tmp_path / "Task88_Mine")
    dataset = Decathlon(tmp_path, task="Task88_Mine")
    assert dataset.labels.class_names == ("background", "Anterior", "Posterior")
    assert dataset.facts.channels == ("MRI",)
    (folder / "dataset.json").unlink()
    with pytest.raises(InputError, match=r"Task88_Mine/dataset\.json: no such file"):
        Decathlon(tmp_path, task="Task88_Mine")


def test_an_official_task_may_lack_its_description_or_have_another_folder(tmp_path):
    folder = write_decathlon(tmp_path, 4, n=4)
    (folder / "dataset.json").unlink()
    assert len(Hippocampus(tmp_path).case_ids()) == 4  # hidden files are none
    folder.rename(tmp_path / "hippocampus")
    assert len(Hippocampus(tmp_path).case_ids()) == 4
    assert len(Hippocampus(tmp_path / "hippocampus").case_ids()) == 4


def test_the_list_of_cases_counts_and_a_file_that_it_names_must_be_there(tmp_path):
    folder = write_decathlon(tmp_path, 4, n=4)
    path = folder / "dataset.json"
    content = json.loads(path.read_text())
    del content["training"][0]
    path.write_text(json.dumps(content))
    dataset = Hippocampus(tmp_path)
    assert list(dataset.case_ids()) == [f"hippocampus_{n:03d}" for n in (2, 3, 4)]
    (folder / "imagesTr" / "hippocampus_002.nii.gz").unlink()
    (folder / "labelsTr" / "hippocampus_003.nii.gz").unlink()
    for name in ("imagesTr/hippocampus_002", "labelsTr/hippocampus_003"):
        with pytest.raises(InputError, match=rf"{name}\.nii\.gz: no such file"):
            Hippocampus(tmp_path).load(name.split("/")[1])


@pytest.mark.parametrize("name", ["labelsTr", "gt_segmentations"])
def test_labels_without_images_are_checked_and_drawn_on_where_that_is_asked_for(tmp_path, name):
    folder = write_decathlon(tmp_path, 5, n=4)
    whole = Prostate(folder)
    wanted = {case_id: whole.load(case_id) for case_id in whole.case_ids()}
    shutil.rmtree(folder / "imagesTr")
    (folder / "labelsTr").rename(folder / name)
    with pytest.raises(InputError, match=r"no imagesTr; without images \(option images=false\)"):
        Prostate(folder)
    for dataset in (Prostate(folder, images=False), Decathlon(tmp_path, task=5, images=False)):
        assert list(dataset.case_ids()) == list(wanted)
        assert dataset.split() == whole.split()
        for case_id, case in wanted.items():
            alone = dataset.load(case_id)
            assert alone.image.shape == (0, *case.image.shape[1:])
            np.testing.assert_array_equal(alone.label_map, case.label_map)
            assert alone.spacing_mm == case.spacing_mm
    with pytest.raises(InputError, match="prostate_001: has no image, only labels"):
        prepare(dataset.load("prostate_001"), field_of_view=32)
    with pytest.raises(InputError, match="images must be true or false, got 'no'"):
        Prostate(folder, images="no")


def test_a_check_of_labels_alone_finds_damage_and_the_same_labels_twice(tmp_path):
    folder = write_decathlon(tmp_path, 5, n=4)
    shutil.rmtree(folder / "imagesTr")
    labels = folder / "labelsTr"
    for number, path in enumerate(sorted(labels.glob("p*"))):
        image = nib.load(path)
        array = np.asarray(image.dataobj).copy()
        array[0, 0, number] = 1  # no two are the same
        save(path, array, image.affine)
    problems = report_of(Prostate(folder, images=False), folder).problems
    assert {problem.kind for problem in problems} == {"axes"}  # each has its own
    shutil.copy(labels / "prostate_001.nii.gz", labels / "prostate_003.nii.gz")
    (labels / "prostate_002.nii.gz").write_bytes(b"x" * 40)
    parts = {"train": [f"prostate_00{n}" for n in range(1, 5)]}
    report = report_of(Prostate(folder, images=False), folder, parts)
    problems = [problem for problem in report.problems if problem.kind != "axes"]
    assert [problem.case_id for problem in problems] == ["prostate_002", "prostate_003"]
    assert problems[1].text.startswith("has the same labels as prostate_001")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": {"0": "background"}}, r"labels: must be 0, 1, \.\.\. without gaps, got \[0\]"),
        ({"labels": {"0": "background", "2": "a"}}, r"without gaps, got \[0, 2\]"),
        ({"labels": {"background": 0, "all": [1, 2]}}, "'all' must be one value"),
        ({"modality": {"1": "MRI"}}, "modality: must be an object"),
        ({"modality": {"0": "T2", "1": "ADC"}}, r"modality: must be those of Task04.*got T2, ADC"),
        ({"training": []}, "training: must be a list of cases"),
        ({"training": [{"label": "a"}]}, r"training\[0\]: must have an image"),
    ],
)
def test_a_damaged_description_is_named_with_its_key(tmp_path, change, message):
    path = write_decathlon(tmp_path, 4, n=3) / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=rf"dataset\.json: {message}|dataset\.json: .*{message}"):
        Hippocampus(tmp_path)


def test_an_image_of_other_channels_and_a_label_outside_the_classes_are_named(tmp_path):
    folder = write_decathlon(tmp_path, 5, n=3)
    image = folder / "imagesTr" / "prostate_001.nii.gz"
    nib.save(nib.Nifti1Image(nib.load(image).get_fdata()[..., 0], affine_of(1)), image)
    with pytest.raises(InputError, match=r"prostate_001.*must have 2 channels \(T2, ADC\), got 1"):
        Prostate(tmp_path).load("prostate_001")
    labels = np.asarray(nib.load(folder / "labelsTr" / "prostate_002.nii.gz").dataobj).copy()
    labels[:2, 0, 0] = 3
    nib.save(nib.Nifti1Image(labels, affine_of(2)), folder / "labelsTr" / "prostate_002.nii.gz")
    with pytest.raises(InputError, match=r"2 transition zone\], got 3 \(2 px\)"):
        Prostate(tmp_path).load("prostate_002")


def test_the_split_is_by_patient_fixed_and_seven_one_two_tenths(tmp_path):
    write_decathlon(tmp_path, 4, n=10)
    split = Hippocampus(tmp_path).split()
    assert {part: len(cases) for part, cases in split.parts.items()} == {
        "train": 7,
        "val": 1,
        "test": 2,
    }
    assert sorted(c for cases in split.parts.values() for c in cases) == list(
        Hippocampus(tmp_path).case_ids()
    )
    assert split["test"] == ("hippocampus_001", "hippocampus_008")  # must never change


@pytest.mark.slow
def test_the_real_hippocampus_has_three_classes_at_one_millimetre():
    root = Path(os.environ.get("SCRIBBLEBENCH_DATA", "")) / "hippocampus"
    if not root.is_dir():
        pytest.skip("SCRIBBLEBENCH_DATA names no folder with hippocampus")
    dataset = Hippocampus(root.parent)
    assert len(dataset.case_ids()) == sum(len(c) for c in dataset.split().parts.values())
    for case_id in dataset.case_ids():
        case = dataset.load(case_id)
        assert case.spacing_mm == (1.0, 1.0, 1.0)
        assert set(np.unique(case.label_map)) == {0, 1, 2}
