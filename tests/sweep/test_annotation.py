from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from scribblebench.data.preprocessing import prepare
from scribblebench.scribbles import PRESETS, simulate_volume
from scribblebench.scribbles.cost import dense_seconds, scribble_seconds
from scribblebench.sweep import samples as module
from scribblebench.sweep.annotation import Effort, annotate
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.samples import Samples, joined, largest_planes
from scribblebench.training.objective_settings import ObjectiveSettings
from scribblebench.training.settings import TrainingSettings
from scribblebench.types import Case, LabelSpec

LABELS = LabelSpec(("background", "RV", "LV"))


def trial(form, density=None, **changes):
    return TrialConfig(
        **{
            "dataset": "acdc",
            "dataset_options": {},
            "train_part": "train",
            "score_part": "val",
            "form": form,
            "density": density,
            "randomness": None if density is None else 0.5,
            "background": "near",
            "background_density": None,
            "method": "pce",
            "objective": ObjectiveSettings(),
            "seed": 0,
            "training": TrainingSettings(),
        }
        | changes
    )


@pytest.fixture
def slices():
    """Planes of 24 x 24 padded to 32; the second has the larger foreground."""
    labels = np.zeros((3, 24, 24), dtype=np.uint8)
    labels[0, 4:8, 4:14] = 1
    labels[1, 4:14, 4:14] = 1
    labels[1, 15:20, 4:14] = 2
    scribble = np.full_like(labels, 255)
    scribble[1, 9, 4:14] = 1
    image = np.random.default_rng(0).normal(size=(1, 3, 24, 24)).astype(np.float32)
    case = Case("p1", "p1", image, labels, None, np.eye(4), scribble)
    return prepare(case, field_of_view=32)


def test_dense_is_every_label_inside_and_nothing_in_the_padding(slices):
    targets = annotate(slices, trial("dense"), LABELS)
    assert (targets[~slices.inside] == 255).all()
    np.testing.assert_array_equal(targets[slices.inside], slices.label_map[slices.inside])


def test_a_preset_draws_as_in_the_library(slices):
    dense = np.where(slices.inside, slices.label_map, np.uint8(255))
    targets = annotate(slices, trial("acdc_expert"), LABELS)
    preset = PRESETS["acdc_expert"]
    expected = simulate_volume(dense, preset, classes=[1, 2], seed=0, case_id="p1").scribble
    np.testing.assert_array_equal(targets, expected)
    assert set(np.unique(targets)) == {0, 1, 2, 255}


def test_expert_is_the_data_sets_scribble_and_nothing_more(slices):
    targets = annotate(slices, trial("expert"), LABELS)
    np.testing.assert_array_equal(targets, slices.scribble)
    assert (targets != 255).sum() == 10


def test_drawn_scribbles_stay_out_of_the_padding_and_meet_the_budget(slices):
    targets = annotate(slices, trial("random_walk", 0.1), LABELS)
    assert (targets[~slices.inside] == 255).all()
    counts = [[(plane == c).sum() for c in (0, 1, 2)] for plane in targets]
    assert counts == [[4, 4, 0], [15, 10, 5], [10, 0, 0]]


