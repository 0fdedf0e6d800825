"""Losses on logits, all blind to pixels that hold the ignore label."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def partial_cross_entropy(logits: Tensor, targets: Tensor, *, ignore_label: int) -> Tensor:
    """Average the cross-entropy over annotated pixels.

    -(1/|A|) * sum over i in A of log softmax(logits)_i,target_i, where A holds the pixels of the
    whole batch that are annotated, background included (Tang et al. 2018, CVPR).

    Parameters
    ----------
    logits : Tensor, shape (B, K, ...)
        Any floating type; computed in float32.
    targets : Tensor of int64, shape (B, ...)
        Class ids or `ignore_label`.
    ignore_label : int

    Returns
    -------
    loss : Tensor of float32, scalar
        0, with zero gradient, where nothing is annotated.
    """
    total = functional.cross_entropy(
        logits.float(), targets, ignore_index=ignore_label, reduction="sum"
    )
    n_annotated = (targets != ignore_label).sum()
    return total / n_annotated.clamp(min=1)


def dice_loss(logits: Tensor, targets: Tensor, *, ignore_label: int) -> Tensor:
    """Return 1 - soft Dice, averaged over the foreground classes.

    Soft Dice of a class is 2 * sum(p * y) / (sum(p) + sum(y)), summed over all annotated pixels
    of the batch at once (Milletari et al. 2016, 3DV, without the squares). A class that is
    neither in the targets nor predicted counts as Dice 1.

    Parameters and shapes as in `partial_cross_entropy`.
    """
    annotated = targets != ignore_label
    probs = logits.float().softmax(dim=1) * annotated[:, None]
    classes = torch.where(annotated, targets, 0)
    onehot = functional.one_hot(classes, logits.shape[1]).movedim(-1, 1) * annotated[:, None]
    axes = [0, *range(2, logits.ndim)]
    overlap = (probs * onehot).sum(axes)[1:]
    size = (probs.sum(axes) + onehot.sum(axes))[1:]
    smooth = 1e-5
    return 1.0 - ((2.0 * overlap + smooth) / (size + smooth)).mean()
