"""Patches aimed at annotated foreground: where they lie, how often, and what stays as it was."""

import numpy as np
import pytest
import torch

from scribblebench.training.data import Batches, TrainingData
from scribblebench.training.patch_placement import ForegroundPlaces
from scribblebench.training.settings import AugmentationSettings, TrainingSettings

CPU = torch.device("cpu")
STILL = AugmentationSettings(flip=0, rotation_deg=0, scale=0, contrast=0, brightness=0, noise=0)
VOLUME = {"planes": 24, "patch_planes": 6}


def settings_of(share, **more):
    given = {"field_of_view": 64, "patch": 32, "batch_size": 2, "augmentation": STILL} | more
    return TrainingSettings(**given, foreground_patches=share)


def with_marks(marks, shape=(24, 64, 64), n=2):
    """Return volumes, or slices, that are unannotated but for these voxels of each."""
    targets = np.full((n, *shape), 255, dtype=np.uint8)
    targets[:, :2] = 0  # the background is annotated elsewhere
    for *at, value in marks:
        targets[(slice(None), *at)] = value
    return TrainingData(np.zeros((n, 1, *shape), dtype=np.float32), targets, 3)


def found(batches, steps, value):
    """Return where the voxel of a class lies in each patch; None where it does not."""
    places = []
    for step in range(steps):
        for target in batches.batch(step).targets:
            where = (target == value).nonzero().tolist()
            places.append(tuple(where[0]) if where else None)
    return places


@pytest.mark.parametrize(
    ("voxel", "centre"),
    [
        ((12, 40, 30), (3, 16, 16)),  # in the middle of the patch, as even sides allow
        ((23, 63, 0), (5, 31, 0)),  # in the corner: patches end where the field of view does
        ((2, 10, 50), (2, 10, 18)),  # 50 - 32
    ],
)
def test_with_a_share_of_one_every_patch_holds_the_voxel_near_its_middle(voxel, centre):
    batches = Batches(with_marks([(*voxel, 1)]), settings_of(1, volume=VOLUME), seed=0, device=CPU)
    for place in found(batches, 6, 1):
        assert np.abs(np.subtract(place, centre)).max() <= 1


def test_slices_are_aimed_at_alike():
    data = with_marks([(50, 9, 1)], shape=(64, 64))
    assert None not in found(Batches(data, settings_of(1), seed=0, device=CPU), 6, 1)
    assert None in found(Batches(data, settings_of(None), seed=0, device=CPU), 6, 1)


def test_a_share_of_a_half_aims_half_of_the_patches():
    """200 patches; by chance a patch of 6 x 32 x 32 holds the corner once in many hundred."""
    data = with_marks([(23, 63, 63, 1)])
    batches = Batches(data, settings_of(0.5, volume=VOLUME), seed=0, device=CPU)
    n = sum(place is not None for place in found(batches, 100, 1))
    assert abs(n - 100) < 36  # five standard deviations


def test_classes_are_aimed_at_equally_often_however_large_they_are():
    """Class 1 fills a corner, class 2 is one voxel in another: 200 patches, 100 each, sd 7."""
    data = with_marks([(slice(20, 24), slice(40, 64), slice(40, 64), 1), (3, 5, 5, 2)])
    batches = Batches(data, settings_of(1, volume=VOLUME), seed=0, device=CPU)
    assert abs(sum(p is not None for p in found(batches, 100, 2)) - 100) < 36


def test_volumes_without_marks_leave_patches_where_they_were():
    data, nothing = with_marks([(20, 60, 60, 1)]), with_marks([])
    base = settings_of(None, volume=VOLUME, augmentation=AugmentationSettings())
    for share, given in ((None, data), (1, nothing)):
        one, other = (
            Batches(given, base.model_copy(update={"foreground_patches": s}), seed=3, device=CPU)
            for s in (None, share)
        )
        for step in (0, 5):
            assert torch.equal(one.batch(step).images, other.batch(step).images)
            assert torch.equal(one.batch(step).targets, other.batch(step).targets)


def test_a_step_is_the_same_whatever_was_drawn_before():
    data = with_marks([(slice(5, 20), slice(20, 60), slice(9, 50), 1)])
    settings = settings_of(0.7, volume=VOLUME, augmentation=AugmentationSettings())
    batches = Batches(data, settings, seed=0, device=CPU)
    later = batches.batch(7).targets
    batches.batch(1)
    assert torch.equal(batches.batch(7).targets, later)
    assert torch.equal(Batches(data, settings, seed=0, device=CPU).batch(7).targets, later)
    other = Batches(data, settings, seed=1, device=CPU)
    assert not torch.equal(other.batch(7).targets, later)


def test_a_patch_as_large_as_the_field_of_view_has_one_place():
    targets = with_marks([(20, 60, 60, 1)]).targets
    places = ForegroundPlaces(targets, share=1, patch=(24, 64, 32), seed=0)
    offset = places.aim(torch.full((1, 3), 0.25), [0], 0)
    assert offset[0, 0] == 1  # (col, row, plane): column 60 of 64, the other two have no room
    batch = Batches(
        with_marks([(20, 60, 60, 1)]),
        settings_of(1, volume={"planes": 24, "patch_planes": 24}, patch=64),
        seed=0,
        device=CPU,
    ).batch(0)
    assert (batch.targets[:, 20, 60, 60] == 1).all()


def test_of_large_structures_some_voxels_are_remembered():
    targets = np.ones((1, 24, 64, 64), dtype=np.uint8)
    places = ForegroundPlaces(targets, share=1, patch=(6, 32, 32), seed=0)
    ((voxels,),) = places._voxels
    assert voxels.shape == (10_000, 3)
    assert len(np.unique(voxels, axis=0)) == 10_000
    assert (np.abs(voxels.mean(axis=0) / (23, 63, 63) - 0.5) < 0.02).all()


def test_the_setting_stays_out_of_what_is_written_until_it_is_used():
    assert "foreground_patches" not in settings_of(None).model_dump()
    assert settings_of(0.33).model_dump()["foreground_patches"] == 0.33
    for share, message in ((1.5, "less than or equal to 1"), (0, "greater than 0")):
        with pytest.raises(ValueError, match=message):
            settings_of(share)
