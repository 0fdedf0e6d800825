import pytest
import torch

from scribblebench.training.augmentation import Transform, apply_transform, draw_transform
from scribblebench.training.settings import AugmentationSettings

IGNORE = 255
OFF = AugmentationSettings(flip=0, rotation_deg=0, scale=0, contrast=0, brightness=0, noise=0)


def identity(n=1, **changes):
    same = {
        "flips": torch.ones(n, 2),
        "angle_rad": torch.zeros(n),
        "zoom": torch.ones(n),
        "offset": torch.zeros(n, 2),
        "gain": torch.ones(n),
        "shift": torch.zeros(n),
        "noise_sd": torch.zeros(n),
    }
    return Transform(**(same | changes))


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(1, 1, 32, 32, generator=generator)
    targets = torch.randint(0, 4, (1, 32, 32), generator=generator).to(torch.uint8)
    return images, targets


FILL = torch.tensor([IGNORE])


def apply(batch, transform, patch=32):
    images, targets = batch
    size = (patch, patch) if isinstance(patch, int) else patch
    images, maps = apply_transform(
        images, targets[:, None], transform, patch=size, fill=FILL, generator=torch.Generator()
    )
    return images, maps[:, 0]


def test_identity_changes_nothing(batch):
    images, targets = apply(batch, identity())
    torch.testing.assert_close(images, batch[0], atol=1e-5, rtol=0)
    assert torch.equal(targets, batch[1].long())


def test_flip_of_columns(batch):
    images, targets = apply(batch, identity(flips=torch.tensor([[-1.0, 1.0]])))
    torch.testing.assert_close(images, batch[0].flip(-1), atol=1e-5, rtol=0)
    assert torch.equal(targets, batch[1].long().flip(-1))


def test_patch_without_offset_is_the_centre_and_with_offset_1_the_far_corner(batch):
    _, centre = apply(batch, identity(), patch=16)
    assert torch.equal(centre[0], batch[1][0, 8:24, 8:24].long())
    _, corner = apply(batch, identity(offset=torch.ones(1, 2)), patch=16)
    assert torch.equal(corner[0], batch[1][0, 16:, 16:].long())


def test_corners_of_a_rotated_slice_are_ignored_and_not_background():
    images, targets = torch.ones(1, 1, 64, 64), torch.ones(1, 64, 64, dtype=torch.uint8)
    angle = torch.tensor([torch.pi / 4])
    turned, labels = apply((images, targets), identity(angle_rad=angle), patch=64)
    assert set(labels.unique().tolist()) == {1, IGNORE}
    assert labels[0, 0, 0] == IGNORE
    # A square turned by 45 degrees overlaps itself in a regular octagon: 0.828 of its area.
    assert float((labels == 1).float().mean()) == pytest.approx(0.828, abs=0.01)
    assert float(turned[0, 0, 0, 0]) == 0.0


def test_labels_stay_class_ids_whatever_the_transform(batch):
    generator = torch.Generator().manual_seed(3)
    images, targets = (t.expand(16, *t.shape[1:]) for t in batch)
    transform = draw_transform(16, AugmentationSettings(rotation_deg=180), generator=generator)
    _, labels = apply((images, targets), transform, patch=16)
    assert set(labels.unique().tolist()) <= {0, 1, 2, 3, IGNORE}


def test_everything_off_draws_the_identity_but_for_the_place_of_the_patch():
    drawn = draw_transform(4, OFF, generator=torch.Generator().manual_seed(1))
    expected = identity(4, offset=drawn.offset)
    for name in ("flips", "angle_rad", "zoom", "gain", "shift", "noise_sd"):
        assert torch.equal(getattr(drawn, name).abs(), getattr(expected, name))
    assert drawn.offset.abs().max() <= 1.0


def test_zoom_larger_than_1_enlarges():
    image = torch.zeros(1, 1, 64, 64)
    image[..., 24:40, 24:40] = 1.0
    targets = torch.zeros(1, 64, 64, dtype=torch.uint8)
    larger, _ = apply((image, targets), identity(zoom=torch.tensor([2.0])), patch=64)
    assert float(larger.sum()) == pytest.approx(4 * 256, rel=0.02)


