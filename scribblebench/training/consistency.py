"""Agreement between the prediction on mixed images and the mixed predictions."""

from __future__ import annotations

import torch
from torch import Tensor

from scribblebench.training.mixup import Mix


def global_consistency(
    mixed_probs: Tensor, probs: Tensor, mix: Mix, keep: Tensor, *, per_pixel: bool = False
) -> Tensor:
    """Average the negative cosine between prediction of the mix and mix of the predictions.

    v is the prediction on the mixed images, u the predictions on the images themselves, mixed in
    the same way; both are set to 0 outside `keep`. The loss is the mean over images of -cos(u, v),
    each taken as one vector of all classes and pixels (Zhang et al. 2026, ZScribbleSeg). Their
    1/2 [-cos(u_12, v_12) - cos(u_21, v_21)] is this mean over a pair, for the batch holds both
    directions. The gradient flows into both predictions.

    Parameters
    ----------
    mixed_probs : Tensor, shape (B, K, *S)
        Class probabilities on the mixed images; computed in float32 or float64.
    probs : Tensor, shape (B, K, *S)
        Class probabilities on the images before mixing.
    mix : Mix
    keep : Tensor of bool, shape (B, *S)
        Pixels of the mixed images that count; False in an occluded hole.
    per_pixel : bool
        The variant in the authors' release: the mean over all kept pixels of the batch of the
        negative cosine between the two vectors of class probabilities.

    Returns
    -------
    loss : Tensor, scalar
        In [-1, 0]; -1 where the two agree. An image of which nothing is kept counts as 0, with
        zero gradient.
    """
    v = mixed_probs.to(torch.promote_types(mixed_probs.dtype, torch.float32)) * keep[:, None]
    u = mix.mix(probs) * keep[:, None]
    if per_pixel:
        # Pixels that are not kept have cosine 0.
        return -_cosine(u, v).sum() / keep.sum().clamp(min=1)
    return -_cosine(u.flatten(1), v.flatten(1)).mean()


def _cosine(u: Tensor, v: Tensor) -> Tensor:
    """Return the cosine along axis 1; 0, with zero gradient, where a vector is 0."""
    norms = u.square().sum(dim=1) * v.square().sum(dim=1)
    return (u * v).sum(dim=1) / norms.clamp(min=torch.finfo(norms.dtype).tiny).sqrt()
