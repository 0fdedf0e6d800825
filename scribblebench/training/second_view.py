"""The second view of a batch: mixed, occluded, and held against the first."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from scribblebench.training.batch import Batch
from scribblebench.training.consistency import global_consistency
from scribblebench.training.device import to_device
from scribblebench.training.losses import soft_cross_entropy, soft_dice_loss, soft_labels
from scribblebench.training.mixup import Mix, draw_mixup, most_blocks, saliency_mix, unmixed
from scribblebench.training.objective_settings import ViewSettings
from scribblebench.training.occlusion import draw_holes, hole_mask
from scribblebench.types import BACKGROUND, IGNORE_LABEL

Draws = Callable[[str], Generator]
"""Makes a stream of random numbers by its name."""


def second_view_terms(
    network: Callable[[Tensor], Tensor],
    batch: Batch,
    logits: Tensor,
    gradient: Tensor,
    settings: ViewSettings,
    *,
    draws: Draws,
) -> dict[str, Tensor]:
    """Run the network on the second view and return its terms.

    A pixel of a mix is compared with the first view only where every image that has a share in it
    is inside its slice, and no hole is there. It is labelled by those of these images that are
    annotated there, each with its share, wherever the others lie; outside its slice an image is
    not annotated. A hole has none of these labels. Where it is labelled as background, that is
    where all images with a share are inside, and only in mixes that are annotated somewhere: where
    few slices are annotated, many patches are not, and their holes would teach that all is
    background.

    Parameters
    ----------
    network : callable, images -> logits
    batch : Batch
    logits : Tensor, shape (B, K, *S)
        Of the batch as it is.
    gradient : Tensor, shape (B, C, *S)
        Of the cross-entropy with respect to the images; used by mixup only.
    settings : ViewSettings
    draws : callable, str -> torch.Generator
        Makes the streams "mixup" and "holes", on the CPU.

    Returns
    -------
    terms : dict of str to scalar Tensor
        `view`; `view_dice`; `hole`, the cross-entropy of an occluded hole that is averaged apart;
        `consistency`.
    """
    n_classes = logits.shape[1]
    mix = _mix(batch, gradient, settings, draws)
    images = mix.mix(batch.images)
    soft = mix.mix(soft_labels(batch.targets, n_classes, IGNORE_LABEL))
    # Labels stay as they are: no image labels its own padding, where nothing is annotated.
    inside = mix.mix(batch.inside[:, None].float()) == 1.0
    keep = inside[:, 0]
    terms: dict[str, Tensor] = {}
    labelled_hole: Tensor | None = None
    if settings.occlusion:
        side, size = settings.occlusion.side, images.shape[2:]
        corners = draw_holes(len(images), size, side=side, generator=draws("holes"))
        hole = hole_mask(to_device(corners, images.device), size, side=side)[:, None]
        annotated = soft.flatten(1).any(dim=1).reshape(-1, *[1] * (hole.ndim - 1))
        labelled_hole = (hole & inside & annotated)[:, 0]
        images = images.masked_fill(hole, 0.0)
        soft = soft.masked_fill(hole, 0.0)
        keep = keep & ~hole[:, 0]
        if settings.occlusion.label == "background" and settings.occlusion.weight is None:
            soft[:, BACKGROUND] += labelled_hole
    view_logits = network(images)
    loss = soft_cross_entropy(view_logits, soft, over_all_pixels=settings.average_over_all)
    terms["view"] = settings.weight * loss
    if settings.dice:
        terms["view_dice"] = settings.dice * soft_dice_loss(view_logits, soft)
    if labelled_hole is not None and settings.occlusion and settings.occlusion.weight:
        in_hole = torch.zeros_like(soft)
        in_hole[:, BACKGROUND] = labelled_hole.to(soft.dtype)
        terms["hole"] = settings.occlusion.weight * soft_cross_entropy(view_logits, in_hole)
    if settings.consistency:
        loss = global_consistency(
            view_logits.softmax(dim=1),
            logits.softmax(dim=1),
            mix,
            keep,
            per_pixel=settings.consistency_per_pixel,
        )
        terms["consistency"] = settings.consistency * loss
    return terms


def _mix(batch: Batch, gradient: Tensor, settings: ViewSettings, draws: Draws) -> Mix:
    mixup = settings.mixup
    if mixup is None:
        return unmixed(batch.images)
    most = most_blocks(batch.images.ndim - 2)
    blocks = [n for n in mixup.blocks if n <= most]
    draw = draw_mixup(len(batch.images), blocks=blocks, generator=draws("mixup"))
    return saliency_mix(
        batch.images,
        gradient,
        draw,
        beta=mixup.label_smoothness,
        gamma=mixup.data_smoothness,
        eta=mixup.prior,
        neighbour_px=mixup.neighbour_px,
    )
