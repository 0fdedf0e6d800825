"""Pseudo labels mixed from two decoders (DMPLS; Luo et al. 2022, MICCAI, arXiv 2203.02106)."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from scribblebench.training.device import to_device
from scribblebench.training.losses import dice_loss
from scribblebench.types import IGNORE_LABEL


def mixed_pseudo_label_loss(
    first: Tensor, second: Tensor, inside: Tensor, *, generator: Generator
) -> Tensor:
    """Average the Dice losses of two decoders against labels mixed from both.

    The labels are the arg-max of a * p_first + (1 - a) * p_second, with one a drawn uniformly from
    [0, 1) for each step; no gradient flows into them.

    Parameters
    ----------
    first, second : Tensor, shape (B, K, *S)
        Logits.
    inside : Tensor of bool, shape (B, *S)
        Pixels that count.
    generator : torch.Generator
        On the CPU.
    """
    share = to_device(torch.rand((), generator=generator), first.device)
    with torch.no_grad():
        mixed = share * first.softmax(dim=1) + (1.0 - share) * second.softmax(dim=1)
        labels = torch.where(inside, mixed.max(dim=1).indices, IGNORE_LABEL)
    losses = [dice_loss(logits, labels, ignore_label=IGNORE_LABEL) for logits in (first, second)]
    return (losses[0] + losses[1]) / 2
