"""What a mask over the blocks of two images costs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor

LEVELS = (0.0, 0.5, 1.0)
"""What a label of the mask stands for: the share z of the first image in a block."""

SURE = 1e-3
"""The prior's mean is kept this far from 0 and 1, where a level would cost infinitely much."""


def block_edges(length: int, blocks: int) -> list[int]:
    """Return the first pixel of each block of an axis, and its length at the end.

    Pixel i belongs to block floor(i * blocks / length), so blocks differ by at most one pixel.

    Raises
    ------
    ValueError
        If `blocks` is not between 1 and `length`.
    """
    if not 1 <= blocks <= length:
        raise ValueError(f"blocks must be between 1 and the image's side {length}, got {blocks}")
    return [-(-block * length // blocks) for block in range(blocks + 1)]


def block_index(length: int, blocks: int, device: torch.device) -> Tensor:
    """Return the block of each pixel of an axis, int64 of shape (length,)."""
    return torch.arange(length, device=device) * blocks // length


def block_means(x: Tensor, blocks: int) -> Tensor:
    """Average each map over a grid with `blocks` blocks along every axis.

    Parameters
    ----------
    x : Tensor, shape (B, *S)
        Sides need not be multiples of `blocks`; see `block_edges`.
    blocks : int

    Returns
    -------
    means : Tensor, shape (B, blocks, ..., blocks)
        Float32 or float64.
    """
    x = _wide(x)
    for axis in range(1, x.ndim):
        x = _span_means(x, axis, pairwise(block_edges(x.shape[axis], blocks)))
    return x


def block_saliency(gradient: Tensor, blocks: int) -> Tensor:
    """Return the share of each block in an image's saliency.

    A pixel's saliency is the root mean square of the gradient over channels.

    Parameters
    ----------
    gradient : Tensor, shape (B, C, *S)
        Of the loss with respect to the images.
    blocks : int
        Along each axis.

    Returns
    -------
    saliency : Tensor, shape (B, blocks, ..., blocks)
        Sums to 1 for each image; uniform where the gradient is 0 everywhere. Float32 or float64.
    """
    means = block_means(_wide(gradient).square().mean(dim=1).sqrt(), blocks)
    total = means.sum(dim=tuple(range(1, means.ndim)), keepdim=True)
    uniform = 1.0 / blocks ** (means.ndim - 1)
    return torch.where(total > 0, means / total, uniform)


def mask_costs(
    first: Tensor,
    second: Tensor,
    first_saliency: Tensor,
    second_saliency: Tensor,
    lam: Tensor,
    *,
    beta: float = 1.2,
    gamma: float = 0.5,
    eta: float = 0.2,
    neighbour_px: int = 4,
) -> tuple[Tensor, list[Tensor]]:
    """Return what each label of each block, and of each pair of neighbours, costs.

    A block with label l holds z = `LEVELS`[l] of the first image and 1 - z of the second. The sum
    of four terms is to be minimal:

    - saliency that is lost: (1 - z) s_first + z s_second, summed over blocks;
    - label smoothness: beta times the mean over neighbours of (z_i - z_j)^2;
    - data smoothness: gamma times the mean over neighbours of the step in intensity at
      their border: the mean absolute difference, along the border and over channels, of the two
      sides' profiles. A side's profile is the mixed block averaged over the `neighbour_px` pixels
      nearest to the border;
    - prior: eta times the mean over blocks of -log Binomial(2, lam)(2 z), whose z has mean lam.

    The saliency of an image sums to 1 over its blocks and the other terms are means, so all four
    are of one order whatever the number of blocks. Means over neighbours divide by the 2 x dims
    neighbours that each block might have. The paper does not give its normalisation; dividing by
    the pairs that there are makes nearly all 2 x 2 masks constant with its weights.

    Parameters
    ----------
    first, second : Tensor, shape (P, C, *S)
        Intensities in standard deviations; 2D or 3D.
    first_saliency, second_saliency : Tensor, shape (P, *grid)
    lam : Tensor, shape (P,)
        In [0, 1]; clamped to [`SURE`, 1 - `SURE`].
    beta, gamma, eta : float
        Weights, >= 0.
    neighbour_px : int
        >= 1; a thinner block has fewer.

    Returns
    -------
    unary : Tensor, shape (P, *grid, 3)
    pairs : list of Tensor
        For each axis a, shape (P, *grid with axis a one shorter, 3, 3). As `cheapest_labels`
        takes them, in float32 or float64.
    """
    first, second = _wide(first), _wide(second)
    n_pairs, grid = len(first_saliency), first_saliency.shape[1:]
    n_blocks = math.prod(grid)
    n_neighbours = 2 * len(grid) * n_blocks
    # Not from a list, which would be copied from the host.
    z = torch.linspace(LEVELS[0], LEVELS[-1], len(LEVELS), dtype=first.dtype, device=first.device)

    lam = lam.to(first.dtype).clamp(SURE, 1.0 - SURE)
    log_hit, log_miss = lam.log(), (1.0 - lam).log()
    log_prior = torch.stack([2 * log_miss, math.log(2) + log_hit + log_miss, 2 * log_hit], dim=-1)
    log_prior = log_prior.reshape(n_pairs, *[1] * len(grid), len(LEVELS))
    lost = (1.0 - z) * first_saliency[..., None] + z * second_saliency[..., None]
    unary = lost - eta / n_blocks * log_prior

    unlike = beta * (z[:, None] - z).square()
    pairs = [
        (unlike + gamma * _border_steps(first, second, z, axis, grid, neighbour_px)) / n_neighbours
        for axis in range(len(grid))
    ]
    return unary, pairs


def _border_steps(
    first: Tensor, second: Tensor, z: Tensor, axis: int, grid: torch.Size, neighbour_px: int
) -> Tensor:
    """Return the step in intensity across each border along `axis`, for each pair of labels."""
    edges = block_edges(first.shape[axis + 2], grid[axis])
    starts, borders, ends = edges[:-2], edges[1:-1], edges[2:]
    before = [(max(s, b - neighbour_px), b) for s, b in zip(starts, borders, strict=True)]
    after = [(b, min(e, b + neighbour_px)) for b, e in zip(borders, ends, strict=True)]
    share = z.reshape(-1, *[1] * first.ndim)

    def profiles(spans: list[tuple[int, int]]) -> Tensor:
        one, other = (_span_means(image, axis + 2, spans) for image in (first, second))
        return share * one + (1.0 - share) * other

    # Axes: label before, label after, pair, then space.
    steps = (profiles(before)[:, None] - profiles(after)[None]).abs().mean(dim=3)
    for other, blocks in enumerate(grid):
        if other != axis:
            dim = other + 3
            steps = _span_means(steps, dim, pairwise(block_edges(steps.shape[dim], blocks)))
    return steps.movedim((0, 1), (-2, -1))


def _span_means(x: Tensor, dim: int, spans: Iterable[tuple[int, int]]) -> Tensor:
    """Average over spans of an axis; their number, which may be 0, replaces its length."""
    means = [x.narrow(dim, a, b - a).mean(dim=dim, keepdim=True) for a, b in spans]
    return torch.cat([x.narrow(dim, 0, 0), *means], dim=dim)


def _wide(x: Tensor) -> Tensor:
    """Return `x` in float32, or as it is if it is in float64."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
