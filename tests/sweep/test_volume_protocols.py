"""Protocols that train in 3D, and where their scribbles are drawn."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from pydantic import ValidationError
from test_annotation import LABELS, trial

from scribblebench.data.prepared import Prepared, write_prepared
from scribblebench.data.preprocessing import prepare
from scribblebench.sweep.annotation import Effort, annotate
from scribblebench.sweep.inputs import load_data
from scribblebench.sweep.plan import TrialConfig, expand
from scribblebench.sweep.plan_file import Plan, plan_text, read_plan, write_plan
from scribblebench.sweep.protocol import Protocol, ProtocolError, shipped_protocols
from scribblebench.sweep.samples import Samples, joined
from scribblebench.sweep.sources import EMBEDDED, DataRequest, open_prepared, open_source
from scribblebench.sweep.training_stage import training_data
from scribblebench.sweep.trial import run_trial
from scribblebench.training.settings import TrainingSettings
from scribblebench.types import Case

VOLUME = {"planes": 8, "patch_planes": 4}
BLOCKS = {"view": {"mixup": {"blocks": [4]}}}


@pytest.fixture
def deep(tiny):
    """The tiny protocol in 3D: phantoms of 6 planes in a field of view of 8."""
    tiny["dataset"]["options"] |= {"slices": 6}
    tiny["training"] |= {"volume": VOLUME}
    tiny["densities"] = [0.1]
    return tiny


def trials(content, **changes):
    return list(expand(Protocol.model_validate(content | changes)))


@pytest.fixture
def view():
    """A case of 10 planes in a view of 14: classes in planes 2 to 7, so in 4 to 9 of the view."""
    labels = np.zeros((10, 24, 24), dtype=np.uint8)
    labels[2:8, 4:14, 4:14] = 1
    labels[2:8, 15:21, 4:14] = 2
    image = np.random.default_rng(0).normal(size=(1, 10, 24, 24)).astype(np.float32)
    return prepare(Case("p1", "p1", image, labels, None, np.eye(4)), field_of_view=32, planes=14)


@pytest.fixture
def hippocampus(deep):
    """The shipped protocol on small phantoms, with seed 0 and two steps."""
    path = shipped_protocols() / "hippocampus.yaml"
    shipped = yaml.safe_load(path.read_text(encoding="utf-8"))
    changes = {"dataset": deep["dataset"], "seeds": [0], "training": deep["training"]}
    return Protocol.model_validate(shipped | changes)


def test_all_arms_of_the_shipped_comparison_run_in_3d(hippocampus):
    """Through the volume as much is drawn as on the slices; scores are on the case's own grid."""
    configs = list(expand(hippocampus))
    request = DataRequest.of(hippocampus)
    data, _ = load_data(request, open_source(request, EMBEDDED), configs)
    assert data.training[0].image.shape == (8, 1, 48, 48)
    fractions = {}
    for config in configs:
        made = run_trial(config, data, trial_id="x", protocol="p", device=torch.device("cpu"))
        fractions[config.form, config.slice_share, config.draw, config.density] = (
            made.effort.fraction
        )
        assert len(made.rows) == 2 * 3
        assert made.rows[0]["variant"] == config.variant
        shown = joined(made.samples.own(), made.samples.shared()[1])
        for slices, case in zip(data.scored, shown, strict=True):
            assert len(case.plane) == slices.case.image.shape[1]
    assert fractions["dense", None, None, None] == 1.0
    for share in (None, 0.5):
        drawn = fractions["random_walk", share, None, 0.1]
        assert drawn == pytest.approx(0.1 * (share or 1.0), rel=0.2)
    for density in (0.1, 0.05, 0.025, 0.01):
        drawn = fractions["random_walk", None, "volume", density]
        assert drawn == pytest.approx(density, rel=0.1)


