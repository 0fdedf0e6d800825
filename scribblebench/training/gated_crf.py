"""The gated CRF loss: pixels that are alike should be predicted alike."""

from __future__ import annotations

import torch
from torch import Tensor


def gated_crf_loss(probs: Tensor, messages: Tensor, weight: Tensor, valid: Tensor) -> Tensor:
    """Average over pixels how much each disagrees with the neighbours that it is like.

    (1/N) * sum over i, j of k_ij (1 - sum over a of p_ia p_ja): the Potts model's energy, relaxed
    to probabilities, within a window (Obukhov et al. 2019, arXiv 1906.04651). N counts the valid
    pixels, and the sum runs over them.

    As the kernel is symmetric, the gradient with respect to p_ia is -2 messages_ia / N. It is
    therefore exact although `messages` are constants: no graph over the window is kept.

    Parameters
    ----------
    probs : Tensor, shape (B, K, ...)
        Computed in float32 at least.
    messages : Tensor, shape (B, K, ...)
    weight : Tensor, shape (B, ...)
        Both from `scribblebench.training.neighbours.weighted_neighbours`, of the same `probs`.
    valid : Tensor of bool, shape (B, ...)
        The one that they were computed with.

    Returns
    -------
    loss : Tensor of float32 (float64 from float64), scalar
        0, with zero gradient, where no pixel is valid.
    """
    probs = probs.to(torch.promote_types(probs.dtype, torch.float32))
    agreement = (probs * messages.detach()).sum(dim=1)
    # The value of -agreement with twice its gradient: each pair counts from both its ends.
    disagreement = weight.detach() - 2 * agreement + agreement.detach()
    # Both are 0 on pixels that are not valid.
    return disagreement.sum() / valid.sum().clamp(min=1)
