"""`simulate --preset` and `--error` as people type them, typos included."""

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

AFFINE = np.diag([1.4, 1.4, 9.0, 1.0])


@pytest.fixture
def labels(tmp_path):
    """One heart (x, y, z) = (80, 80, 2): a ring of class 2 around a disc of 3, beside them 1."""
    folder = tmp_path / "labels"
    folder.mkdir()
    x, y = np.ogrid[:80, :80]
    r = np.hypot(x - 45, y - 40)
    plane = np.zeros((80, 80), dtype=np.uint8)
    plane[np.hypot(x - 25, y - 40) <= 13] = 1
    plane[r <= 17] = 2
    plane[r <= 11] = 3
    nib.save(nib.Nifti1Image(np.stack([plane, plane], axis=-1), AFFINE), folder / "heart.nii.gz")
    return folder


def preset(scribblebench, labels, output, *more, name="acdc_expert"):
    options = ("--labels", labels, "--output", output, "--preset", name)
    return scribblebench("simulate", *options, *more)


@pytest.mark.parametrize("name", ["acdc_expert", "mscmr_expert"])
def test_experts_draw_in_every_class_and_around_the_heart(scribblebench, labels, tmp_path, name):
    ended = preset(scribblebench, labels, tmp_path / "out", name=name)
    assert ended.code == 0, ended.err
    dense = np.asarray(nib.load(labels / "heart.nii.gz").dataobj)
    drawn = np.asarray(nib.load(tmp_path / "out" / "heart.nii.gz").dataobj)
    annotated = drawn != 255
    np.testing.assert_array_equal(drawn[annotated], dense[annotated])
    for plane in range(2):
        assert set(np.unique(drawn[..., plane])) == {0, 1, 2, 3, 255}
    sidecar = json.loads((tmp_path / "out" / "heart.json").read_text())
    assert set(sidecar["settings"]["habits"]) == {"0", "1", "2", "3"}
    assert (sidecar["preset"], sidecar["like"]) == (name, None)


def test_medscribble_draws_over_the_edge_and_counts_it(scribblebench, labels, tmp_path):
    ended = preset(scribblebench, labels, tmp_path / "out", name="medscribble")
    assert ended.code == 2
    message = "annotator must have a habit for class 2; has 0, 1; draw it like another one with"
    assert f"{labels / 'heart.nii.gz'}: {message} --like 2=1\n" in ended.err
    ended = preset(
        *(scribblebench, labels, tmp_path / "out", "--like", "2=1,3=1"), name="medscribble"
    )
    assert ended.code == 0, ended.err
    assert pd.read_csv(tmp_path / "out" / "summary.csv")["wrong_px"].sum() > 0
    sidecar = json.loads((tmp_path / "out" / "heart.json").read_text())
    assert (sidecar["preset"], sidecar["like"]) == ("medscribble", "2=1,3=1")


def test_errors_go_with_forms_and_with_presets(scribblebench, labels, tmp_path):
    ended = preset(scribblebench, labels, tmp_path / "a", "--error", "missed=1")
    assert ended.code == 0, ended.err
    assert pd.read_csv(tmp_path / "a" / "summary.csv")["missed"].all()
    options = ("--labels", labels, "--output", tmp_path / "b", "--form", "curve")
    ended = scribblebench("simulate", *options, "--budget", "0.2", "--error", "medscribble")
    assert ended.code == 0, ended.err
    assert pd.read_csv(tmp_path / "b" / "summary.csv")["wrong_px"].sum() > 0
    sidecar = json.loads((tmp_path / "b" / "heart.json").read_text())
    assert (sidecar["preset"], sidecar["like"]) == (None, None)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--preset", "acdc_exprt"), "unknown preset 'acdc_exprt'. Did you mean 'acdc_expert'?"),
        ((), "--form and --budget, or --preset, must be given"),
        (("--form", "chord"), "--form and --budget, or --preset, must be given"),
        (
            ("--form", "chord", "--budget", "0.1", "--like", "4=1"),
            "--like: goes with --preset only",
        ),
        (
            ("--preset", "acdc_expert", "--width", "3"),
            "--width: is decided by --preset acdc_expert",
        ),
        (
            ("--preset", "acdc_expert", "--no-empty-slices"),
            "--no-empty-slices: is decided by --preset acdc_expert",
        ),
        (
            ("--preset", "acdc_expert", "--empty-slices"),
            "--empty-slices: is decided by --preset acdc_expert",
        ),
        (("--preset", "acdc_expert", "--3d"), "--3d: is decided by --preset acdc_expert"),
        (("--preset", "acdc_expert", "--density", "0.1"), "--budget: is decided by --preset"),
        (("--preset", "acdc_expert", "--like", "4"), "--like: must be CLASS=CLASS,... with class"),
        (
            ("--preset", "acdc_expert", "--like", "4=7"),
            "--like: preset 'acdc_expert' has classes 1, 2, 3, got 7",
        ),
        (("--preset", "acdc_expert", "--like", "4=1,4=2"), "--like: has class 4 twice, got '4=1,"),
        (("--preset", "acdc_expert", "--like", "0=1"), "with classes from 1 to 254, got '0=1'"),
        (("--preset", "acdc_expert", "--like", "4=0"), "with classes from 1 to 254, got '4=0'"),
        (("--preset", "acdc_expert", "--like", "255=1"), "classes from 1 to 254, got '255=1'"),
        (("--preset", "acdc_expert", "--error", "spill=0.1,spill=0.2"), "--error: has spill twice"),
        (("--preset", "acdc_expert", "--error", "medscrible"), "Did you mean 'medscribble'?"),
        (
            ("--preset", "acdc_expert", "--error", "spil=1"),
            "--error: unknown setting 'spil'. Did you mean 'spill'?",
        ),
        (("--preset", "acdc_expert", "--error", "spill=x"), "spill must be a number, got 'x'"),
        (("--preset", "acdc_expert", "--error", "spill=1"), "--error: spill must be in [0, 1)"),
    ],
)
def test_presets_say_in_one_line_what_is_wrong(scribblebench, labels, tmp_path, more, message):
    ended = scribblebench("simulate", "--labels", labels, "--output", tmp_path / "out", *more)
    assert ended.code == 2
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
