import itertools
import math

import numpy as np
import pytest
import torch

from scribblebench.training.block_mask import cheapest_labels


def random_costs(grid, *, n_labels=3, batch=4, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    unary = torch.rand((batch, *grid, n_labels), generator=generator, dtype=dtype)
    pairs = []
    for axis in range(len(grid)):
        shape = [batch, *grid, n_labels, n_labels]
        shape[axis + 1] -= 1
        pairs.append(torch.rand(shape, generator=generator, dtype=dtype))
    return unary, pairs


def energy(labels, unary, pairs):
    """Sum the costs of one mask of one image, entry by entry."""
    total = 0.0
    for place in np.ndindex(*labels.shape):
        total += float(unary[(*place, labels[place])])
        for axis in range(labels.ndim):
            following = list(place)
            following[axis] += 1
            if following[axis] < labels.shape[axis]:
                total += float(pairs[axis][(*place, labels[place], labels[tuple(following)])])
    return total


def of_image(image, unary, pairs):
    return unary[image].numpy(), [pair[image].numpy() for pair in pairs]


@pytest.mark.parametrize("grid", [(2, 2), (2, 4), (4, 2), (3, 3), (1, 3), (3, 1), (5,), (2, 2, 2)])
def test_no_mask_is_cheaper(grid):
    """Against all 3 ** n masks; costs are asymmetric, so a swapped axis or label shows."""
    unary, pairs = random_costs(grid, batch=2)
    found = cheapest_labels(unary, pairs).numpy()
    assert found.shape == (2, *grid)
    n_blocks = math.prod(grid)
    masks = np.array(list(itertools.product(range(3), repeat=n_blocks))).reshape(-1, *grid)
    for image in range(2):
        one, two = of_image(image, unary, pairs)
        costs = np.zeros(len(masks))
        for place in np.ndindex(*grid):
            costs += one[place][masks[(slice(None), *place)]]
        for axis, pair in enumerate(two):
            for place in np.ndindex(*pair.shape[:-2]):
                following = tuple(p + (a == axis) for a, p in enumerate(place))
                labels = masks[(slice(None), *place)], masks[(slice(None), *following)]
                costs += pair[place][labels]
        np.testing.assert_array_equal(found[image], masks[costs.argmin()])


def cheapest_energy_by_rows(unary, pairs):
    """Return the least energy of an (n, 4) grid from the recursion over whole rows, written out."""
    states = list(itertools.product(range(3), repeat=4))

    def row_cost(row, state):
        alone = sum(unary[row, j, state[j]] for j in range(4))
        return alone + sum(pairs[1][row, j, state[j], state[j + 1]] for j in range(3))

    best = {state: row_cost(0, state) for state in states}
    for row in range(1, len(unary)):
        change = pairs[0][row - 1]
        best = {
            state: row_cost(row, state)
            + min(
                best[other] + sum(change[j, other[j], state[j]] for j in range(4))
                for other in states
            )
            for state in states
        }
    return min(best.values())


def test_4_by_4_blocks_reach_the_least_energy():
    unary, pairs = random_costs((4, 4), batch=2, seed=1)
    found = cheapest_labels(unary, pairs).numpy()
    for image in range(2):
        one, two = of_image(image, unary, pairs)
        least = cheapest_energy_by_rows(one, two)
        assert energy(found[image], one, two) == pytest.approx(least, abs=1e-12)


@pytest.mark.parametrize("grid", [(4, 4), (2, 8), (8, 8)])
def test_no_single_block_can_be_changed_for_the_better(grid):
    unary, pairs = random_costs(grid, batch=1, seed=2)
    found = cheapest_labels(unary, pairs).numpy()[0]
    one, two = of_image(0, unary, pairs)
    least = energy(found, one, two)
    for place in np.ndindex(*grid):
        for label in range(3):
            other = found.copy()
            other[place] = label
            assert energy(other, one, two) >= least - 1e-12
    rng = np.random.default_rng(0)
    for _ in range(200):
        assert energy(rng.integers(3, size=grid), one, two) > least


def test_images_of_a_batch_do_not_mix():
    unary, pairs = random_costs((4, 4), batch=5, seed=3)
    together = cheapest_labels(unary, pairs)
    for i in range(5):
        alone = cheapest_labels(unary[i : i + 1], [pair[i : i + 1] for pair in pairs])
        assert torch.equal(alone[0], together[i])


def test_ties_are_broken_the_same_way_each_time():
    unary = torch.zeros(2, 4, 4, 3)
    pairs = [torch.zeros(2, 3, 4, 3, 3), torch.zeros(2, 4, 3, 3, 3)]
    found = cheapest_labels(unary, pairs)
    assert torch.equal(found, cheapest_labels(unary, pairs))
    assert torch.equal(found[0], found[1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_labels_are_int64_whatever_the_costs_are(dtype):
    unary, pairs = random_costs((2, 2), dtype=torch.float32)
    found = cheapest_labels(unary.to(dtype), [pair.to(dtype) for pair in pairs])
    assert found.dtype == torch.int64


def test_an_empty_batch_gives_no_labels():
    unary, pairs = random_costs((2, 2), batch=0)
    assert cheapest_labels(unary, pairs).shape == (0, 2, 2)


def test_bad_input_is_refused_in_words():
    unary, pairs = random_costs((2, 3, 3), batch=1)
    with pytest.raises(ValueError, match=r"blocks must give a slab .* at most 6561 labellings"):
        cheapest_labels(unary, pairs)
    unary, pairs = random_costs((2, 4), batch=1)
    with pytest.raises(ValueError, match="pairs must have the shapes"):
        cheapest_labels(unary, pairs[::-1])
    with pytest.raises(ValueError, match="pairs must have the shapes"):
        cheapest_labels(unary, pairs[:1])