def test_intensities_are_multiplied_and_then_shifted(batch):
    changed = identity(gain=torch.tensor([1.5]), shift=torch.tensor([-0.25]))
    images, _ = apply(batch, changed)
    torch.testing.assert_close(images, 1.5 * batch[0] - 0.25, atol=1e-5, rtol=0)


def test_noise_has_the_drawn_standard_deviation(batch):
    images, _ = apply(batch, identity(noise_sd=torch.tensor([0.5])))
    assert float((images - batch[0]).std()) == pytest.approx(0.5, rel=0.1)


def test_every_map_has_its_own_value_outside_the_slice():
    images = torch.ones(1, 1, 64, 64)
    maps = torch.ones(1, 2, 64, 64, dtype=torch.uint8)
    turned = identity(angle_rad=torch.tensor([torch.pi / 4]))
    _, sampled = apply_transform(
        images,
        maps,
        turned,
        patch=(64, 64),
        fill=torch.tensor([IGNORE, 0]),
        generator=torch.Generator(),
    )
    assert torch.equal(sampled[:, 0] == IGNORE, sampled[:, 1] == 0)
    assert set(sampled[:, 1].unique().tolist()) == {0, 1}


@pytest.fixture
def volumes():
    """Two volumes of 12 planes of 32 x 32."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 1, 12, 32, 32, generator=generator)
    targets = torch.randint(0, 4, (2, 12, 32, 32), generator=generator).to(torch.uint8)
    return images, targets


def in_3d(n=2, **changes):
    return identity(n, **{"flips": torch.ones(n, 3), "offset": torch.zeros(n, 3)} | changes)


def test_identity_changes_no_volume(volumes):
    images, targets = apply(volumes, in_3d(), patch=(12, 32, 32))
    torch.testing.assert_close(images, volumes[0], atol=1e-5, rtol=0)
    assert torch.equal(targets, volumes[1].long())


@pytest.mark.parametrize(("place", "axis"), [(0, -1), (1, -2), (2, -3)])
def test_flips_are_in_the_order_column_row_plane(volumes, place, axis):
    flips = torch.ones(2, 3)
    flips[:, place] = -1.0
    images, targets = apply(volumes, in_3d(flips=flips), patch=(12, 32, 32))
    torch.testing.assert_close(images, volumes[0].flip(axis), atol=1e-5, rtol=0)
    assert torch.equal(targets, volumes[1].long().flip(axis))


def test_patch_of_a_volume_lies_where_its_offset_says(volumes):
    """The first in the corner of most planes, rows and columns, the second in the middle."""
    offset = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    _, labels = apply(volumes, in_3d(offset=offset), patch=(4, 16, 16))
    assert torch.equal(labels[0], volumes[1][0, 8:, 16:, 16:].long())
    assert torch.equal(labels[1], volumes[1][1, 4:8, 8:24, 8:24].long())


def test_volumes_are_rotated_in_the_plane_as_slices_are(volumes):
    angle = torch.tensor([0.4, -1.0])
    images, targets = apply(volumes, in_3d(angle_rad=angle), patch=(12, 32, 32))
    for plane in range(12):
        slices = tuple(t[..., plane, :, :] for t in volumes)
        image, target = apply(slices, identity(2, angle_rad=angle))
        torch.testing.assert_close(images[:, :, plane], image, atol=1e-4, rtol=0)
        assert (targets[:, plane] == target).float().mean() > 0.999  # ties are rounded


def test_zoom_enlarges_along_all_axes():
    image = torch.zeros(1, 1, 16, 32, 32)
    image[..., 6:10, 12:20, 12:20] = 1.0
    targets = torch.zeros(1, 16, 32, 32, dtype=torch.uint8)
    doubled = in_3d(1, zoom=torch.tensor([2.0]))
    larger, _ = apply((image, targets), doubled, patch=(16, 32, 32))
    assert float(larger.sum()) == pytest.approx(8 * 4 * 8 * 8, rel=0.03)


def test_transforms_of_volumes_are_drawn_for_three_axes():
    settings = AugmentationSettings()
    drawn = draw_transform(64, settings, dims=3, generator=torch.Generator().manual_seed(1))
    assert drawn.flips.shape == drawn.offset.shape == (64, 3)
    assert (drawn.flips.mean(dim=0).abs() < 0.5).all()