def test_volumes_are_cases_and_slices_are_planes(view):
    other = replace(view, image=view.image + 1)
    targets = [view.label_map, view.label_map]
    flat = training_data([view, other], targets, trial("points", 0.1), LABELS)
    settings = TrainingSettings(
        field_of_view=32, patch=32, volume={"planes": 14, "patch_planes": 8}
    )
    config = trial("points", 0.1, training=settings)
    deep = training_data([view, other], targets, config, LABELS)
    assert flat.images.shape == (28, 1, 32, 32)
    assert deep.images.shape == (2, 1, 14, 32, 32)
    np.testing.assert_array_equal(deep.images[1, 0], other.image[:, 0])
    np.testing.assert_array_equal(deep.targets.reshape(flat.targets.shape), flat.targets)
    np.testing.assert_array_equal(deep.inside.reshape(flat.inside.shape), flat.inside)
    np.testing.assert_array_equal(deep.dense[0], view.label_map)


def test_a_share_of_the_slices_is_annotated_and_none_of_the_padding(view):
    """Of 6 slices with classes a half, 3, and of the 4 others 2; view planes 2 to 11 are real."""
    half = annotate(view, trial("random_walk", 0.2, slice_share=0.5), LABELS)
    marked = np.flatnonzero((half != 255).any(axis=(1, 2)))
    assert len(marked) == 5
    assert len(set(marked) & set(range(4, 10))) == 3
    assert set(marked) <= set(range(2, 12))
    whole = annotate(view, trial("random_walk", 0.2), LABELS)
    np.testing.assert_array_equal(half[marked], whole[marked])
    assert (whole[[0, 1, 12, 13]] == 255).all()


def test_strokes_run_through_the_volume_and_mark_a_share_of_it(view):
    """5 % of 600 and of 360 voxels; 48 of background in all."""
    targets = annotate(view, trial("random_walk", 0.05, draw="volume"), LABELS)
    assert [(targets == c).sum() for c in (1, 2, 0)] == [30, 18, 48]
    assert (targets[~view.inside] == 255).all()
    in_slices = annotate(view, trial("random_walk", 0.05), LABELS)
    spread = [(t == 1).any(axis=(1, 2)).sum() for t in (targets, in_slices)]
    assert spread[0] > 1
    assert spread[1] == 6


def test_padding_planes_cost_no_time(view):
    """Ten planes are looked at, of which four are empty: 2 s each and nothing to trace."""
    effort, flat = Effort(), Effort()
    effort.add(view.label_map, view, LABELS, dense=True)
    own = prepare(view.case, field_of_view=32)
    flat.add(own.label_map, own, LABELS, dense=True)
    assert effort.seconds == pytest.approx(flat.seconds)
    assert effort.fraction == flat.fraction == 1.0


def test_samples_name_the_planes_of_the_case(view):
    cut = prepare(view.case, field_of_view=32, planes=6)
    for slices, planes in ((view, range(10)), (cut, range(2, 8))):
        samples = Samples(slices.label_map.size)
        samples.add(slices, slices.label_map, slices.label_map)
        (case,) = joined(samples.own(), samples.shared()[1])
        assert case.plane.tolist() == list(planes)
        has_classes = view.case.label_map[list(planes)].any(axis=(1, 2))
        np.testing.assert_array_equal(case.label.any(axis=(1, 2)), has_classes)


def test_prepared_volumes_come_back_and_must_be_those_of_the_protocol(deep, tmp_path):
    protocol = Protocol.model_validate(deep)
    request = DataRequest.of(protocol)
    configs = list(expand(protocol))
    data, _ = load_data(request, open_source(request, EMBEDDED), configs)
    path = tmp_path / "cases.npz"
    cases = [("train", s) for s in data.training] + [("val", s) for s in data.scored]
    header = write_prepared(path, request.preparation, data.labels, cases)
    again = Prepared(path).slices(data.scored[0].case.case_id)
    assert again.volume_shape == data.scored[0].volume_shape
    np.testing.assert_array_equal(again.label_map, data.scored[0].label_map)
    atol = 1.01 * header.largest_error
    np.testing.assert_allclose(again.image, data.scored[0].image, atol=atol)
    open_prepared(request, path)
    deep["training"]["volume"] = {"planes": 9, "patch_planes": 4}
    wanted = DataRequest.of(Protocol.model_validate(deep))
    with pytest.raises(ProtocolError, match=r"training.volume.planes: must be 8, .* got 9"):
        open_prepared(wanted, path)


