import pytest
import torch

from scribblebench.training.losses import soft_labels
from scribblebench.training.mixup import (
    MixupDraw,
    draw_mixup,
    saliency_mix,
    unmixed,
)

IGNORE = 255
OFF = {"beta": 0.0, "gamma": 0.0, "eta": 0.0}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random(*shape, seed=0):
    return torch.randn(shape, generator=seeded(seed))


def half_salient(*size):
    """Return images and gradients of a pair: the first is salient on the left, the second right."""
    gradient = torch.zeros(2, 1, *size)
    half = size[-1] // 2
    gradient[0, ..., :half] = 1.0
    gradient[1, ..., half:] = 1.0
    return random(2, 1, *size), gradient


def one_pair(blocks, *, lam=0.5):
    return MixupDraw(torch.tensor([0]), torch.tensor([1]), torch.tensor([lam]), blocks)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8])
def test_pairs_are_disjoint(n):
    draw = draw_mixup(n, blocks=[2, 4], generator=seeded())
    used = [*draw.first.tolist(), *draw.second.tolist()]
    assert len(draw.first) == len(draw.second) == len(draw.lam) == n // 2
    assert len(set(used)) == len(used)
    assert set(used) <= set(range(n))


def test_one_generator_gives_one_draw_and_every_number_of_blocks_comes_up():
    one, two = (draw_mixup(6, blocks=[2, 4], generator=seeded(3)) for _ in range(2))
    assert torch.equal(one.first, two.first)
    assert torch.equal(one.lam, two.lam)
    generator = seeded()
    counts = [draw_mixup(2, blocks=[2, 4], generator=generator).blocks for _ in range(40)]
    assert set(counts) == {2, 4}
    with pytest.raises(ValueError, match="blocks must hold at least one number"):
        draw_mixup(2, blocks=[], generator=generator)


