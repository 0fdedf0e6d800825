import math

import numpy as np
import pytest
import torch

from scribblebench.training.block_costs import (
    block_edges,
    block_index,
    block_means,
    block_saliency,
    mask_costs,
)


def random(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize(
    ("length", "blocks"), [(8, 4), (7, 4), (212, 16), (5, 5), (3, 1), (213, 4)]
)
def test_edges_agree_with_the_block_of_each_pixel(length, blocks):
    index = [i * blocks // length for i in range(length)]
    edges = block_edges(length, blocks)
    assert edges == [*(index.index(b) for b in range(blocks)), length]
    assert block_index(length, blocks, torch.device("cpu")).tolist() == index


def test_more_blocks_than_pixels_are_refused():
    with pytest.raises(ValueError, match="blocks must be between 1 and the image's side 3, got 4"):
        block_edges(3, 4)


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (5, 6, 7)])
def test_block_means_against_a_loop(size):
    x = random(2, *size)
    found = block_means(x, 4)
    labels = [np.arange(n) * 4 // n for n in size]
    for place in np.ndindex(*found.shape[1:]):
        inside = np.ix_(*[np.flatnonzero(axis == p) for axis, p in zip(labels, place, strict=True)])
        for image in range(2):
            assert float(found[(image, *place)]) == pytest.approx(x[image].numpy()[inside].mean())


def test_saliency_by_hand():
    """Root mean squares over two channels: 5 / sqrt(2) in one pixel, sqrt(2) in another."""
    gradient = torch.zeros(1, 2, 2, 2)
    gradient[0, :, 0, 0] = torch.tensor([3.0, -4.0])
    gradient[0, 0, 1, 1] = 2.0
    expected = torch.tensor([[5.0, 0.0], [0.0, 2.0]]) / 7.0
    torch.testing.assert_close(block_saliency(gradient, 2)[0], expected)


@pytest.mark.parametrize("size", [(6, 6), (4, 5, 6)])
def test_saliency_sums_to_1_and_is_uniform_without_a_gradient(size):
    gradient = random(3, 2, *size).float()
    gradient[1] = 0.0
    saliency = block_saliency(gradient, 2)
    torch.testing.assert_close(saliency.flatten(1).sum(1), torch.ones(3))
    assert bool((saliency[1] == 1 / saliency[1].numel()).all())
    assert block_saliency(gradient.bfloat16(), 2).dtype == torch.float32


def costs_of(first, second, *, blocks=2, lam=0.5, saliency=(None, None), **weights):
    """Return the costs of one pair; terms that get no weight are off."""
    grid = [1, *[blocks] * (first.ndim - 2)]
    maps = [torch.full(grid, 1.0 / math.prod(grid)) if s is None else s for s in saliency]
    off = {"beta": 0.0, "gamma": 0.0, "eta": 0.0, "neighbour_px": 4}
    return mask_costs(first, second, *maps, torch.tensor([lam]), **(off | weights))


def test_unary_cost_is_the_saliency_that_is_lost():
    one = torch.tensor([[[0.7, 0.1], [0.1, 0.1]]])
    two = torch.tensor([[[0.0, 0.5], [0.3, 0.2]]])
    image = torch.zeros(1, 1, 4, 4)
    unary, pairs = costs_of(image, image, saliency=(one, two))
    torch.testing.assert_close(unary[0, 0, 0], torch.tensor([0.7, 0.35, 0.0]))
    torch.testing.assert_close(unary[0, 1, 0], torch.tensor([0.1, 0.2, 0.3]))
    assert all(float(pair.abs().max()) == 0.0 for pair in pairs)


def test_prior_by_hand():
    """Binomial(2, .3): .49, .42, .09; spread over 4 blocks."""
    image = torch.zeros(1, 1, 4, 4)
    without, _ = costs_of(image, image, lam=0.3)
    unary, _ = costs_of(image, image, lam=0.3, eta=2.0)
    expected = -2.0 / 4 * torch.tensor([0.49, 0.42, 0.09]).log()
    torch.testing.assert_close(unary - without, expected.expand(1, 2, 2, 3))


def test_a_prior_at_the_ends_is_finite():
    image = torch.zeros(1, 1, 4, 4)
    for lam in (0.0, 1.0):
        assert bool(costs_of(image, image, lam=lam, eta=1.0)[0].isfinite().all())


def test_label_smoothness_by_hand():
    """Four neighbouring pairs in a grid of 2 by 2."""
    image = torch.zeros(1, 1, 4, 4)
    _, pairs = costs_of(image, image, beta=2.0)
    expected = 2.0 / 16 * torch.tensor([[0.0, 0.25, 1.0], [0.25, 0.0, 0.25], [1.0, 0.25, 0.0]])
    torch.testing.assert_close(pairs[0], expected.expand(1, 1, 2, 3, 3))
    torch.testing.assert_close(pairs[1], expected.expand(1, 2, 1, 3, 3))


def test_data_smoothness_by_hand():
    """Columns of the first image hold 0 0 1 3, of the second 4 4 4 4; two pixels a side.

    Profiles of the border between columns: first 0 and 2, second 4 and 4. With one pixel: 0 and 1.
    """
    first = torch.tensor([0.0, 0.0, 1.0, 3.0]).expand(1, 1, 4, 4)
    second = torch.full((1, 1, 4, 4), 4.0)
    before, after = [4.0, 2.0, 0.0], [4.0, 3.0, 2.0]  # z = 0, 1/2, 1
    expected = torch.tensor([[abs(b - a) for a in after] for b in before]) / 16
    for neighbour_px in (2, 9):
        _, pairs = costs_of(first, second, gamma=1.0, neighbour_px=neighbour_px)
        torch.testing.assert_close(pairs[1], expected.expand(1, 2, 1, 3, 3))
    _, pairs = costs_of(first, second, gamma=1.0, neighbour_px=1)
    assert float(pairs[1][0, 0, 0, 2, 2]) == pytest.approx(1.0 / 16)
    # Across rows only unlike labels make a step: |0 - 4| on the left, |1 - 4| and |3 - 4| right.
    assert float(pairs[0][0, 0, 0, 2, 0]) == pytest.approx(4.0 / 16)
    assert float(pairs[0][0, 0, 1, 2, 0]) == pytest.approx(2.0 / 16)
    assert float(pairs[0][0, 0, 1, 1, 1]) == pytest.approx(0.0)


@pytest.mark.parametrize(("size", "blocks"), [((9, 10), 4), ((6, 5, 7), 2)])
def test_data_smoothness_against_a_loop(size, blocks):
    first, second = random(1, 2, *size, seed=1), random(1, 2, *size, seed=2)
    _, pairs = costs_of(first, second, blocks=blocks, gamma=1.0, neighbour_px=2)
    index = [np.arange(n) * blocks // n for n in size]
    dims = len(size)
    n_pairs = 2 * dims * blocks**dims
    for axis, pair in enumerate(pairs):
        for place in np.ndindex(*pair.shape[1:]):
            block, labels = place[:dims], place[dims:]
            profiles = []
            for step, label in enumerate(labels):
                spans = [
                    np.flatnonzero(index[a] == b + step * (a == axis)) for a, b in enumerate(block)
                ]
                spans[axis] = spans[axis][:2] if step else spans[axis][-2:]
                z = label / 2
                mixed = (z * first + (1 - z) * second)[0].numpy()
                profiles.append(mixed[np.ix_(range(2), *spans)].mean(axis + 1))
            expected = np.abs(profiles[0] - profiles[1]).mean() / n_pairs
            assert float(pair[(0, *place)]) == pytest.approx(expected, abs=1e-12)


def test_costs_of_a_pair_the_other_way_round_are_the_same_read_backwards():
    one, two = random(1, 1, 8, 8, seed=3), random(1, 1, 8, 8, seed=4)
    maps = block_saliency(one, 4), block_saliency(two, 4)
    there, there_pairs = mask_costs(one, two, *maps, torch.tensor([0.3], dtype=torch.float64))
    back, back_pairs = mask_costs(two, one, *maps[::-1], torch.tensor([0.7], dtype=torch.float64))
    torch.testing.assert_close(there, back.flip(-1))
    for pair, other in zip(there_pairs, back_pairs, strict=True):
        torch.testing.assert_close(pair, other.flip(-1, -2))


def test_costs_are_in_float32_or_float64():
    image = random(1, 1, 4, 4)
    for dtype, wanted in ((torch.bfloat16, torch.float32), (torch.float64, torch.float64)):
        cast = image.to(dtype)
        maps = block_saliency(cast, 2), block_saliency(-cast, 2)
        unary, pairs = mask_costs(cast, cast, *maps, torch.tensor([0.5]))
        assert {unary.dtype, *(pair.dtype for pair in pairs)} == {wanted}
