"""Training in 3D: every method does a step, and partial cross-entropy learns."""

import numpy as np
import pytest
import torch

from scribblebench.methods import METHODS
from scribblebench.metrics import dice
from scribblebench.training.data import Batches, TrainingData
from scribblebench.training.loop import Run, initial_network, train
from scribblebench.training.objective_settings import ObjectiveSettings
from scribblebench.training.prediction import predict_slices
from scribblebench.training.scribble_geometry import (
    GeometryCheck,
    ScribbleGeometry,
    scribble_geometry,
)
from scribblebench.training.settings import AugmentationSettings, TrainingSettings

CPU = torch.device("cpu")
STILL = AugmentationSettings(flip=0, rotation_deg=0, scale=0, contrast=0, brightness=0, noise=0)
SETTINGS = TrainingSettings(
    field_of_view=32,
    patch=32,
    volume={"planes": 12, "patch_planes": 8},
    width=4,
    steps=30,
    batch_size=2,
    precision="fp32",
    audit_every=1,
)


def balls(n=6, planes=12):
    """Return volumes with a ball of class 1 that holds one of class 2, and lines as scribbles."""
    rng = np.random.default_rng(0)
    plane, row, col = np.mgrid[:planes, :32, :32]
    dense = []
    for _ in range(n):
        z, y, x = planes / 2 + rng.uniform(-1, 1), *rng.uniform(12, 20, 2)
        distance = np.sqrt((2 * (plane - z)) ** 2 + (row - y) ** 2 + (col - x) ** 2)
        dense.append(np.digitize(-distance, [-11, -7]))
    labels = np.stack(dense).astype(np.uint8)
    marked = (row % 5 == 2) & ((col % 8 == 0) | (labels > 0))
    targets = np.where(marked, labels, np.uint8(255))
    images = labels[:, None] + rng.normal(0, 0.3, (n, 1, planes, 32, 32))
    return images.astype(np.float32), labels, targets


@pytest.fixture(scope="module")
def data():
    images, labels, targets = balls()
    walls = targets.copy()
    walls[:, :, [2, 29], 2:30] = walls[:, :, 2:30, [2, 29]] = 0
    return TrainingData(
        images, targets, 3, geometry=scribble_geometry(list(walls), 3), dense=labels
    )


TERMS = {
    "pce": set(),
    "full": {"dice"},
    "pce_mixup": {"view"},
    "pce_occlusion": {"view"},
    "pce_mixup_consistency": {"view", "consistency"},
    "pce_spatial": {"spatial"},
    "pce_shape": {"shape"},
    "zscribbleseg": {"view", "consistency", "spatial", "shape"},
    "zscribbleseg_release": {"view", "consistency", "spatial", "shape"},
    "zscribbleseg_plus": {"dice", "geometry"},
    "mean_teacher": {"teacher"},
    "dmpls": {"mixed_pseudo_labels"},
    "gated_crf": {"gated_crf"},
    "entropy": {"entropy"},
    "geometry": {"geometry"},
}


def small(name):
    """Return a method's objective with windows and holes that suit small volumes.

    A window has 124 neighbours, not 1330 or 4912, and a hole does not cover the whole patch.
    """
    content = METHODS[name].objective.model_dump()
    for key in ("spatial", "gated_crf"):
        if content[key]:
            content[key]["radius"] = 2
    if content["view"] and content["view"]["occlusion"]:
        content["view"]["occlusion"]["side"] = 6
    return ObjectiveSettings.model_validate(content)


def test_all_methods_are_tried_here():
    assert set(TERMS) == set(METHODS.names())


@pytest.mark.parametrize("method", TERMS)
def test_every_term_of_a_method_has_a_gradient_in_3d(data, method):
    run = Run(data, small(method), SETTINGS, seed=0, device=CPU)
    run.step = 27  # every term is on
    before = [p.detach().clone() for p in run.network.parameters()]
    run.advance()
    run.write_history()
    (row,) = run.history.losses
    assert set(row) >= {"cross_entropy", *TERMS[method]}
    values = {term: row[term] for term in TERMS[method]}
    assert all(np.isfinite(value) and value != 0.0 for value in values.values()), values
    moved = [
        bool((p != old).any()) for p, old in zip(run.network.parameters(), before, strict=True)
    ]
    assert sum(moved) > 0.9 * len(moved)