def test_what_is_not_used_is_not_written_and_the_rest_comes_back(deep, tmp_path):
    plain = trials(deep, slice_share=1, draw="slices", training=dict(deep["training"], volume=None))
    for config in plain:
        content = config.model_dump(mode="json")
        assert not {"slice_share", "draw"} & set(content)
        assert "volume" not in content["training"]
    text = plan_text(Plan("tiny", "data", {c.trial_id("data"): c for c in plain}))
    assert not any(word in text for word in ("slice_share", "draw", "volume"))
    deep["grid"] = {"slice_share": [1, 0.5]}
    mixed = trials(deep)
    plan = Plan("tiny", "data", {c.trial_id("data"): c for c in mixed})
    assert len(plan.trials) == 3
    write_plan(tmp_path / "plan.json", plan)
    assert dict(read_plan(tmp_path / "plan.json").trials) == plan.trials
    for config in mixed:
        assert TrialConfig.model_validate_json(json.dumps(config.model_dump(mode="json"))) == config


def test_trials_are_told_apart_and_left_out_by_where_they_are_drawn(deep):
    grid = {"grid": {"slice_share": [1, 0.5]}}
    ids = {c.trial_id("data") for c in trials(deep, **grid)}
    assert len(ids) == 3
    assert trials(deep)[0].trial_id("data") in ids
    left = trials(deep, **grid, exclude=[{"slice_share": 1}])
    assert [(c.form, c.slice_share) for c in left] == [("random_walk", 0.5), ("dense", None)]
    left = trials(deep, grid={"draw": ["slices", "volume"]}, exclude=[{"draw": "slices"}])
    assert [(c.form, c.draw) for c in left] == [("random_walk", "volume"), ("dense", None)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slice_share": 0.5, "draw": "volume"}, "slice_share: must be 1 where draw is volume"),
        (
            {"slice_share": 0.5, "grid": {"draw": ["slices", "volume"]}},
            "grid: variant 'draw=volume': slice_share: must be 1 where draw is volume, got 0.5",
        ),
        (
            {"forms": ["curve"], "methods": ["pce"], "draw": "volume"},
            r"forms\[0\]: must draw in 3D where draw is volume \(.*points.*\), got 'curve'",
        ),
        ({"slice_share": 0}, "slice_share"),
        ({"draw": "volumes"}, "draw"),
        ({"grid": {"training.volume.planes": [8]}}, "all trials share their prepared cases"),
        (
            {"methods": ["full", {"name": "m", "method": "pce_mixup", "options": BLOCKS}]},
            r"methods\[1\]: options.view.mixup.blocks: must hold 2 where training.volume",
        ),
        (
            {"methods": ["full", "pce_occlusion"]},
            r"methods\[1\]: options.view.occlusion.side: must hide at most 50 % of a patch of "
            r"4 x 32 x 32 .*got 32, which hides 100 %",
        ),
        (
            {"trials": [{"form": "random_walk", "density": 0.1, "method": "pce_occlusion"}]},
            r"trials\[0\]: method 'pce_occlusion': options.view.occlusion.side: must hide at most",
        ),
        (
            {"forms": ["acdc_expert"], "methods": ["pce"], "slice_share": 0.5},
            "slice_share: changes nothing, because no form is drawn",
        ),
        (
            {"forms": ["acdc_expert"], "methods": ["pce"], "draw": "volume"},
            "draw: changes nothing, because no form is drawn",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(deep, changes, message):
    with pytest.raises(ValidationError, match=message):
        Protocol.model_validate(deep | changes)


def test_a_patch_has_no_more_planes_than_the_field_of_view():
    with pytest.raises(ValidationError, match="patch_planes must be at most planes 8, got 9"):
        TrainingSettings(volume={"planes": 8, "patch_planes": 9})
