import numpy as np
import pytest
import torch

from scribblebench.training.data import Batches, TrainingData
from scribblebench.training.scribble_geometry import GeometryCheck, ScribbleGeometry
from scribblebench.training.settings import AugmentationSettings, TrainingSettings

CPU = torch.device("cpu")
STILL = AugmentationSettings(flip=0, rotation_deg=0, scale=0, contrast=0, brightness=0, noise=0)
SETTINGS = TrainingSettings(field_of_view=32, patch=32, batch_size=4, augmentation=STILL)


def marked(n=12, **more):
    """Slices whose intensity is their index."""
    images = np.tile(np.arange(n, dtype=np.float32)[:, None, None, None], (1, 1, 32, 32))
    return TrainingData(images, np.zeros((n, 32, 32), dtype=np.uint8), 3, **more)


def seen(batches, step):
    return batches.batch(step).images[:, 0, 16, 16].round().int().tolist()


def test_every_slice_is_seen_once_before_any_is_seen_again():
    batches = Batches(marked(), SETTINGS, seed=0, device=CPU)
    first = [i for step in range(3) for i in seen(batches, step)]
    second = [i for step in range(3, 6) for i in seen(batches, step)]
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second


def test_order_goes_on_across_epochs_that_are_no_multiple_of_the_batch():
    """Ten slices in batches of four: two epochs are five steps."""
    batches = Batches(marked(10), SETTINGS, seed=0, device=CPU)
    drawn = [i for step in range(5) for i in batches.chosen(step)]
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10))


def test_a_step_is_the_same_whatever_was_drawn_before():
    settings = SETTINGS.model_copy(update={"augmentation": AugmentationSettings()})
    batches = Batches(marked(), settings, seed=0, device=CPU)
    later = batches.batch(7).images
    for step in (0, 5, 2):
        batches.batch(step)
    assert torch.equal(batches.batch(7).images, later)
    fresh = Batches(marked(), settings, seed=0, device=CPU)
    assert torch.equal(fresh.batch(7).images, later)
    other = Batches(marked(), settings, seed=1, device=CPU)
    assert not torch.equal(other.batch(7).images, later)


def test_geometry_becomes_the_allowed_classes_of_each_pixel():
    """The slice lacks class 2 and is background in its left half."""
    background = np.zeros((1, 32, 32), dtype=bool)
    background[0, :, :16] = True
    geometry = ScribbleGeometry(
        background, np.array([[True, True, False]]), GeometryCheck(1, 1.0, 0.0, 9.0)
    )
    data = marked(1, geometry=geometry)
    settings = SETTINGS.model_copy(update={"batch_size": 1})
    allowed = Batches(data, settings, seed=0, device=CPU).batch(0).allowed
    assert allowed[0, :, 0, 0].tolist() == [True, False, False]
    assert allowed[0, :, 0, 31].tolist() == [True, True, False]


@pytest.mark.parametrize("given", [True, False])
def test_padding_is_outside_and_not_unannotated(given):
    inside = np.ones((4, 32, 32), dtype=bool)
    inside[:, :, :5] = False
    data = marked(4, inside=inside if given else None)
    data.targets[:] = 255
    batch = Batches(data, SETTINGS, seed=0, device=CPU).batch(0)
    expected = torch.from_numpy(inside) if given else torch.ones(4, 32, 32, dtype=torch.bool)
    assert torch.equal(batch.inside, expected)
    assert torch.equal(batch.unannotated, expected)


def test_corners_of_rotated_slices_are_outside():
    turned = AugmentationSettings(
        flip=0, rotation_deg=180, scale=0, contrast=0, brightness=0, noise=0
    )
    settings = SETTINGS.model_copy(update={"augmentation": turned})
    batch = Batches(marked(), settings, seed=0, device=CPU).batch(0)
    assert not batch.inside.all()
    assert (batch.targets[~batch.inside] == 255).all()
    assert (batch.targets[batch.inside] == 0).all()


def test_each_step_has_an_augmentation_of_its_own():
    """All slices are equal, so what differs is not their order."""
    generator = np.random.default_rng(0)
    images = np.broadcast_to(generator.normal(size=(1, 1, 32, 32)), (4, 1, 32, 32))
    data = TrainingData(images.astype(np.float32), np.zeros((4, 32, 32), dtype=np.uint8), 3)
    settings = SETTINGS.model_copy(
        update={"augmentation": AugmentationSettings(noise=0.0, contrast=0.0, brightness=0.0)}
    )
    batches = Batches(data, settings, seed=0, device=CPU)
    assert not torch.equal(batches.batch(0).images, batches.batch(1).images)


def test_dense_labels_are_unknown_outside_the_slice():
    dense = np.ones((12, 32, 32), dtype=np.uint8)
    turned = AugmentationSettings(
        flip=0, rotation_deg=180, scale=0, contrast=0, brightness=0, noise=0
    )
    settings = SETTINGS.model_copy(update={"augmentation": turned})
    batch = Batches(marked(dense=dense), settings, seed=0, device=CPU).batch(0)
    assert torch.equal(batch.dense == 255, ~batch.inside)