def test_partial_cross_entropy_learns_a_toy_problem_in_3d(data):
    """A fifth of the classes has labels; with as many steps Dice is 0.87 on average, 0.81 at worst.

    Twelve values: two classes of six volumes, whose dense labels are only looked at here.
    """
    settings = SETTINGS.model_copy(
        update={"steps": 80, "learning_rate": 2e-2, "audit_every": 0, "test_time_flips": False}
    )
    trained = train(data, METHODS["pce"].objective, settings, seed=0, device=CPU)
    overlaps = []
    for image, labels in zip(data.images, data.dense, strict=True):
        planes = np.ascontiguousarray(image.swapaxes(0, 1))
        pred = predict_slices(trained.network, planes, settings, device=CPU).argmax(axis=1)
        overlaps += [dice(pred == class_id, labels == class_id) for class_id in (1, 2)]
    assert np.mean(overlaps) > 0.8
    assert min(overlaps) > 0.6


@pytest.mark.parametrize(("window", "axis"), [("whole", 0), ("whole", 2), ("sliding", 3)])
def test_flips_at_test_time_are_over_three_axes(data, window, axis):
    settings = SETTINGS.model_copy(update={"window": window})
    network = initial_network(data, settings, seed=0)
    planes = np.ascontiguousarray(data.images[0].swapaxes(0, 1))
    probs = predict_slices(network, planes, settings, device=CPU)
    assert probs.shape == (12, 3, 32, 32)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-5)
    again = predict_slices(network, np.flip(planes, axis).copy(), settings, device=CPU)
    np.testing.assert_allclose(np.flip(again, axis), probs, atol=1e-4)


def test_windows_in_3d_do_not_matter_to_a_network_that_sees_single_voxels(data):
    torch.manual_seed(0)
    network = torch.nn.Conv3d(1, 3, 1)
    settings = SETTINGS.model_copy(update={"field_of_view": 48})
    planes = np.random.default_rng(0).normal(size=(12, 1, 48, 48)).astype(np.float32)
    whole, sliding = (
        predict_slices(network, planes, settings.model_copy(update={"window": w}), device=CPU)
        for w in ("whole", "sliding")
    )
    np.testing.assert_allclose(sliding, whole, atol=1e-5)


def test_what_a_slice_lacks_goes_with_its_plane():
    """Plane 2 lacks class 2 and is background in its left half; the others may be anything."""
    present = np.ones((8, 3), dtype=bool)
    present[2, 2] = False
    background = np.zeros((8, 32, 32), dtype=bool)
    background[2, :, :16] = True
    geometry = ScribbleGeometry(background, present, GeometryCheck(8, 1.0, 0.0, 9.0))
    images = np.zeros((1, 1, 8, 32, 32), dtype=np.float32)
    volume = TrainingData(images, np.zeros((1, 8, 32, 32), np.uint8), 3, geometry=geometry)
    settings = SETTINGS.model_copy(update={"batch_size": 1, "augmentation": STILL})
    allowed = Batches(volume, settings, seed=0, device=CPU).batch(0).allowed
    assert allowed.shape == (1, 3, 8, 32, 32)
    assert allowed[0, :, 2, 0, 0].tolist() == [True, False, False]
    assert allowed[0, :, 2, 0, 31].tolist() == [True, True, False]
    assert allowed[0, :, [0, 1, *range(3, 8)]].all()


def test_a_step_of_a_volume_is_the_same_whatever_was_drawn_before(data):
    one, other = (Batches(data, SETTINGS, seed=0, device=CPU) for _ in range(2))
    for step in (0, 3):
        one.batch(step)
    assert torch.equal(one.batch(5).images, other.batch(5).images)
    assert one.batch(5).images.shape == (2, 1, 8, 32, 32)
