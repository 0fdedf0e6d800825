"""Presets against the people whom they imitate."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scribblebench.data import DATASETS
from scribblebench.io.formats import read_label_map
from scribblebench.scribbles import ERRORS, FORMS, PRESETS, Pen, simulate_volume
from scribblebench.scribbles.realism import compare
from scribblebench.scribbles.statistics import volume_statistics

HEARTS = ("acdc_expert", "mscmr_expert")


def test_no_preset_is_called_like_a_form():
    assert not set(PRESETS) & (set(FORMS) | {"expert", "dense"})


@pytest.fixture(scope="module")
def heart():
    dataset = DATASETS["phantom"](None, size=96)
    return dataset.load(dataset.case_ids()[0])


@pytest.mark.parametrize("name", HEARTS)
def test_every_class_of_every_slice_is_annotated_and_nothing_else(name, heart):
    scribble = simulate_volume(
        heart.label_map,
        PRESETS[name],
        classes=[1, 2, 3],
        seed=0,
        case_id="heart",
        spacing_mm=heart.spacing_mm,
    ).scribble
    annotated = scribble != 255
    np.testing.assert_array_equal(scribble[annotated], heart.label_map[annotated])
    for plane, labels in zip(scribble, heart.label_map, strict=True):
        assert set(np.unique(labels)) <= set(np.unique(plane))


def test_the_error_of_medscribble_hardly_spills_in_wide_structures_and_much_in_thin_ones():
    """A pen of 3 pixels in a square of 60, and in a grid of lines 2 pixels wide."""
    wide = np.zeros((1, 80, 80), dtype=np.uint8)
    wide[0, 10:70, 10:70] = 1
    thin = np.zeros_like(wide)
    thin[0, 10:70:12, 10:70] = thin[0, 11:71:12, 10:70] = 1
    spills = {}
    for name, labels in (("wide", wide), ("thin", thin)):
        found = []
        for seed in range(10):
            simulation = simulate_volume(
                labels, PRESETS["medscribble"], classes=[1], seed=seed, case_id="x"
            )
            marks = simulation.scribble == 1
            found.append((marks & (labels != 1)).sum() / marks.sum())
        spills[name] = np.mean(found)
    assert spills["wide"] < 0.05
    assert 0.25 < spills["thin"] < 0.6


def test_errors_are_off_unless_a_preset_says_otherwise():
    assert PRESETS["medscribble"].error is ERRORS["medscribble"]
    assert all(PRESETS[name].error is None for name in HEARTS)
    assert Pen("spiral").face_steps is False


@pytest.mark.slow
def test_acdc_expert_draws_like_the_experts_of_acdc():
    """Means within 10 % and standard deviations within 15 % of theirs.

    Over all patients and two seeds; the standard deviation of a stroke's length in the background,
    which a few experts' strokes of more than 1000 pixels decide, within 25 %.
    """
    root = Path(os.environ.get("SCRIBBLEBENCH_DATA", "")) / "acdc"
    if not root.is_dir():
        pytest.skip("SCRIBBLEBENCH_DATA names no folder with acdc")
    experts, simulated = [], []
    for path in sorted(root.glob("patient*/*_scribble.nii.gz")):
        raw, _ = read_label_map(path)
        dense, _ = read_label_map(path.with_name(path.name.replace("_scribble", "_gt")))
        experts.append(volume_statistics(np.where(raw == 4, np.uint8(255), raw), dense))
        for seed in (0, 1):
            drawn = simulate_volume(
                dense,
                PRESETS["acdc_expert"],
                classes=[1, 2, 3],
                seed=seed,
                case_id=path.parent.name + path.name,
            )
            simulated.append(volume_statistics(drawn.scribble, dense))
    sides = [
        [pd.concat(parts) for parts in zip(*side, strict=True)] for side in (experts, simulated)
    ]
    per_slice = compare(sides[0][0], sides[1][0], ["share", "n_strokes", "depth", "ring_distance"])
    per_stroke = compare(sides[0][1], sides[1][1], ["stroke_length"])
    found = pd.concat([per_slice, per_stroke]).dropna(subset="mean_reference")
    assert len(found) == 4 + 4 + 3 + 1 + 4
    for row in found.to_dict("records"):
        what = (row["class_id"], row["statistic"])
        assert row["mean_ratio"] == pytest.approx(1.0, abs=0.10), what
        margin = 0.25 if what == (0, "stroke_length") else 0.15
        assert row["sd_ratio"] == pytest.approx(1.0, abs=margin), what
