"""BTCV on files in the official layout."""

import numpy as np
import pytest
from layouts.btcv import ORGAN_NUMBERS, write_btcv

from scribblebench.data import DATASETS
from scribblebench.data.btcv import ORGANS, Btcv
from scribblebench.errors import InputError


@pytest.fixture
def root(tmp_path):
    return write_btcv(tmp_path, n=3)


@pytest.mark.parametrize(
    "folders", [("RawData/Training/img", "RawData/Training/label"), ("imagesTr", "labelsTr")]
)
def test_all_organs_in_hounsfield_units(tmp_path, folders):
    case = DATASETS["btcv"](write_btcv(tmp_path, n=2, folders=folders)).load("img0002")
    assert set(np.unique(case.label_map)) == {0, *ORGAN_NUMBERS}
    assert (case.image.min(), case.image.max()) == (-1000.0, 3000.0)
    liver = case.label_map == ORGANS.index("liver") + 1
    assert (case.image[0][liver] == 30 + 15 * 6).all()
    assert case.spacing_mm == pytest.approx((3.0, 0.75, 0.75))


def test_labels_may_have_the_names_of_the_images(tmp_path):
    write_btcv(tmp_path, n=2, folders=("imagesTr", "labelsTr"))
    for path in (tmp_path / "labelsTr").iterdir():
        path.rename(path.with_name(path.name.replace("label", "img")))
    for path in (tmp_path / "imagesTr").iterdir():
        path.rename(path.with_name(path.name.replace(".nii", "_0000.nii")))
    dataset = Btcv(tmp_path)
    assert list(dataset.case_ids()) == ["img0001", "img0002"]
    assert dataset.load("img0001").label_map.any()


def test_organs_may_be_chosen_in_any_order(root):
    dataset = Btcv(root, organs=["liver", "spleen"])
    assert dataset.labels.class_names == ("background", "liver", "spleen")
    found, everything = (d.load("img0001").label_map for d in (dataset, Btcv(root)))
    np.testing.assert_array_equal(found == 1, everything == 6)
    np.testing.assert_array_equal(found == 2, everything == 1)


def test_unknown_organs_and_other_roots_are_named(root, tmp_path):
    with pytest.raises(InputError, match=r"unknown 'esophagus'\. Did you mean 'oesophagus'\?"):
        Btcv(root, organs=["esophagus"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds neither RawData/Training/img nor imagesTr"):
        Btcv(tmp_path / "empty")


def test_a_scan_without_labels_is_named(root):
    (root / "RawData" / "Training" / "label" / "label0002.nii.gz").unlink()
    with pytest.raises(InputError, match=r"label/label0002\.nii\.gz: no such file"):
        Btcv(root).load("img0002")


def test_the_split_of_the_thirty_is_fixed(tmp_path):
    parts = Btcv(write_btcv(tmp_path, n=30)).split().parts
    assert {part: len(cases) for part, cases in parts.items()} == {
        "train": 21,
        "val": 3,
        "test": 6,
    }
    assert parts["val"] == ("img0003", "img0014", "img0018")  # must never change
