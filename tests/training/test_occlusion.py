import pytest
import torch

from scribblebench.training.occlusion import draw_holes, hole_mask


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("size", "side"), [((12, 9), 4), ((5, 6, 7), 3), ((8, 8), 1), ((4, 4), 4)])
def test_a_hole_is_one_whole_cube(size, side):
    corners = draw_holes(20, size, side=side, generator=seeded())
    inside = hole_mask(corners, size, side=side)
    assert corners.dtype == torch.int64
    assert corners.shape == (20, len(size))
    assert inside.dtype == torch.bool
    for corner, hole in zip(corners.tolist(), inside, strict=True):
        expected = torch.zeros(size, dtype=torch.bool)
        expected[tuple(slice(c, c + side) for c in corner)] = True
        assert torch.equal(hole, expected)
        assert int(hole.sum()) == side ** len(size)


def test_a_hole_is_no_longer_than_the_image():
    corners = draw_holes(3, (4, 40), side=32, generator=seeded())
    inside = hole_mask(corners, (4, 40), side=32)
    assert inside.sum(dim=(1, 2)).tolist() == [4 * 32] * 3


def test_every_place_where_it_fits_is_equally_likely():
    """6000 draws over 2 * 3 places: 1000 each, sd 29; 145 is five sd."""
    corners = draw_holes(6000, (5, 6), side=4, generator=seeded(1))
    counts = torch.bincount(corners[:, 0] * 3 + corners[:, 1], minlength=6)
    assert len(counts) == 6
    torch.testing.assert_close(counts.double(), torch.full((6,), 1000.0).double(), atol=145, rtol=0)


def test_one_generator_gives_one_draw():
    one, two = (draw_holes(4, (30, 30), side=8, generator=seeded(2)) for _ in range(2))
    assert torch.equal(one, two)


def test_a_hole_without_pixels_is_refused():
    with pytest.raises(ValueError, match="side must be at least 1 pixel, got 0"):
        draw_holes(1, (4, 4), side=0, generator=seeded())


def test_no_images_have_no_holes():
    corners = draw_holes(0, (4, 4), side=2, generator=seeded())
    assert hole_mask(corners, (4, 4), side=2).shape == (0, 4, 4)
