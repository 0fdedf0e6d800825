import math

import pytest
import torch

from scribblebench.training.consistency import global_consistency
from scribblebench.training.mixup import Mix, unmixed


def random_probs(*shape, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=dtype).softmax(dim=1)


def everything(probs):
    return torch.ones(len(probs), *probs.shape[2:], dtype=torch.bool)


def swapped_halves(n, *size):
    """Return the mix in which each image of a pair keeps its left or its right half."""
    left = (torch.arange(size[-1]) < size[-1] // 2).float().expand(1, *size)
    share = torch.stack([left, 1 - left] * (n // 2))
    partner = torch.tensor([i + 1 - 2 * (i % 2) for i in range(n)])
    return Mix(partner, share)


@pytest.mark.parametrize("per_pixel", [False, True])
@pytest.mark.parametrize("size", [(6, 6), (4, 4, 4)])
def test_a_network_that_commutes_with_mixing_has_loss_minus_1(size, per_pixel):
    probs = random_probs(4, 3, *size)
    mix = swapped_halves(4, *size)
    loss = global_consistency(mix.mix(probs), probs, mix, everything(probs), per_pixel=per_pixel)
    assert float(loss) == pytest.approx(-1.0, abs=1e-6)
    other = global_consistency(probs, probs, mix, everything(probs), per_pixel=per_pixel)
    assert float(other) > -0.99


def test_global_cosine_by_hand():
    """u = (1, 0, 0, 1), v = (.6, .4, .5, .5) over classes and pixels: 1.1 / sqrt(2 * 1.02)."""
    probs = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).T.reshape(1, 2, 1, 2)
    mixed = torch.tensor([[0.6, 0.4], [0.5, 0.5]]).T.reshape(1, 2, 1, 2)
    loss = global_consistency(mixed, probs, unmixed(probs), everything(probs))
    assert float(loss) == pytest.approx(-1.1 / math.sqrt(2 * 1.02), abs=1e-6)


def test_per_pixel_cosine_by_hand():
    """.6 / sqrt(.52) and .5 / sqrt(.5); with the first pixel occluded only the second counts."""
    probs = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).T.reshape(1, 2, 1, 2)
    mixed = torch.tensor([[0.6, 0.4], [0.5, 0.5]]).T.reshape(1, 2, 1, 2)
    one, two = 0.6 / math.sqrt(0.52), math.sqrt(0.5)
    mix = unmixed(probs)
    loss = global_consistency(mixed, probs, mix, everything(probs), per_pixel=True)
    assert float(loss) == pytest.approx(-(one + two) / 2, abs=1e-6)
    keep = torch.tensor([[[False, True]]])
    loss = global_consistency(mixed, probs, mix, keep, per_pixel=True)
    assert float(loss) == pytest.approx(-two, abs=1e-6)


def test_both_directions_of_a_pair_count_half():
    probs, mixed = random_probs(2, 3, 4, 4), random_probs(2, 3, 4, 4, seed=1)
    mix = swapped_halves(2, 4, 4)
    u = mix.mix(probs).flatten(1)
    cosine = torch.nn.functional.cosine_similarity(u, mixed.flatten(1))
    loss = global_consistency(mixed, probs, mix, everything(probs))
    torch.testing.assert_close(loss, (-cosine[0] - cosine[1]) / 2)


@pytest.mark.parametrize("per_pixel", [False, True])
def test_what_is_not_kept_does_not_matter(per_pixel):
    probs, mixed = random_probs(2, 3, 4, 4), random_probs(2, 3, 4, 4, seed=1)
    mix = swapped_halves(2, 4, 4)
    keep = everything(probs)
    keep[:, 1:3, 1:3] = False
    changed = mixed.clone()
    changed[:, :, 1:3, 1:3] = random_probs(2, 3, 2, 2, seed=2)
    losses = [
        global_consistency(m, probs, mix, keep, per_pixel=per_pixel) for m in (mixed, changed)
    ]
    assert torch.equal(*losses)


@pytest.mark.parametrize("per_pixel", [False, True])
def test_the_gradient_of_both_predictions_is_right(per_pixel):
    probs = random_probs(2, 3, 2, 4, dtype=torch.float64).requires_grad_()
    mixed = random_probs(2, 3, 2, 4, seed=1, dtype=torch.float64).requires_grad_()
    mix = swapped_halves(2, 2, 4)
    keep = everything(probs)
    keep[0, 0, 0] = False

    def loss(v, p):
        return global_consistency(v, p, mix, keep, per_pixel=per_pixel)

    assert loss(mixed, probs).dtype == torch.float64
    assert torch.autograd.gradcheck(loss, (mixed, probs))


@pytest.mark.parametrize("per_pixel", [False, True])
def test_nothing_kept_gives_0_with_zero_gradient(per_pixel):
    probs = random_probs(2, 3, 4, 4).requires_grad_()
    mixed = random_probs(2, 3, 4, 4, seed=1).requires_grad_()
    keep = torch.zeros(2, 4, 4, dtype=torch.bool)
    loss = global_consistency(mixed, probs, unmixed(probs), keep, per_pixel=per_pixel)
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert float(probs.grad.abs().max()) == float(mixed.grad.abs().max()) == 0.0


def test_bfloat16_is_computed_in_float32():
    probs = random_probs(2, 3, 8, 8).bfloat16()
    loss = global_consistency(probs, probs, unmixed(probs), everything(probs))
    assert loss.dtype == torch.float32
    assert float(loss) == pytest.approx(-1.0, abs=1e-6)


@pytest.mark.parametrize("per_pixel", [False, True])
def test_nothing_is_read_back_from_the_device(per_pixel):
    """Tensors on the meta device have no values to read."""
    probs = torch.zeros(2, 3, 4, 4, device="meta", requires_grad=True)
    keep = torch.zeros(2, 4, 4, dtype=torch.bool, device="meta")
    loss = global_consistency(probs, probs, unmixed(probs), keep, per_pixel=per_pixel)
    loss.backward()
    assert loss.shape == ()
