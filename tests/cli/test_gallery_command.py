"""`scribblebench gallery`, as people type it."""

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from scribblebench.report import gallery as report
from scribblebench.scribbles import FORMS

QUICK = ("--forms", "points", "--densities", "0.1", "--randomness", "0")


@pytest.fixture
def labels(tmp_path):
    """Label map (x, y, z) = (40, 36, 3): class 1 in all slices but the last, most in slice 1."""
    array = np.zeros((40, 36, 3), dtype=np.uint8)
    array[5:15, 5:15, 0] = 1
    array[5:25, 5:15, 1] = 1
    path = tmp_path / "labels.nii.gz"
    nib.save(nib.Nifti1Image(array, np.diag([1.4, 1.4, 9.0, 1.0])), path)
    return path


def test_without_arguments_it_draws_every_form_there_is(scribblebench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(FORMS, "_items", {**FORMS._items, "brand_new": FORMS["points"]})
    ended = scribblebench("gallery")
    assert ended.code == 0, ended.err
    assert ended.out == f"{len(FORMS.names())} forms on slice 1 of phantom008: gallery.png\n"
    assert [p.name for p in tmp_path.iterdir()] == ["gallery.png"]
    with Image.open("gallery.png") as picture:
        width, height = picture.size
    assert 1400 < width < 2600
    assert height > 150 * len(FORMS.names())


def test_slice_axis_and_what_is_asked_for(scribblebench, labels, tmp_path):
    drawn = {}
    for name, more, said in (
        ("fullest", (), "slice 1 of labels"),
        ("first", ("--slice", "0"), "slice 0 of labels"),
        ("across x", ("--axis", "0"), "slice 5 of labels"),
        ("twice", ("--forms", "points,chord"), "2 forms on slice 1"),
        ("wide", ("--width", "5"), "slice 1 of labels"),
        ("seed", ("--seed", "1", "--randomness", "1"), "slice 1 of labels"),
        ("coarse", ("--dpi", "60"), "slice 1 of labels"),
    ):
        path = tmp_path / f"{name}.png"
        ended = scribblebench("gallery", "--labels", labels, "--output", path, *QUICK, *more)
        assert ended.code == 0, ended.err
        assert said in ended.out
        drawn[name] = path.read_bytes()
    assert len(set(drawn.values())) == len(drawn)


def test_shows_what_simulate_draws(scribblebench, labels, tmp_path, monkeypatch):
    shown = []
    figure = report.gallery_figure

    def recorded(subject, series, scribbles):
        shown.extend(scribbles)
        return figure(subject, series, scribbles)

    monkeypatch.setattr(report, "gallery_figure", recorded)
    options = ("--labels", labels, "--axis", 0, "--width", 3, "--seed", 4, "--randomness", "1")
    what = ("--forms", "chord", "--densities", "0.2", "--output", tmp_path / "a.png")
    assert scribblebench("gallery", *options, *what).code == 0
    what = ("--form", "chord", "--density", "0.2", "--output", tmp_path / "out")
    assert scribblebench("simulate", *options, *what).code == 0
    written = np.asarray(nib.load(tmp_path / "out" / "labels.nii.gz").dataobj)[5].T
    np.testing.assert_array_equal(shown[0][0, 0], written)


@pytest.mark.parametrize("name", ["a.pdf", "a.svg", "A.PNG", "new/folder/a.v2.png"])
def test_formats(scribblebench, labels, tmp_path, name):
    path = tmp_path / name
    ended = scribblebench("gallery", "--labels", labels, "--output", path, *QUICK)
    assert ended.code == 0, ended.err
    start = {".pdf": b"%PDF", ".svg": b"<?xml", ".png": b"\x89PNG"}[path.suffix.lower()]
    assert path.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--forms", "points,randomwalk"), "--forms: unknown form 'randomwalk'. Did you mean"),
        (("--forms", ""), "--forms: unknown form ''"),
        (("--densities", "0.1,x"), "--densities: must be numbers such as 0.1,0.3, got '0.1,x'"),
        (("--densities", "0.1,3"), "--densities: density must be in (0, 1], got 3.0"),
        (("--randomness", "0,2"), "--randomness must be in [0, 1], got 2.0"),
        (("--randomness", "nan"), "--randomness must be in [0, 1], got nan"),
        (("--width", "0"), "--width must be > 0, got 0"),
        (("--dpi", "0"), "--dpi: must be in [30, 1200], got 0"),
        (("--slice", "3"), "--slice: must be from 0 to 2 across this axis, got 3"),
        (("--slice", "-1"), "--slice: must be from 0 to 2 across this axis, got -1"),
        (("--slice", "2"), "--slice: slice 2 of labels holds no foreground; slice 1 has most"),
        (("--classes", "2,x"), "--classes: must be integers from 1 to 254"),
        (("--classes", "2"), "labels.nii.gz: label values must be among 0, 2, 255, got 1"),
        (("--labels", "no.nii"), "--labels: no.nii: no such file"),
        (("--labels", "."), "--labels: must be one file, got the folder ."),
        (("--labels", "empty.nii"), "--labels: empty.nii: holds no foreground"),
        (("--labels", "image.nii"), "--labels: image.nii: holds 250 values besides 0"),
        (("--labels", "ct.nii"), "--labels: ct.nii: labels must be integers in [0, 255], got -"),
        (("--output", "a.jpg"), "--output: must be a file that ends in .png, .pdf, .svg, got 'a"),
        (("--output", "a"), "--output: must be a file that ends in .png, .pdf, .svg, got 'a'"),
        (("--output", "labels.nii.gz/a.png"), "--output: labels.nii.gz/a.png: cannot be written"),
    ],
)
def test_says_in_one_line_what_is_wrong(
    scribblebench, labels, tmp_path, monkeypatch, more, message
):
    monkeypatch.chdir(tmp_path)
    ramp = np.arange(250, dtype=np.int16).reshape(10, 25, 1)
    for name, array in (("empty", 0 * ramp), ("image", ramp + 1), ("ct", ramp - 100)):
        nib.save(nib.Nifti1Image(array, np.eye(4)), f"{name}.nii")
    before = sorted(tmp_path.iterdir())
    ended = scribblebench("gallery", "--labels", labels, *QUICK, *more)
    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before
