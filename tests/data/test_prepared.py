"""Cases in one file: they come back as `prepare` made them, but for the levels of intensities."""

import json
import pickle

import numpy as np
import pytest

from scribblebench.data import fingerprint
from scribblebench.data.prepared import Preparation, Prepared, write_prepared
from scribblebench.data.preprocessing import labels_in_view, prepare
from scribblebench.data.restoring import restore
from scribblebench.errors import InputError
from scribblebench.types import Case, LabelSpec

LABELS = LabelSpec(("background", "RV", "LV"))
PREPARATION = Preparation(dataset="made", options={"size": 3}, field_of_view=32, spacing_mm=1.5)


def made_case(number, *, dense=True, scribbled=True):
    """A case of two channels, 40 x 26 pixels of 1 mm: resampled to 27 x 17, then padded."""
    rng = np.random.default_rng(number)
    labels = np.zeros((3, 40, 26), dtype=np.uint8)
    labels[:, 5:20, 4:12] = 1
    labels[1:, 22:30, 8:20] = 2
    return Case(
        case_id=f"made{number}",
        patient_id=f"p{number // 2}",
        image=rng.normal(100.0, 20.0, (2, 3, 40, 26)).astype(np.float32),
        label_map=labels if dense else None,
        spacing_mm=(5.1, 1.0, 1.0 + 1e-9),
        affine=np.diag([1.0, 1.0, 5.1, 1.0]),
        scribble=np.where(rng.random(labels.shape) < 0.1, labels, 255).astype(np.uint8)
        if scribbled
        else None,
    )


@pytest.fixture
def made():
    cases = [made_case(0, dense=False), made_case(2, scribbled=False), made_case(4)]
    return [prepare(case, field_of_view=32, spacing_mm=1.5) for case in cases]


@pytest.fixture
def path(made, tmp_path):
    write_prepared(
        tmp_path / "made.npz", PREPARATION, LABELS, zip(("train", "val", "val"), made, strict=True)
    )
    return tmp_path / "made.npz"


def test_cases_come_back_with_labels_and_geometry_as_they_were(made, path):
    prepared = Prepared(path)
    assert (prepared.name, prepared.labels, prepared.preparation) == ("made", LABELS, PREPARATION)
    assert dict(prepared.split().parts) == {"train": ("made0",), "val": ("made2", "made4")}
    for slices in made:
        again = prepared.slices(slices.case.case_id)
        for name in ("label_map", "scribble", "inside"):
            one, other = getattr(slices, name), getattr(again, name)
            assert (one is None) == (other is None)
            if one is not None:
                np.testing.assert_array_equal(one, other)
                assert one.dtype == other.dtype
        assert (again.plane_shape, again.spacing_mm) == (slices.plane_shape, slices.spacing_mm)
        case, same = slices.case, again.case
        assert (case.case_id, case.patient_id) == (same.case_id, same.patient_id)
        assert prepared.patient_id(case.case_id) == case.patient_id
        assert (case.spacing_mm, case.plane_shape) == (same.spacing_mm, same.plane_shape)
        np.testing.assert_array_equal(case.affine, same.affine)
        if case.label_map is not None:
            np.testing.assert_array_equal(case.label_map, same.label_map)
        assert np.isnan(same.image).all()


def test_intensities_are_as_near_as_the_file_says(made, tmp_path):
    header = write_prepared(
        tmp_path / "made.npz", PREPARATION, LABELS, (("val", slices) for slices in made)
    )
    prepared = Prepared(tmp_path / "made.npz")
    differences = [np.abs(prepared.slices(s.case.case_id).image - s.image).max() for s in made]
    assert max(differences) == pytest.approx(header.largest_error, rel=1e-6)
    assert 0 < header.largest_error < 0.02
    padding = ~made[0].inside
    assert (prepared.slices("made0").image.swapaxes(0, 1)[:, padding] == 0).all()


def test_predictions_are_put_back_on_the_cases_own_grid(made, path):
    probabilities = np.random.default_rng(0).random((3, 3, 32, 32)).astype(np.float32)
    again = Prepared(path).slices("made4")
    pred = restore(probabilities, again)
    np.testing.assert_array_equal(pred, restore(probabilities, made[2]))
    np.testing.assert_array_equal(labels_in_view(pred, again), labels_in_view(pred, made[2]))


def test_the_fingerprint_tells_other_intensities_and_prepared_cases_apart(made, path):
    prepared = Prepared(path)
    again = [prepared.slices(s.case.case_id) for s in made]

    def of(slices):
        return fingerprint([s.case for s in slices], [s.image for s in slices])

    assert of(again) == of(again[::-1])
    assert of(again) != fingerprint([s.case for s in made])
    before = of(again)
    again[0].image[0, 0, 16, 16] += 1.0
    assert of(again) != before


def test_the_same_cases_give_the_same_file(made, path, tmp_path):
    cases = zip(("train", "val", "val"), made, strict=True)
    write_prepared(tmp_path / "again.npz", PREPARATION, LABELS, cases)
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


def test_files_that_are_cut_off_or_something_else_are_named(path, tmp_path):
    whole = path.read_bytes()
    spoilt = tmp_path / "spoilt.npz"
    foreign = "is not a file of `scribblebench prepare`, or not a whole one"
    others = [b"text", b"\x93NUMPY", pickle.dumps({"header": 1})]
    for content in [whole[: len(whole) * n // 8] for n in range(8)] + others:
        spoilt.write_bytes(content)
        refused(spoilt, foreign)
    np.save(tmp_path / "array.npy", np.zeros(3))
    refused(tmp_path / "array.npy", foreign)
    for header in (np.array("{}"), np.array("[1]"), np.array("text"), np.array([{}], dtype=object)):
        np.savez(spoilt, header=header)
        refused(spoilt, foreign)
    np.savez(spoilt, image=np.zeros(3))
    refused(spoilt, foreign)
    refused(tmp_path / "none.npz", "no such file")
    refused(tmp_path, "is a folder, not a file of `scribblebench prepare`")


def refused(path, message):
    """Whether this is all that is said."""
    with pytest.raises(InputError) as error:
        Prepared(path)
    assert str(error.value) == f"{path}: {message}"


def rewritten(path, change):
    with np.load(path) as arrays:
        content = dict(arrays)
    change(content)
    np.savez(path, **content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "cannot be read as prepared cases"),
        ({"format": "x"}, "is not a file of `scribblebench prepare`"),
        ({"class_names": ["one"]}, "cannot be read as prepared cases"),
    ],
)
def test_another_layout_is_refused(path, change, message):
    def spoil(content):
        content["header"] = np.array(json.dumps(json.loads(str(content["header"])) | change))

    rewritten(path, spoil)
    with pytest.raises(InputError, match=rf"made\.npz: {message}"):
        Prepared(path)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("0/levels", np.zeros((3, 2, 31, 32), dtype=np.uint8)),
        ("0/values", np.zeros((2, 3), dtype=np.float32)),
        ("0/scribble", np.zeros((3, 41, 26), dtype=np.uint8)),
        ("0/affine", None),
        ("0/affine", np.array([{}], dtype=object)),
    ],
)
def test_a_case_that_does_not_fit_together_is_refused_by_file(path, name, array):
    def spoil(content):
        if array is None:
            del content[name]
        else:
            content[name] = array

    rewritten(path, spoil)
    with pytest.raises(InputError, match=r"made\.npz: cannot be read as prepared cases") as error:
        Prepared(path).slices("made0")
    assert "allow_pickle" not in str(error.value)
