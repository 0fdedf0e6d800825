"""The cheapest labelling of a small grid of blocks, found exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

MAX_STATES = 3**8
"""Labellings of one slab; 8 x 8 blocks with 3 labels need as many. More would not fit memory."""


def cheapest_labels(unary: Tensor, pairs: Sequence[Tensor]) -> Tensor:
    """Minimise the sum of block costs and of costs between neighbouring blocks.

    A min-sum dynamic programme along axis 0 of the grid (Bellman). Its state is the labels of a
    whole slab, the blocks that share an index along axis 0. From one slab to the next the state
    changes block by block: each block in turn minimises over the label of the block before it,
    which takes labels ** width * labels * width operations a slab, not the square of the number
    of states. The labels are then read off backwards. All images of the batch run at once, and
    nothing is copied to the host.

    Parameters
    ----------
    unary : Tensor, shape (B, *grid, L)
        Cost of each label of each block; finite, of any floating type.
    pairs : sequence of Tensor, one for each axis of the grid
        ``pairs[a]`` has shape (B, *grid with axis a one shorter, L, L): the cost of (label of a
        block, label of the next block along axis a).

    Returns
    -------
    labels : Tensor of int64, shape (B, *grid)
        A minimiser, in [0, L). Among equally cheap ones always the same.

    Raises
    ------
    ValueError
        If a slab has more than `MAX_STATES` labellings, or `pairs` does not fit `unary`.
    """
    n_images, *grid, n_labels = unary.shape
    width = math.prod(grid[1:])
    if n_labels**width > MAX_STATES:
        raise ValueError(
            f"blocks must give a slab of the grid at most {MAX_STATES} labellings, "
            f"got {n_labels} ** {width} for a grid of {grid}"
        )
    _check_pairs(unary, pairs)
    labels_of_state = _labels_of_states(n_labels, width, unary.device)
    slab_costs = _slab_costs(unary, pairs, labels_of_state)
    between = pairs[0].reshape(n_images, grid[0] - 1, width, n_labels, n_labels)

    cost = slab_costs[:, 0]
    choices: list[Tensor] = []
    for slab in range(1, grid[0]):
        for block in range(width):
            n_later = n_labels ** (width - 1 - block)
            before = cost.reshape(n_images, n_labels**block, n_labels, 1, n_later)
            change = between[:, slab - 1, block, None, :, :, None]
            cost, choice = (before + change).min(dim=2)
            choices.append(choice.flatten(1))
        cost = cost.flatten(1) + slab_costs[:, slab]

    state = cost.argmin(dim=1, keepdim=True)
    slabs = [labels_of_state[state[:, 0]]]
    for _ in range(1, grid[0]):
        for block in reversed(range(width)):
            n_later = n_labels ** (width - 1 - block)
            before = choices.pop().gather(1, state)
            state = state + (before - state // n_later % n_labels) * n_later
        slabs.append(labels_of_state[state[:, 0]])
    return torch.stack(slabs[::-1], dim=1).reshape(n_images, *grid)


def _check_pairs(unary: Tensor, pairs: Sequence[Tensor]) -> None:
    n_images, *grid, n_labels = unary.shape
    wanted = [
        (n_images, *grid[:axis], grid[axis] - 1, *grid[axis + 1 :], n_labels, n_labels)
        for axis in range(len(grid))
    ]
    shapes = [tuple(pair.shape) for pair in pairs]
    if shapes != wanted:
        raise ValueError(f"pairs must have the shapes {wanted}, got {shapes}")


def _labels_of_states(n_labels: int, width: int, device: torch.device) -> Tensor:
    """Return the (states, width) labels; a state's number has them as digits, block 0 first."""
    place = n_labels ** torch.arange(width - 1, -1, -1, device=device)
    return torch.arange(n_labels**width, device=device)[:, None] // place % n_labels


def _slab_costs(unary: Tensor, pairs: Sequence[Tensor], labels_of_state: Tensor) -> Tensor:
    """Return the costs of each state within each slab, shape (B, slabs, states)."""
    n_images, n_slabs, *rest, n_labels = unary.shape
    width = labels_of_state.shape[1]
    blocks = torch.arange(width, device=unary.device)
    costs = unary.reshape(n_images, n_slabs, width, n_labels)[:, :, blocks, labels_of_state].sum(-1)
    places = blocks.reshape(rest)
    for axis, size in enumerate(rest):
        block = places.narrow(axis, 0, size - 1).flatten()
        following = places.narrow(axis, 1, size - 1).flatten()
        pair = pairs[axis + 1].reshape(n_images, n_slabs, len(block), n_labels, n_labels)
        index = torch.arange(len(block), device=unary.device)
        labels = labels_of_state[:, block], labels_of_state[:, following]
        costs = costs + pair[:, :, index, labels[0], labels[1]].sum(-1)
    return costs
