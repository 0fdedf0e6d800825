import math
from itertools import product

import pytest
import torch

from scribblebench.training.neighbours import scale_intensities, weighted_neighbours


def pairwise_kernel(images, valid, *, radius, sigma_px, sigma_intensity):
    """Return k_ij of each image in float64, (B, N, N), pair by pair."""
    n_images, n_channels, *shape = images.shape
    places = list(product(*(range(side) for side in shape)))
    kernel = torch.zeros(n_images, len(places), len(places), dtype=torch.float64)
    for b in range(n_images):
        scaled = images[b].double().clone()
        for c in range(n_channels):
            inside = scaled[c][valid[b]]
            span = inside.max() - inside.min()
            scaled[c] = (scaled[c] - inside.min()) / span if span > 0 else 0.0
        for (i, here), (j, there) in product(enumerate(places), repeat=2):
            offset = [x - y for x, y in zip(here, there, strict=True)]
            if i == j or max(map(abs, offset)) > radius or not (valid[b][here] & valid[b][there]):
                continue
            apart = sum(o * o for o in offset)
            unlike = float(((scaled[:, *here] - scaled[:, *there]) ** 2).mean())
            kernel[b, i, j] = math.exp(
                -apart / (2 * sigma_px**2) - unlike / (2 * sigma_intensity**2)
            )
    return kernel


CASES = {
    "2D": ((2, 3, 7, 9), 1, 2),
    "2D, two channels": ((2, 2, 5, 6), 2, 3),
    "wider than the image": ((1, 3, 3, 4), 1, 5),
    "3D": ((2, 3, 3, 5, 4), 1, 1),
    "3D, two channels": ((1, 2, 4, 3, 5), 2, 2),
}


def example(shape, n_channels, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    n_images, _, *space = shape
    probs = torch.randn(shape, generator=generator, dtype=dtype).softmax(dim=1)
    images = 40 * torch.randn(n_images, n_channels, *space, generator=generator, dtype=dtype)
    valid = torch.rand(n_images, *space, generator=generator) < 0.8
    return probs, images, valid


@pytest.mark.parametrize(("shape", "n_channels", "radius"), CASES.values(), ids=CASES)
def test_sums_agree_with_a_loop_over_pairs(shape, n_channels, radius):
    probs, images, valid = example(shape, n_channels)
    settings = {"radius": radius, "sigma_px": 2.0, "sigma_intensity": 0.3}
    messages, weight = weighted_neighbours(probs, images, valid, **settings)
    kernel = pairwise_kernel(images, valid, **settings)
    expected = torch.einsum("bij,bkj->bki", kernel, probs.double().flatten(2))
    assert messages.shape == probs.shape
    assert weight.shape == valid.shape
    torch.testing.assert_close(messages, expected.float().view_as(probs), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(weight, kernel.sum(2).float().view_as(weight), atol=1e-5, rtol=1e-5)


def test_float64_stays_float64():
    shape, n_channels, radius = CASES["2D"]
    probs, images, valid = example(shape, n_channels, dtype=torch.float64)
    settings = {"radius": radius, "sigma_px": 6.0, "sigma_intensity": 0.1}
    messages, _ = weighted_neighbours(probs, images, valid, **settings)
    kernel = pairwise_kernel(images, valid, **settings)
    expected = torch.einsum("bij,bkj->bki", kernel, probs.flatten(2)).view_as(probs)
    torch.testing.assert_close(messages, expected, atol=1e-12, rtol=1e-12)


def test_two_pixels_by_hand():
    """Intensities 0 and 1 after scaling, 1 px apart: exp(-1/8 - 1/2) with sigmas 2 and 1."""
    probs = torch.tensor([[[[0.2, 0.7]]]])
    messages, weight = weighted_neighbours(
        probs,
        torch.tensor([[[[-3.0, 5.0]]]]),
        torch.ones(1, 1, 2, dtype=torch.bool),
        radius=1,
        sigma_px=2.0,
        sigma_intensity=1.0,
    )
    k = math.exp(-1 / 8 - 1 / 2)
    torch.testing.assert_close(messages, torch.tensor([[[[0.7 * k, 0.2 * k]]]]))
    torch.testing.assert_close(weight, torch.tensor([[[k, k]]]))


def test_what_is_not_valid_changes_nothing():
    probs, images, valid = example((2, 3, 8, 9), 1)
    expected = weighted_neighbours(probs, images, valid)
    outside = ~valid[:, None]
    for filling in (1e6, torch.nan):
        found = weighted_neighbours(
            probs.masked_fill(outside, filling), images.masked_fill(outside, filling), valid
        )
        for one, other in zip(expected, found, strict=True):
            assert torch.equal(one, other)
    assert not expected[0].masked_select(outside).any()


def test_images_of_a_batch_do_not_see_each_other():
    probs, images, valid = example((3, 2, 6, 7), 1)
    together = weighted_neighbours(probs, images, valid)
    for b in range(3):
        one = slice(b, b + 1)
        alone = weighted_neighbours(probs[one], images[one], valid[one])
        for a, t in zip(alone, together, strict=True):
            torch.testing.assert_close(a, t[one])


def test_constant_or_absent_images_leave_distance_alone():
    probs, _, valid = example((2, 2, 5, 5), 1)
    flat = weighted_neighbours(probs, torch.full((2, 1, 5, 5), 7.0), valid)
    again = weighted_neighbours(probs, torch.zeros(2, 1, 5, 5), valid)
    assert torch.equal(flat[0], again[0])
    messages, weight = weighted_neighbours(probs, torch.zeros(2, 1, 5, 5), valid & ~valid)
    assert not messages.any()
    assert not weight.any()


def test_intensities_are_scaled_by_image_and_channel_over_valid_pixels():
    images = torch.tensor([[[[1.0, 3.0, 2.0, 99.0]], [[4.0, 4.0, 4.0, 0.0]]]])
    valid = torch.tensor([[[True, True, True, False]]])
    scaled = scale_intensities(images, valid)
    assert scaled.tolist() == [[[[0.0, 1.0, 0.5, 0.0]], [[0.0, 0.0, 0.0, 0.0]]]]


def test_bfloat16_and_channels_last_are_computed_in_float32_without_gradient():
    probs, images, valid = example((2, 3, 8, 8), 1)
    low = probs.bfloat16().to(memory_format=torch.channels_last).requires_grad_()
    messages, weight = weighted_neighbours(low, images.bfloat16(), valid)
    expected, _ = weighted_neighbours(low.detach().float(), images.bfloat16().float(), valid)
    assert messages.dtype == weight.dtype == torch.float32
    assert not messages.requires_grad
    torch.testing.assert_close(messages, expected)


def test_nothing_waits_for_the_host():
    """Tensors of the meta device have no values that the host could look at."""
    probs = torch.empty(2, 3, 8, 9, device="meta")
    valid = torch.empty(2, 8, 9, dtype=torch.bool, device="meta")
    messages, weight = weighted_neighbours(probs, probs[:, :1], valid)
    assert messages.shape == probs.shape
    assert weight.shape == valid.shape
