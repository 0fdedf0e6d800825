"""The spatial prior: the pixels least likely to be of a class are taught not to be.

As many as the class ratios leave over (Zhang et al. 2026, Medical Image Analysis 112, 104074).
"""

from __future__ import annotations

import torch
from torch import Tensor


def spatial_energy(probs: Tensor, messages: Tensor) -> Tensor:
    """Return p_ik * sum over j of k_ij p_jk: high where a pixel and what is like it agree.

    Parameters
    ----------
    probs : Tensor, shape (B, K, ...)
    messages : Tensor, shape (B, K, ...)
        From `scribblebench.training.neighbours.weighted_neighbours`.

    Returns
    -------
    energy : Tensor, shape (B, K, ...)
        0 on pixels that are not valid.
    """
    return probs * messages


def negatives(energy: Tensor, ratios: Tensor, where: Tensor) -> Tensor:
    """Flag, for each class, the pixels of `where` that have the lowest energy.

    Of the n pixels of `where` in the whole batch, n - round(ratio * n), which leaves the class
    its share. Ties are broken by raster order, the first being flagged first.

    Parameters
    ----------
    energy : Tensor, shape (B, K, ...)
        Finite on `where`.
    ratios : Tensor, shape (K,)
        Of the classes that `energy` has. What lies outside [0, 1] counts as its nearer end.
    where : Tensor of bool, shape (B, ...)
        The unannotated pixels.

    Returns
    -------
    flagged : Tensor of bool, shape (B, K, ...)
        Subset of `where`, of exactly that many pixels a class.
    """
    inside = where.flatten()
    n_inside = inside.sum()
    # float64, since float32 does not hold every count of pixels.
    n_kept = (ratios.double().clamp(0.0, 1.0) * n_inside).round().long()
    n_flagged = (n_inside - n_kept)[:, None]
    by_class = torch.where(inside, energy.detach().movedim(1, 0).flatten(1), torch.inf)
    on_host = energy.device.type == "cpu"
    threshold = _kth_lowest(by_class, n_flagged.clamp(min=1), on_host=on_host)
    below = by_class < threshold
    tied = by_class == threshold
    n_open = n_flagged - below.sum(dim=1, keepdim=True)
    flagged = below | (tied & (tied.cumsum(dim=1) <= n_open))
    return flagged.view(-1, *where.shape).movedim(0, 1)


def _kth_lowest(rows: Tensor, k: Tensor, *, on_host: bool) -> Tensor:
    """Return the k-th lowest value of each row (R, N), for k (R, 1) from 1 on."""
    if on_host:
        # Partitioning takes a tenth of the time of sorting, but k has to be known here.
        pairs = zip(rows, k.flatten().tolist(), strict=True)
        return torch.stack([row.kthvalue(rank).values for row, rank in pairs])[:, None]
    return rows.sort(dim=1).values.gather(1, k - 1)


def spatial_loss(logits: Tensor, flagged: Tensor, *, marginal: bool = False) -> Tensor:
    """Penalise the probability of the classes that are flagged.

    -(1/n) * sum over flagged (i, k) of log(1 - p_ik), where n counts all pixels of the batch.

    Parameters
    ----------
    logits : Tensor, shape (B, K, ...)
        Computed in float32 at least; K >= 2.
    flagged : Tensor of bool, shape (B, K, ...)
        Of all classes: a class that has no negatives is False.
    marginal : bool
        One term a pixel instead, as in the authors' release: -log of the summed probability of
        the classes that are not flagged; 0 where all are.

    Returns
    -------
    loss : Tensor of float32 (float64 from float64), scalar
        Finite for finite logits; 0, with zero gradient, where nothing is flagged.
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    n_classes, n_pixels = logits.shape[1], logits.numel() // logits.shape[1]
    log_all = logits.logsumexp(dim=1)
    if marginal:
        excluded = flagged & ~flagged.all(dim=1, keepdim=True)
        log_kept = logits.masked_fill(excluded, -torch.inf).logsumexp(dim=1)
        return (log_all - log_kept).sum() / n_pixels
    total = logits.new_zeros(())
    for k in range(n_classes):
        # log(1 - p_k) from the other logits, which stays exact where p_k rounds to 1.
        others = torch.cat([logits[:, :k], logits[:, k + 1 :]], dim=1)
        total = total + ((log_all - others.logsumexp(dim=1)) * flagged[:, k]).sum()
    return total / n_pixels