def test_lam_has_the_moments_of_beta_half_half():
    """Mean 1/2, variance 1/8, E[lam^4] = 35/128.

    20000 draws: sd .0025 of the mean and .0006 of the variance (the fourth central moment is
    3/128, so the variance of (lam - 1/2)^2 is 3/128 - 1/64); margins are four sd or more.
    """
    lam = draw_mixup(40000, blocks=[2], generator=seeded(5)).lam.double()
    assert float(lam.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(lam.var()) == pytest.approx(1 / 8, abs=0.003)
    assert float((lam**4).mean()) == pytest.approx(35 / 128, abs=0.01)


@pytest.mark.parametrize("blocks", [2, 4])
@pytest.mark.parametrize("size", [(8, 8), (9, 10)])
def test_the_mix_keeps_of_each_image_the_half_where_it_is_salient(size, blocks):
    """And the reverse mix holds the other halves."""
    images, gradient = half_salient(*size)
    mix = saliency_mix(images, gradient, one_pair(blocks), **OFF | {"beta": 0.01})
    left = torch.arange(size[1]) < size[1] / 2
    torch.testing.assert_close(mix.share[0], left.float().expand(1, *size))
    mixed = mix.mix(images)
    torch.testing.assert_close(mixed[0], torch.where(left, images[0], images[1]))
    torch.testing.assert_close(mixed[1], torch.where(left, images[1], images[0]))


def test_a_volume_keeps_the_half_where_it_is_salient():
    images, gradient = half_salient(4, 5, 6)
    mix = saliency_mix(images, gradient, one_pair(2), **OFF)
    assert bool((mix.share[0, ..., :3] == 1).all())
    assert bool((mix.share[0, ..., 3:] == 0).all())


@pytest.mark.parametrize(("size", "most"), [((9, 9), 8), ((6, 6, 6), 2)])
def test_more_blocks_than_the_search_can_do_are_refused_in_words(size, most):
    images = random(2, 1, *size)
    saliency_mix(images, images, one_pair(most))
    message = f"blocks must be {most} or fewer in {len(size)}D, got {most + 1}"
    with pytest.raises(ValueError, match=message):
        saliency_mix(images, images, one_pair(most + 1))


@pytest.mark.parametrize("lam", [0.05, 0.5, 0.95])
def test_a_very_smooth_mask_is_constant_and_the_prior_says_how_much(lam):
    """The most likely of Binomial(2, lam)."""
    images, gradient = half_salient(8, 8)
    draw = one_pair(4, lam=lam)
    mix = saliency_mix(images, gradient, draw, beta=1e4, gamma=0.0, eta=0.2)
    assert mix.share[0].unique().tolist() == [round(2 * lam) / 2]


@pytest.mark.parametrize("size", [(12, 13), (6, 7, 8)])
def test_a_pair_is_mixed_in_both_directions_and_an_odd_image_is_left_over(size):
    """The two mixes of a pair hold both of its images exactly once."""
    images, gradient = random(5, 2, *size), random(5, 2, *size, seed=1)
    draw = draw_mixup(5, blocks=[2], generator=seeded())
    mix = saliency_mix(images, gradient, draw, **OFF)
    mixed = mix.mix(images)
    assert len(mix.share[draw.first].unique()) > 1
    assert not torch.equal(mixed[draw.first], mixed[draw.second])
    torch.testing.assert_close(
        mixed[draw.first] + mixed[draw.second], images[draw.first] + images[draw.second]
    )
    assert mix.partner[draw.first].tolist() == draw.second.tolist()
    assert mix.partner[draw.second].tolist() == draw.first.tolist()
    (left_over,) = set(range(5)) - {*draw.first.tolist(), *draw.second.tolist()}
    assert int(mix.partner[left_over]) == left_over
    assert bool((mix.share[left_over] == 1).all())
    assert torch.equal(mixed[left_over], images[left_over])
    assert mix.share.dtype == torch.float32
    assert mix.share.shape == (5, 1, *size)


def test_a_pair_gives_the_same_two_mixes_whichever_image_comes_first():
    images, gradient = random(2, 1, 16, 16), random(2, 1, 16, 16, seed=1)
    weights = {"beta": 0.05, "gamma": 0.05, "eta": 0.05}
    there = saliency_mix(images, gradient, one_pair(4, lam=0.3), **weights)
    turned = MixupDraw(torch.tensor([1]), torch.tensor([0]), torch.tensor([0.7]), 4)
    back = saliency_mix(images, gradient, turned, **weights)
    assert torch.equal(there.mix(images), back.mix(images)[[1, 0]])
    assert len(there.share.unique()) > 1


def test_no_image_and_one_image_are_left_alone():
    for n in (0, 1):
        images = random(n, 1, 8, 8)
        mix = saliency_mix(images, images, draw_mixup(n, blocks=[4], generator=seeded()))
        assert torch.equal(mix.mix(images), images)


def test_unmixed_changes_nothing():
    images = random(3, 2, 4, 5, 6)
    mix = unmixed(images)
    assert torch.equal(mix.mix(images), images)
    soft = soft_labels(torch.zeros(3, 4, 5, 6, dtype=torch.long), 2, IGNORE)
    assert torch.equal(mix.mix(soft), soft)


def test_no_gradient_flows_through_the_mask_but_through_what_is_mixed():
    images, gradient = half_salient(8, 8)
    images.requires_grad_()
    mix = saliency_mix(images, gradient, one_pair(2), **OFF)
    assert not mix.share.requires_grad
    weight = random(2, 1, 8, 8, seed=2)
    (weight * mix.mix(images)).sum().backward()
    expected = mix.share * weight + (1 - mix.share) * weight[[1, 0]]
    assert len(mix.share.unique()) > 1
    torch.testing.assert_close(images.grad, expected)


def test_soft_labels_are_one_hot_and_empty_where_nothing_is_annotated():
    targets = torch.tensor([[[0, 2], [IGNORE, 1]]])
    soft = soft_labels(targets, 3, IGNORE)
    assert soft.dtype == torch.float32
    assert soft[0].flatten(1).T.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert float(soft_labels(torch.full((1, 2, 2), IGNORE), 3, IGNORE).sum()) == 0.0
    assert float(soft_labels(torch.zeros(1, 2, 2, dtype=torch.long), 3, 0).sum()) == 0.0


def test_half_and_half_shares_the_mass_of_a_label():
    """Class 1 against class 2 gives 1/2 each; against an unannotated pixel only 1/2 is left."""
    targets = torch.tensor([[[1, 1], [IGNORE, IGNORE]], [[2, IGNORE], [2, IGNORE]]])
    images = torch.zeros(2, 1, 2, 2)
    draw = one_pair(2)
    mix = saliency_mix(images, images, draw, beta=0.0, gamma=0.0, eta=1.0)
    assert bool((mix.share == 0.5).all())
    mixed = mix.mix(soft_labels(targets, 3, IGNORE))[0].flatten(1).T
    assert mixed.tolist() == [[0, 0.5, 0.5], [0, 0.5, 0], [0, 0, 0.5], [0, 0, 0]]


def test_bfloat16_is_mixed_in_float32_and_float64_stays():
    images, gradient = half_salient(8, 8)
    wanted = saliency_mix(images.bfloat16().float(), gradient, one_pair(4))
    mix = saliency_mix(images.bfloat16(), gradient.bfloat16(), one_pair(4))
    assert torch.equal(mix.share, wanted.share)
    assert mix.mix(images.bfloat16()).dtype == torch.float32
    doubled = saliency_mix(images.double(), gradient.double(), one_pair(4))
    assert doubled.mix(images.double()).dtype == torch.float64


def test_nothing_is_read_back_from_the_device():
    """Tensors on the meta device have no values: an operation that needs them on the host fails."""
    images = torch.zeros(5, 1, 16, 16, device="meta")
    draw = draw_mixup(5, blocks=[4], generator=seeded())
    mix = saliency_mix(images, images, draw)
    targets = torch.zeros(5, 16, 16, dtype=torch.long, device="meta")
    assert mix.mix(soft_labels(targets, 3, IGNORE)).shape == (5, 3, 16, 16)
