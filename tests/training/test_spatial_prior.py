import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scribblebench.training.neighbours import weighted_neighbours
from scribblebench.training.spatial_prior import (
    _kth_lowest,
    negatives,
    spatial_energy,
    spatial_loss,
)


def lowest_by_stable_sort(energy, ratios, where):
    """Flag by sorting one class after the other in numpy."""
    inside = np.flatnonzero(where.numpy())
    flagged = np.zeros((energy.shape[1], where.numel()), dtype=bool)
    for k, ratio in enumerate(ratios.tolist()):
        values = energy[:, k].numpy().ravel()[inside]
        n = inside.size - round(ratio * inside.size)
        flagged[k, inside[np.argsort(values, kind="stable")[:n]]] = True
    return torch.from_numpy(flagged).view(-1, *where.shape).movedim(0, 1)


@given(
    shape=st.sampled_from([(1, 3, 4), (2, 5, 3), (2, 2, 3, 4)]),
    levels=st.integers(1, 6),
    ratios=st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.77, 1.0]), min_size=3, max_size=3),
    share=st.sampled_from([0.0, 0.3, 1.0]),
    seed=st.integers(0, 2**16),
)
def test_negatives_are_the_lowest_of_the_batch_and_exactly_as_many(
    shape, levels, ratios, share, seed
):
    """Few levels of energy, so that most thresholds fall among ties."""
    generator = torch.Generator().manual_seed(seed)
    energy = torch.randint(levels, (shape[0], 3, *shape[1:]), generator=generator).float()
    where = torch.rand(shape, generator=generator) < share
    ratios = torch.tensor(ratios)
    flagged = negatives(energy, ratios, where)
    assert torch.equal(flagged, lowest_by_stable_sort(energy, ratios, where))


def test_ratios_beyond_0_and_1_flag_all_and_none():
    where = torch.tensor([[[True, True, False]]])
    flagged = negatives(torch.rand(1, 2, 1, 3), torch.tensor([-0.5, 1.7]), where)
    assert flagged.tolist() == [[[[True, True, False]], [[False, False, False]]]]


def test_the_threshold_is_the_same_by_sorting_and_by_partitioning():
    generator = torch.Generator().manual_seed(0)
    rows = torch.randint(40, (5, 300), generator=generator).float()
    rows[:, 200:] = torch.inf
    k = torch.tensor([[1], [17], [200], [201], [300]])
    by_sorting = _kth_lowest(rows, k, on_host=False)
    assert torch.equal(by_sorting, _kth_lowest(rows, k, on_host=True))
    assert by_sorting[:, 0].tolist() == [
        sorted(row)[rank - 1] for row, rank in zip(rows.tolist(), k[:, 0].tolist(), strict=True)
    ]


def test_a_lone_pixel_of_a_class_has_less_energy_than_one_among_its_like():
    probs = torch.full((1, 1, 9, 9), 0.1)
    probs[0, 0, 5:, 5:] = 0.9
    probs[0, 0, 0, 0] = 0.9
    valid = torch.ones(1, 9, 9, dtype=torch.bool)
    messages, _ = weighted_neighbours(probs, torch.zeros(1, 1, 9, 9), valid, radius=2)
    energy = spatial_energy(probs, messages)
    assert float(energy[0, 0, 0, 0]) < float(energy[0, 0, 7, 7]) / 2
    flagged = negatives(energy, torch.tensor([16 / 81]), valid)[0, 0]
    assert int(flagged.sum()) == 65
    assert bool(flagged[0, 0])
    assert not flagged[6:, 6:].any()


def example_logits():
    probs = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4], [0.8, 0.1, 0.1]])
    return probs.log().T.reshape(1, 3, 2, 2).clone().requires_grad_()


def flags(*pixels):
    """Make flags (1, 3, 2, 2) of the classes that each of the four pixels has flagged."""
    flagged = torch.zeros(3, 4, dtype=torch.bool)
    for pixel, classes in enumerate(pixels):
        flagged[list(classes), pixel] = True
    return flagged.reshape(1, 3, 2, 2)