def test_background_density_of_the_trial_is_used(slices):
    config = trial("skeleton", 0.1, background="whole", background_density=0.5)
    targets = annotate(slices, config, LABELS)
    backgrounds = ((slices.label_map == 0) & slices.inside).sum(axis=(1, 2))
    np.testing.assert_array_equal((targets == 0).sum(axis=(1, 2)), backgrounds // 2)


def test_background_is_near_the_foreground_unless_the_trial_says_otherwise(slices):
    """No spacing, so the ring is 6 to 14 px from the foreground; plane 2 has that of plane 1."""
    near = annotate(slices, trial("points", 0.3), LABELS)
    far = annotate(slices, trial("points", 0.3, background="far"), LABELS)
    for plane, nearest in ((0, 0), (1, 1), (2, 1)):
        distance = ndimage.distance_transform_edt(slices.label_map[nearest] == 0)
        annotated = distance[near[plane] == 0]
        assert (annotated >= 6).all()
        assert (annotated <= 14).all()
    distance = ndimage.distance_transform_edt(slices.label_map[0] == 0)
    assert (distance[far[0] == 0] > 14).all()


def test_effort_is_over_the_foreground_and_by_the_cost_model(slices):
    """10 of 190 foreground pixels: a slice to turn to, a stroke of 9 steps in a class 10 wide."""
    effort = Effort()
    targets = annotate(slices, trial("expert"), LABELS)
    effort.add(targets, slices, LABELS, dense=False)
    assert effort.fraction == pytest.approx(10 / 190)
    expected = scribble_seconds(slices.scribble[1], slices.label_map[1])
    assert effort.seconds == pytest.approx(expected)
    assert expected == pytest.approx(2.0 + 2.4 + 0.2 * 9 / 5, abs=0.5)


def test_dense_labels_are_traced_and_take_longer(slices):
    effort = Effort()
    effort.add(slices.label_map, slices, LABELS, dense=True)
    assert effort.fraction == 1.0
    assert effort.seconds == pytest.approx(sum(map(dense_seconds, slices.label_map)))


def test_effort_is_unknown_as_soon_as_one_case_has_no_dense_labels(slices):
    effort = Effort()
    for known in (slices, replace(slices, label_map=None), slices):
        effort.add(annotate(known, trial("expert"), LABELS), known, LABELS, dense=False)
    assert np.isnan([effort.fraction, effort.seconds]).all()


def test_coverage_is_the_mean_distance_to_a_mark_of_ones_class(slices):
    """A mark in row 9 of rows 4 to 13: distances 5 4 3 2 1 0 1 2 3 4. All else has no mark."""
    effort = Effort()
    effort.add(slices.scribble, slices, LABELS, dense=False)
    assert effort.coverage_px == pytest.approx(2.5)
    assert effort.unreached_fraction == pytest.approx(90 / 190)
    dense = Effort()
    dense.add(slices.label_map, slices, LABELS, dense=True)
    assert (dense.coverage_px, dense.unreached_fraction) == (0.0, 0.0)


def test_more_marks_cover_better(slices):
    found = []
    for density in (0.05, 0.2):
        effort = Effort()
        effort.add(annotate(slices, trial("points", density), LABELS), slices, LABELS, dense=False)
        found.append(effort.coverage_px)
    assert found[1] < found[0]


def test_samples_are_every_plane_of_each_case_and_come_back(slices):
    samples = Samples(2 * slices.label_map.size)
    pred = np.where(slices.label_map == 1, 2, 0).astype(np.uint8)
    other = replace(slices, case=replace(slices.case, case_id="p2"))
    samples.add(slices, slices.scribble, pred)
    samples.add(other, slices.scribble, np.zeros_like(pred))
    first, second = joined(samples.own(), samples.shared()[1])
    assert (first.case_id, second.case_id) == ("p1", "p2")
    np.testing.assert_array_equal(first.label, slices.label_map)
    np.testing.assert_array_equal(first.scribble, slices.scribble)
    np.testing.assert_array_equal(first.pred, pred)
    assert not second.pred.any()
    assert first.image.dtype == np.uint8
    assert first.image.max() == 255
    assert first.plane.tolist() == [0, 1, 2]
    assert first.largest == 1


def test_what_trials_share_is_named_by_its_content(slices):
    def name(pred, image=slices.image):
        samples = Samples(pred.size)
        samples.add(replace(slices, image=image), slices.scribble, pred)
        return samples.shared()[0]

    assert name(slices.label_map) == name(np.zeros_like(slices.label_map))
    assert name(slices.label_map) != name(slices.label_map, image=-slices.image)


def test_of_very_many_planes_some_are_kept_with_the_largest(slices, monkeypatch):
    monkeypatch.setattr(module, "LARGEST_PX", slices.label_map.size // 2)
    samples = Samples(slices.label_map.size)
    samples.add(slices, slices.scribble, slices.label_map)
    (case,) = joined(samples.own(), samples.shared()[1])
    assert case.plane.tolist() == [1]
    np.testing.assert_array_equal(case.label[0], slices.label_map[1])
    planes = largest_planes([case])
    np.testing.assert_array_equal(planes["label"][0], slices.label_map[1])
    assert planes["case_id"].tolist() == ["p1"]
