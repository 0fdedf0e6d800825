"""What another trainer may hand in, and what is said when it is not that."""

import shutil

import numpy as np
import pytest
from outside import AFFINE, LABELS, made_case, save

from scribblebench.errors import InputError
from scribblebench.exchange.predictions import read_predictions


@pytest.fixture
def cases():
    return [made_case("p1_a"), made_case("p2_a", shape=(2, 40, 36))]


@pytest.fixture
def folder(cases, tmp_path):
    """Label maps of both cases, one of them as float and not compressed."""
    save(tmp_path / "p1_a.nii.gz", cases[0].label_map, dtype=np.uint8)
    save(tmp_path / "p2_a.nii", cases[1].label_map, dtype=np.float64)
    return tmp_path


def test_predictions_are_read_in_the_order_of_the_cases(cases, folder):
    save(folder / "p9_a.nii.gz", cases[0].label_map, dtype=np.uint8)
    (folder / "plans.json").write_text("{}")
    found = read_predictions(folder, cases[::-1], LABELS)
    assert [p.case_id for p in found.predictions] == ["p2_a", "p1_a"]
    for prediction, case in zip(found.predictions, cases[::-1], strict=True):
        np.testing.assert_array_equal(prediction.pred, case.label_map)
        np.testing.assert_array_equal(prediction.raw, case.label_map)
    assert found.others == ["p9_a"]


def test_the_digest_is_of_the_files_that_count(cases, folder, tmp_path):
    before = read_predictions(folder, cases, LABELS).digest
    assert len(before) == 16
    save(folder / "p9_a.nii.gz", cases[0].label_map)
    assert read_predictions(folder, cases, LABELS).digest == before
    changed = cases[0].label_map.copy()
    changed[0, 0, 0] = 1
    save(folder / "p1_a.nii.gz", changed, dtype=np.uint8)
    assert read_predictions(folder, cases, LABELS).digest != before


def test_missing_cases_are_named(cases, folder):
    (folder / "p1_a.nii.gz").unlink()
    with pytest.raises(InputError, match=r"CASE\.nii\.gz for each .* lacks 1 of 2: p1_a$"):
        read_predictions(folder, cases, LABELS)
    many = [made_case(f"q{i}_a") for i in range(7)]
    with pytest.raises(InputError, match=r"lacks 7 of 7: q0_a, q1_a, q2_a, q3_a, q4_a, \.\.\.$"):
        read_predictions(folder, many, LABELS)


def with_value(value):
    label_map = made_case().label_map.astype(float)
    label_map[0, 0, :2] = value
    return label_map


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (with_value(3), r"must hold a class in every voxel, got 3 \(2 px\), which means not annot"),
        (with_value(255), r"got 255 \(2 px\), which means not annotated"),
        (with_value(9), r"label values must be among \[0 background, 1 disc, 2 ring\], got 9 \(2"),
        (with_value(0.5), r"labels must be integers, got 0\.5"),
        (
            made_case().label_map[:2],
            r"must have the image's shape \(3, 40, 36\), got \(2",
        ),
        (made_case().label_map[:, :36].swapaxes(1, 2), "must have the image's shape"),
    ],
)
def test_what_is_no_segmentation_of_the_case_is_refused(cases, folder, array, message):
    save(folder / "p1_a.nii.gz", array)
    with pytest.raises(InputError, match=r"p1_a\.nii\.gz: .*" + message):
        read_predictions(folder, cases, LABELS)


@pytest.mark.parametrize(
    ("row", "col", "by", "differs"),
    [(0, 3, 0.7, "its first voxel"), (1, 1, -3.0, "axes to"), (2, 2, 1.0, "spacing")],
)
def test_another_grid_is_refused(cases, folder, row, col, by, differs):
    """A shift by more than half a voxel, a flip and another spacing; rounding is none of these."""
    affine = AFFINE.copy()
    affine[row, col] += by
    save(folder / "p1_a.nii.gz", cases[0].label_map, affine)
    with pytest.raises(InputError, match=f"must be on the image's grid, got .*{differs}"):
        read_predictions(folder, cases, LABELS)
    affine[row, col] -= by - 1e-4
    save(folder / "p1_a.nii.gz", cases[0].label_map, affine)
    assert len(read_predictions(folder, cases, LABELS).predictions) == 2


def test_other_axes_are_put_right(cases, folder):
    """The same voxels with the columns reversed and planes and rows exchanged."""
    dense = cases[0].label_map.copy()
    dense[0, 3, 5] = 1  # so that no flip is a symmetry
    turned = AFFINE @ np.array([[-1, 0, 0, 35], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    save(folder / "p1_a.nii.gz", dense.swapaxes(0, 1)[:, :, ::-1], turned)
    found = read_predictions(folder, cases, LABELS).predictions
    np.testing.assert_array_equal(found[0].pred, dense)


def test_a_damaged_file_is_named(cases, folder):
    path = folder / "p2_a.nii"
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(InputError, match=r"p2_a\.nii: cannot be read"):
        read_predictions(folder, cases, LABELS)
    shutil.rmtree(folder)
    with pytest.raises(InputError, match="no such file or folder"):
        read_predictions(folder, cases, LABELS)