def test_spatial_loss_by_hand():
    """Flagged p of .2 and .1, .6, .4: -(log .8 + log .9 + log .4 + log .6) / 4."""
    loss = spatial_loss(example_logits(), flags([1, 2], [1], [2], []))
    expected = -(math.log(0.8) + math.log(0.9) + math.log(0.4) + math.log(0.6)) / 4
    assert float(loss.detach()) == pytest.approx(expected, abs=1e-6)


def test_marginal_spatial_loss_by_hand():
    """The classes kept have p of .7 and .4; all flagged and none flagged contribute 0."""
    loss = spatial_loss(example_logits(), flags([1, 2], [1], [0, 1, 2], []), marginal=True)
    expected = -(math.log(0.7) + math.log(0.4)) / 4
    assert float(loss.detach()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("marginal", [False, True])
def test_only_flagged_pixels_have_a_gradient(marginal):
    logits = example_logits()
    spatial_loss(logits, flags([], [1], [], [0, 2]), marginal=marginal).backward()
    touched = logits.grad[0].flatten(1).abs().sum(dim=0) > 0
    assert touched.tolist() == [False, True, False, True]


@pytest.mark.parametrize("marginal", [False, True])
def test_nothing_flagged_gives_0_with_zero_gradient(marginal):
    logits = example_logits()
    loss = spatial_loss(logits, flags([], [], [], []), marginal=marginal)
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert not logits.grad.any()


@pytest.mark.parametrize("marginal", [False, True])
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 2, 3, 4, 5)])
def test_extreme_logits_give_finite_losses_and_gradients(marginal, shape):
    """A class that is certain and flagged costs 80 + 80, where log(1 - p) in float32 is -inf."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.full(shape, -80.0)
    logits[:, 1] = 80.0
    logits.requires_grad_()
    flagged = torch.rand(shape, generator=generator) < 0.5
    loss = spatial_loss(logits, flagged, marginal=marginal)
    loss.backward()
    assert bool(loss.isfinite())
    assert bool(logits.grad.isfinite().all())
    certain = torch.zeros(shape, dtype=torch.bool)
    certain[:, 1] = True
    alone = spatial_loss(logits.detach(), certain, marginal=marginal)
    assert float(alone) == pytest.approx(160.0, abs=1.0)


@pytest.mark.parametrize("marginal", [False, True])
def test_spatial_loss_agrees_with_float64_and_takes_bfloat16(marginal):
    generator = torch.Generator().manual_seed(1)
    logits = 3 * torch.randn(2, 4, 5, 6, generator=generator, dtype=torch.float64)
    flagged = torch.rand(2, 4, 5, 6, generator=generator) < 0.4
    probs = logits.softmax(dim=1)
    if marginal:
        kept = torch.where(flagged.all(dim=1), 1.0, (probs * ~flagged).sum(dim=1))
        expected = -kept.log().sum() / 60
    else:
        expected = -((1 - probs).log() * flagged).sum() / 60
    torch.testing.assert_close(spatial_loss(logits, flagged, marginal=marginal), expected)
    single = spatial_loss(logits.float(), flagged, marginal=marginal)
    assert float(single) == pytest.approx(float(expected), rel=1e-5)
    assert spatial_loss(logits.bfloat16(), flagged, marginal=marginal).dtype == torch.float32


def test_nothing_waits_for_the_host():
    """Tensors of the meta device have no values that the host could look at."""
    logits = torch.empty(2, 3, 8, 9, device="meta")
    where = torch.empty(2, 8, 9, dtype=torch.bool, device="meta")
    flagged = negatives(logits, torch.empty(3, device="meta"), where)
    assert flagged.shape == logits.shape
    for marginal in (False, True):
        assert spatial_loss(logits, flagged, marginal=marginal).shape == ()
