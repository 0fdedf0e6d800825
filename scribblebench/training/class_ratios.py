"""Class ratios of a batch: counted, or estimated by expectation maximisation."""

from __future__ import annotations

import torch
from torch import Tensor

MAX_ROUNDS = 100
TOLERANCE = 1e-3
"""Both from the method's paper."""


def annotated_ratios(targets: Tensor, n_classes: int, *, ignore_label: int) -> Tensor:
    """Count the share of each class among annotated pixels, |A_k| / |A|.

    Parameters
    ----------
    targets : Tensor of int64, shape (B, ...)
        Class ids or `ignore_label`.
    n_classes : int
    ignore_label : int

    Returns
    -------
    ratios : Tensor of float32, shape (K,)
        Sum to 1; all 0 where nothing is annotated.
    """
    return _shares(targets, targets != ignore_label, n_classes)


def argmax_ratios(probs: Tensor, where: Tensor) -> Tensor:
    """Count the share of each class among the predictions on the pixels of `where`.

    Parameters
    ----------
    probs : Tensor, shape (B, K, ...)
        A pixel's prediction is the class of its highest probability.
    where : Tensor of bool, shape (B, ...)

    Returns
    -------
    ratios : Tensor of float32, shape (K,)
        Sum to 1; all 0 where `where` is empty.
    """
    # Not argmax, which takes 15 times as long on the CPU.
    return _shares(probs.detach().max(dim=1).indices, where, probs.shape[1])


def oracle_ratios(dense: Tensor, where: Tensor, n_classes: int, *, ignore_label: int) -> Tensor:
    """Count the true share of each class among the pixels of `where`.

    Parameters
    ----------
    dense : Tensor of int64, shape (B, ...)
        Class ids; pixels of `ignore_label` are not known and do not count.
    where : Tensor of bool, shape (B, ...)
    n_classes : int
    ignore_label : int

    Returns
    -------
    ratios : Tensor of float32, shape (K,)
        Sum to 1; all 0 where no pixel of `where` is known.
    """
    return _shares(dense, where & (dense != ignore_label), n_classes)


def em_ratios(probs: Tensor, where: Tensor, prior: Tensor) -> Tensor:
    """Estimate the class ratios among the pixels of `where` from a classifier's probabilities.

    The classifier learned under the ratios `prior`, r; the pixels of `where` have others, pi.
    Starting from pi = r, each round re-weights every prediction and averages,

        w_ik = (pi_k / r_k) p_ik / sum over l of (pi_l / r_l) p_il,    pi_k <- mean over i of w_ik,

    until pi changes by less than 1e-3 in all (sum of absolute changes), for at most 100 rounds
    (Saerens et al. 2002, Neural Computation 14(1)). The estimate is as good as the classifier is
    calibrated. On the CPU the rounds end there. Elsewhere the host does not wait to learn it: the
    remaining rounds run too, with pi frozen, so that the result is the same.

    Parameters
    ----------
    probs : Tensor, shape (B, K, ...)
        Computed in float32 at least; no gradient flows into them.
    where : Tensor of bool, shape (B, ...)
        The pixels whose ratios are meant: the unannotated ones.
    prior : Tensor, shape (K,)
        Ratios among annotated pixels. A class of 0 gets 0.

    Returns
    -------
    ratios : Tensor of float32 (float64 from float64), shape (K,)
        Sum to 1. `prior` where it is all 0 or `where` is empty. Pixels whose probability lies
        wholly on classes of prior 0 have no say; where all are like that, `prior` as well.
    """
    dtype = torch.promote_types(probs.dtype, torch.float32)
    by_class = probs.detach().to(dtype).movedim(1, 0).flatten(1)
    stop_early = probs.device.type == "cpu"
    return _expectation_maximisation(
        by_class, where.flatten().to(dtype), prior.detach().to(dtype), stop_early=stop_early
    )


def _expectation_maximisation(
    probs: Tensor, weight: Tensor, prior: Tensor, *, stop_early: bool
) -> Tensor:
    """Run the rounds on probabilities (K, N) of pixels that weigh 0 or 1."""
    per_prior = torch.where(prior > 0, 1 / prior, 0)
    smallest = torch.finfo(probs.dtype).tiny
    ratios = prior
    converged = torch.zeros((), dtype=torch.bool, device=probs.device)
    for _ in range(MAX_ROUNDS):
        if stop_early and bool(converged):
            break
        lift = (ratios * per_prior)[:, None]
        # Products and sums, not matmul, which autocast and TF32 would round.
        evidence = (lift * probs).sum(dim=0)
        mass = (lift * (probs * (weight / evidence.clamp(min=smallest)))).sum(dim=1)
        total = mass.sum()
        update = torch.where(total > 0, mass / total, ratios)
        change = (update - ratios).abs().sum()
        ratios = torch.where(converged, ratios, update)
        converged = converged | (change < TOLERANCE)
    return ratios


def _shares(classes: Tensor, where: Tensor, n_classes: int) -> Tensor:
    # Not bincount: it makes the host wait on CUDA.
    counts = torch.stack([((classes == k) & where).sum() for k in range(n_classes)])
    return counts.float() / counts.sum().clamp(min=1)
