"""Losses on logits that look at single pixels."""

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


def soft_labels(targets: Tensor, n_classes: int, ignore_label: int) -> Tensor:
    """Return one-hot labels that can be mixed; 0 for every class where nothing is annotated.

    Parameters
    ----------
    targets : Tensor of int64, shape (B, *S)
        Class ids or `ignore_label`.
    n_classes : int
    ignore_label : int

    Returns
    -------
    soft : Tensor of float32, shape (B, K, *S)
    """
    annotated = (targets != ignore_label)[:, None]
    classes = torch.arange(n_classes, device=targets.device)
    classes = classes.reshape(n_classes, *[1] * (targets.ndim - 1))
    return ((targets[:, None] == classes) & annotated).float()


def dice_loss(logits: Tensor, targets: Tensor, *, ignore_label: int) -> Tensor:
    """Return 1 - soft Dice, averaged over the foreground classes.

    Soft Dice of a class is 2 * sum(p * y) / (sum(p) + sum(y)), summed over all annotated pixels
    of the batch at once (Milletari et al. 2016, 3DV, without the squares). A class that is
    neither in the targets nor predicted counts as Dice 1.

    Parameters and shapes as in `partial_cross_entropy`.
    """
    return soft_dice_loss(logits, soft_labels(targets, logits.shape[1], ignore_label))


def soft_dice_loss(logits: Tensor, soft: Tensor) -> Tensor:
    """Return `dice_loss` against soft labels; a pixel counts by the mass of its label.

    Parameters
    ----------
    logits : Tensor, shape (B, K, ...)
    soft : Tensor, shape (B, K, ...)
        Non-negative; sums to at most 1 over classes.
    """
    probs = logits.float().softmax(dim=1) * soft.sum(dim=1, keepdim=True)
    axes = [0, *range(2, logits.ndim)]
    overlap = (probs * soft).sum(axes)[1:]
    size = (probs.sum(axes) + soft.sum(axes))[1:]
    smooth = 1e-5
    return 1.0 - ((2.0 * overlap + smooth) / (size + smooth)).mean()


def soft_cross_entropy(logits: Tensor, soft: Tensor, *, over_all_pixels: bool = False) -> Tensor:
    """Average the cross-entropy towards soft labels over their mass.

    -sum over i, k of y_ik log softmax(logits)_ik, divided by the sum of y: a pixel without a
    label has no mass, one that is half of an annotated and half of an unannotated pixel counts
    half. Equals `partial_cross_entropy` for one-hot labels.

    Parameters
    ----------
    logits : Tensor, shape (B, K, ...)
    soft : Tensor, shape (B, K, ...)
        Non-negative; sums to at most 1 over classes.
    over_all_pixels : bool
        Divide by the number of all pixels instead, which weakens the term where annotation is
        sparse (as the authors' release of ZScribbleSeg does).

    Returns
    -------
    loss : Tensor of float32, scalar
        0, with zero gradient, where there is no mass.
    """
    total = -(soft * logits.float().log_softmax(dim=1)).sum()
    if over_all_pixels:
        return total / (logits.numel() // logits.shape[1])
    mass = soft.sum()
    return total / torch.where(mass > 0, mass, 1.0)


def masked_mean(values: Tensor, where: Tensor) -> Tensor:
    """Average `values` over the pixels of `where`; 0, with zero gradient, if there are none."""
    return (values * where).sum() / where.sum().clamp(min=1)


def allowed_classes_loss(logits: Tensor, allowed: Tensor, where: Tensor) -> Tensor:
    """Penalise probability on classes that a pixel cannot have.

    -log of the summed probability of the allowed classes, averaged over the pixels of `where` that
    may not have every class. (A partial label in the sense of Cour et al. 2011, JMLR 12.)

    Parameters
    ----------
    logits : Tensor, shape (B, K, ...)
    allowed : Tensor of bool, shape (B, K, ...)
        At least one class a pixel.
    where : Tensor of bool, shape (B, ...)
    """
    logits = logits.float()
    some = logits.masked_fill(~allowed, -torch.inf).logsumexp(dim=1)
    return masked_mean(logits.logsumexp(dim=1) - some, where & ~allowed.all(dim=1))


def entropy_loss(logits: Tensor, where: Tensor) -> Tensor:
    """Average the entropy of the predictions, in nats, over the pixels of `where`.

    (Grandvalet and Bengio 2004, NeurIPS 17.)

    Parameters
    ----------
    logits : Tensor, shape (B, K, ...)
    where : Tensor of bool, shape (B, ...)
    """
    log_probs = logits.float().log_softmax(dim=1)
    return masked_mean(-(log_probs.exp() * log_probs).sum(dim=1), where)


def soft_target_loss(logits: Tensor, probs: Tensor, where: Tensor) -> Tensor:
    """Average the cross-entropy towards predicted probabilities over the pixels of `where`.

    Parameters
    ----------
    logits : Tensor, shape (B, K, ...)
    probs : Tensor, shape (B, K, ...)
        No gradient flows into them.
    where : Tensor of bool, shape (B, ...)
    """
    return masked_mean(-(probs.detach() * logits.float().log_softmax(dim=1)).sum(dim=1), where)
