"""nnU-Net's raw format: channels in files, the ignore label as scribbles."""

import json

import numpy as np
import pytest
from layouts.own import scribble_of, write_nnunet
from layouts.volumes import image_of, labels_of
from PIL import Image

from scribblebench.data import DATASETS
from scribblebench.data.nnunet import NnUnet
from scribblebench.errors import InputError


def change(folder, **changes):
    path = folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_channels_classes_and_dense_labels(tmp_path):
    write_nnunet(tmp_path, n=3)
    dataset = DATASETS["nnunet"](tmp_path)
    assert dataset.labels.class_names == ("background", "left", "right")
    assert dataset.facts.channels == ("T2", "ADC")
    case, dense = dataset.load("made_002"), labels_of(3, 2)
    for channel in (0, 1):
        np.testing.assert_array_equal(case.image[channel].T, image_of(dense, 2, channel))
    np.testing.assert_array_equal(case.label_map.T, dense)
    assert case.scribble is None


def test_labels_with_the_ignore_label_are_scribbles(tmp_path):
    folder = write_nnunet(tmp_path, n=3, n_test=2, ignore=True)
    dataset = NnUnet(folder)
    assert dataset.labels.class_names == ("background", "left", "right")
    case = dataset.load("made_001")
    assert case.label_map is None
    np.testing.assert_array_equal(case.scribble.T, scribble_of(labels_of(3, 1), 255))
    test = dataset.load("made_004")
    assert test.scribble is None
    np.testing.assert_array_equal(test.label_map.T, labels_of(3, 4))
    dense = (folder / "labelsTs" / "made_004.nii.gz").read_bytes()
    (folder / "labelsTr" / "made_001.nii.gz").write_bytes(dense)
    (folder / "imagesTr" / "made_001_0001.nii.gz").unlink()
    with pytest.raises(InputError, match=r"made_001_0001\.nii\.gz: no such file"):
        dataset.load("made_001")


def test_scribbles_that_leave_nothing_out_are_dense_labels_too(tmp_path):
    write_nnunet(tmp_path, n=3)
    change(tmp_path / "Dataset501_Made", labels={"background": 0, "l": 1, "r": 2, "ignore": 3})
    case = NnUnet(tmp_path).load("made_001")
    np.testing.assert_array_equal(case.scribble, case.label_map)


def test_test_cases_are_those_with_labels_and_the_rest_is_split(tmp_path):
    folder = write_nnunet(tmp_path, n=10, n_test=3)
    (folder / "labelsTs" / "made_012.nii.gz").unlink()
    dataset = NnUnet(folder)
    split = dataset.split()
    assert split["test"] == ("made_010", "made_011")
    assert (len(split["train"]), len(split["val"])) == (8, 2)
    assert sorted(c for part in split.parts.values() for c in part) == list(dataset.case_ids())
    with pytest.raises(InputError, match="patient 'made' is both in"):
        NnUnet(folder, patient="^(made)").split()
    assert len(NnUnet(write_nnunet(tmp_path / "b", n=10)).split()["test"]) == 2


def write_colours(root, *, ending=".png"):
    """Write pictures in colours as nnU-Net takes them: all channels in one file."""
    rng = np.random.default_rng(4)
    for number in range(3):
        image = rng.integers(0, 255, (12, 16, 3)).astype(np.uint8)
        for folder, name, array in (
            ("imagesTr", f"x{number}_0000{ending}", image),
            ("labelsTr", f"x{number}{ending}", (image[..., 0] > 99).astype(np.uint8)),
        ):
            (root / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(root / folder / name)
    content = {
        "channel_names": {"0": "R", "1": "G", "2": "B"},
        "labels": {"background": 0, "bright": 1},
        "numTraining": 3,
        "file_ending": ".png",
    }
    (root / "dataset.json").write_text(json.dumps(content))
    return root


@pytest.mark.parametrize("ending", [".png", ".PNG"])
def test_one_file_may_hold_all_channels(tmp_path, ending):
    dataset = NnUnet(write_colours(tmp_path, ending=ending))
    path = tmp_path / "imagesTr" / f"x1_0000{ending}"
    assert dataset.files("x1").images == (path,)
    case = dataset.load("x1")
    np.testing.assert_array_equal(case.image[:, 0], np.moveaxis(np.asarray(Image.open(path)), 2, 0))
    np.testing.assert_array_equal(case.label_map[0], case.image[0, 0] > 99)
    change(tmp_path, channel_names={"0": "R", "1": "G"})
    with pytest.raises(InputError, match=r"x1_0000\..*: must have 2 channels \(R, G\), got 3"):
        NnUnet(tmp_path).load("x1")


def test_where_other_cases_have_them_a_missing_channel_is_named(tmp_path):
    folder = write_nnunet(tmp_path, n=3)
    (folder / "imagesTr" / "made_001_0001.nii.gz").unlink()
    with pytest.raises(InputError, match=r"made_001_0001\.nii\.gz: no such file"):
        NnUnet(folder).load("made_001")


def test_a_label_without_an_image_is_named(tmp_path):
    folder = write_nnunet(tmp_path, n=3)
    (folder / "imagesTr" / "made_001_0000.nii.gz").unlink()
    with pytest.raises(InputError) as error:
        NnUnet(folder)
    assert "numTraining: must be the number of cases in imagesTr, 2, got 3; " in str(error.value)
    assert str(error.value).endswith("made_001.nii.gz has no image made_001_0000.nii.gz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": {"background": 0, "ignore": 1, "a": 2}}, "'ignore' must be the highest, got 1"),
        ({"labels": {"background": 0, "both": [1, 2]}}, "'both' must be one value, got a region"),
        ({"labels": {"background": 0, "a": "x"}}, "labels: 'a' must have an integer >= 0, got 'x'"),
        (
            {"labels": {"a": 0, "Background": 1}},
            "labels: 'Background' must have the value 0, got 1",
        ),
        (
            {"labels": {"a": 0, "background": 2}},
            "labels: 'background' must have the value 0, got 2",
        ),
        ({"labels": {"0": "background", "1": "a", "2": "a"}}, "labels: names must differ, got 'a'"),
        ({"labels": ["background", "a"]}, "labels: must be an object"),
        ({"channel_names": {"0": "T2", "2": "ADC"}}, "channel_names: must be an object of"),
        ({"file_ending": ".nrrd"}, "file_ending: must be one of .nii.gz, .nii, .png"),
        ({"numTraining": 7}, "numTraining: must be the number of cases in imagesTr, 3, got 7"),
    ],
)
def test_a_description_that_does_not_fit_is_named_with_its_key(tmp_path, changes, message):
    change(write_nnunet(tmp_path, n=3), **changes)
    with pytest.raises(InputError) as error:
        NnUnet(tmp_path)
    assert message in str(error.value)
    assert "dataset.json: " in str(error.value)


def test_folders_that_are_none_or_several_are_refused(tmp_path):
    with pytest.raises(InputError, match="holds no imagesTr"):
        NnUnet(tmp_path)
    folder = write_nnunet(tmp_path, n=2)
    folder.rename(tmp_path / "Dataset502_Other")
    write_nnunet(tmp_path, n=2)
    with pytest.raises(InputError, match=r"several data sets.*Dataset501_Made, Dataset502_Other"):
        NnUnet(tmp_path)
