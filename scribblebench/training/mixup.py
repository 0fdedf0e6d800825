"""Mixup of pairs of images along blocks, by what is salient in each.

After PuzzleMix (Kim et al. 2020, ICML) as ZScribbleSeg uses it (Zhang et al. 2026): the more
annotated structure a mixed image shows, the more supervision a step gets. Drawing what is random
is kept apart from applying it, so a run draws the same mixes on every device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from scribblebench.training.block_costs import LEVELS, block_index, block_saliency, mask_costs
from scribblebench.training.block_mask import MAX_STATES, cheapest_labels
from scribblebench.training.device import to_device


@dataclass(frozen=True)
class MixupDraw:
    """What is random about the mixes of one batch, on the CPU.

    Parameters
    ----------
    first, second : Tensor of int64, shape (P,)
        The images of each pair; no image is in two pairs.
    lam : Tensor of float32, shape (P,)
        In [0, 1]: the share of `first` that the prior of the mask expects.
    blocks : int
        Blocks along each axis.
    """

    first: Tensor
    second: Tensor
    lam: Tensor
    blocks: int


def draw_mixup(n: int, *, blocks: Sequence[int], generator: Generator) -> MixupDraw:
    """Pair the images of a batch at random.

    Every pairing is equally likely; an odd batch leaves one image over. lam follows Beta(0.5, 0.5)
    (as sin^2(pi * u / 2) of a uniform u does: the arcsine law).

    Parameters
    ----------
    n : int
        Images of the batch; fewer than 2 make no pair.
    blocks : sequence of int
        Blocks along each axis, >= 1; one of these, equally likely, for the whole batch.
    generator : torch.Generator
        On the CPU.

    Raises
    ------
    ValueError
        If `blocks` is empty.
    """
    if not blocks:
        raise ValueError("blocks must hold at least one number, got none")
    n_pairs = n // 2
    order = torch.randperm(n, generator=generator)
    u = torch.rand(n_pairs, generator=generator)
    which = int(torch.randint(len(blocks), (), generator=generator))
    return MixupDraw(
        first=order[:n_pairs],
        second=order[n_pairs : 2 * n_pairs],
        lam=torch.sin(u * (math.pi / 2)).square(),
        blocks=blocks[which],
    )


@dataclass(frozen=True)
class Mix:
    """How each image of a batch is mixed with its partner.

    Parameters
    ----------
    partner : Tensor of int64, shape (B,)
        A permutation of the batch; the image itself where it is not mixed.
    share : Tensor of float32, shape (B, 1, *S)
        Share of the image itself at each pixel, 0, 1/2 or 1; its partner has the rest. It is the
        same for the two images of a pair, so the batch holds the mix of a pair in both directions:
        what one mixed image lacks of the two is in the other.
    """

    partner: Tensor
    share: Tensor

    def mix(self, x: Tensor) -> Tensor:
        """Mix images, probabilities or soft labels, shape (B, C, *S), in float32 or float64.

        The gradient flows into `x`, and none into the shares.
        """
        return self.share * x + (1.0 - self.share) * x.index_select(0, self.partner)


def unmixed(images: Tensor) -> Mix:
    """Return the mix that leaves a batch of shape (B, C, *S) as it is."""
    share = images.new_ones((len(images), 1, *images.shape[2:]), dtype=torch.float32)
    return Mix(torch.arange(len(images), device=images.device), share)


@torch.no_grad()
def saliency_mix(
    images: Tensor,
    gradient: Tensor,
    draw: MixupDraw,
    *,
    beta: float = 1.2,
    gamma: float = 0.5,
    eta: float = 0.2,
    neighbour_px: int = 4,
) -> Mix:
    """Find the mask of each pair that keeps what is salient in its two images.

    The mask is the exact minimiser of `mask_costs`: each block goes to the image that is more
    salient there, or half to each, against the smoothness of the mask and of the mixed image and
    the prior of the share. The mix of `first` is x_12 = z x_1 + (1 - z) x_2, and that of `second`
    the reverse x_21 = z x_2 + (1 - z) x_1 by the same mask, which holds what x_12 lacks. (A mask of
    its own for x_21 would be the complement of z and give x_12 again.) An image that is in no pair
    stays as it is. No gradient flows through the mask.

    Parameters
    ----------
    images : Tensor, shape (B, C, *S)
        Intensities in standard deviations; 2D or 3D.
    gradient : Tensor, shape (B, C, *S)
        Of the loss with respect to the images.
    draw : MixupDraw
        For a batch of B images.
    beta, gamma, eta, neighbour_px
        See `mask_costs`.

    Raises
    ------
    ValueError
        If there are more blocks than pixels along an axis, or too many for the exact search (more
        than 8 in 2D or 2 in 3D).
    """
    device, size = images.device, images.shape[2:]
    _check_blocks(draw.blocks, dims=len(size))
    first, second, lam = (to_device(part, device) for part in (draw.first, draw.second, draw.lam))
    saliency = block_saliency(gradient, draw.blocks)
    unary, pairs = mask_costs(
        images[first],
        images[second],
        saliency[first],
        saliency[second],
        lam,
        beta=beta,
        gamma=gamma,
        eta=eta,
        neighbour_px=neighbour_px,
    )
    z = cheapest_labels(unary, pairs) / 2.0
    partner = torch.arange(len(images), device=device)
    partner = partner.index_copy(0, first, second).index_copy(0, second, first)
    share = torch.ones(saliency.shape, device=device)
    share = share.index_copy(0, first, z).index_copy(0, second, z)
    for axis, length in enumerate(size, start=1):
        share = share.index_select(axis, block_index(length, draw.blocks, device))
    return Mix(partner, share[:, None])


def most_blocks(dims: int) -> int:
    """Return the most blocks along an axis for which the exact search for the mask can be done."""
    most = 1
    while len(LEVELS) ** ((most + 1) ** (dims - 1)) <= MAX_STATES:
        most += 1
    return most


def _check_blocks(blocks: int, *, dims: int) -> None:
    most = most_blocks(dims)
    if blocks > most:
        raise ValueError(f"blocks must be {most} or fewer in {dims}D, got {blocks}")
