"""Sums over the neighbours of each pixel, weighted by distance and difference in intensity."""

from __future__ import annotations

import math
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional


@torch.no_grad()
def weighted_neighbours(
    probs: Tensor,
    images: Tensor,
    valid: Tensor,
    *,
    radius: int = 5,
    sigma_px: float = 6.0,
    sigma_intensity: float = 0.1,
) -> tuple[Tensor, Tensor]:
    """Sum the probabilities around each pixel, weighted by how alike two pixels are.

    messages_ik = sum over j of k_ij p_jk and weight_i = sum over j of k_ij, where j runs over the
    window of side 2 * `radius` + 1 around i without i itself and over valid pixels, and

        k_ij = exp(-|xy_i - xy_j|^2 / (2 sigma_px^2) - (I_i - I_j)^2 / (2 sigma_intensity^2)).

    I is scaled to [0, 1] by its extremes over the valid pixels of each image and channel (a
    constant channel is 0); squared differences are averaged over channels. The kernel is the
    bilateral one of the dense CRF (Kraehenbuehl and Koltun 2011, NeurIPS 24), cut off at the
    window.

    The kernel is symmetric: a loop over half of the window's offsets serves each in both
    directions. It holds a few maps of the size of `probs` at a time, whatever the radius.

    Parameters
    ----------
    probs : Tensor, shape (B, K, H, W) or (B, K, D, H, W)
        Computed in float32 at least; no gradient flows into them.
    images : Tensor, shape (B, C, H, W) or (B, C, D, H, W)
    valid : Tensor of bool, shape (B, H, W) or (B, D, H, W)
        False on padding, whose probabilities and intensities (NaN as well) are not looked at.
    radius : int
        In pixels along every axis, >= 0.
    sigma_px : float
        In pixels along every axis, > 0; the spacing has no say.
    sigma_intensity : float
        > 0; the range of intensities is 1.

    Returns
    -------
    messages : Tensor of float32 (float64 from float64), shape of `probs`
    weight : Tensor of the same dtype, shape of `valid`
        Both 0 on pixels that are not valid.
    """
    dtype = torch.promote_types(probs.dtype, torch.float32)
    n_channels, shape = images.shape[1], valid.shape[1:]
    inside = valid[:, None]
    # The weight is the message of a class that has probability 1 everywhere.
    ones = torch.ones_like(probs[:, :1], dtype=dtype)
    values = torch.where(inside, torch.cat([probs.to(dtype), ones], dim=1), 0)
    features = scale_intensities(images.to(dtype), valid)
    features = features / (sigma_intensity * math.sqrt(2 * n_channels))

    values, features = flat_maps(values, radius), flat_maps(features, radius)
    sums = torch.zeros_like(values)
    kernel, difference = torch.empty_like(values[0]), torch.empty_like(values[0])
    for step, squared_px in half_window(shape, radius):
        n = values.shape[1] - step
        k, d = kernel[:n], difference[:n]
        k.fill_(-squared_px / (2 * sigma_px**2))
        for feature in features:
            torch.sub(feature[:n], feature[step:], out=d)
            k.addcmul_(d, d, value=-1)
        k.exp_()
        sums[:, :n].addcmul_(k, values[:, step:])
        sums[:, step:].addcmul_(k, values[:, :n])
    sums = map_of_flat(sums, valid.shape, radius) * inside
    return sums[:, :-1], sums[:, -1]


def scale_intensities(images: Tensor, valid: Tensor) -> Tensor:
    """Scale each channel of each image to [0, 1] by its extremes over valid pixels.

    Parameters
    ----------
    images : Tensor of floats, shape (B, C, ...)
    valid : Tensor of bool, shape (B, ...)

    Returns
    -------
    scaled : Tensor, shape (B, C, ...)
        0 on pixels that are not valid, and all over a channel that is constant.
    """
    axes = list(range(2, images.ndim))
    inside = valid[:, None]
    low = torch.where(inside, images, torch.inf).amin(axes, keepdim=True)
    high = torch.where(inside, images, -torch.inf).amax(axes, keepdim=True)
    return torch.where(inside & (high > low), (images - low) / (high - low), 0)


def flat_maps(maps: Tensor, radius: int) -> Tensor:
    """Lay maps out such that each offset of a window is one step along a single axis.

    Every spatial axis is padded at its end with `radius` zeros, which part rows, planes and
    images: a step that leaves one of them lands on zeros.

    Parameters
    ----------
    maps : Tensor, shape (B, K, *S)
    radius : int

    Returns
    -------
    flat : Tensor, shape (K, N)
        Contiguous; N = B * prod(S + radius), the images one after the other.
    """
    padded = functional.pad(maps, [0, radius] * (maps.ndim - 2))
    return padded.movedim(1, 0).flatten(1).contiguous()


def map_of_flat(flat: Tensor, shape: torch.Size, radius: int) -> Tensor:
    """Undo `flat_maps`, (K, N) to (B, K, *S), for `shape` (B, *S); a view."""
    padded = flat.view(-1, shape[0], *(side + radius for side in shape[1:]))
    for axis, side in enumerate(shape[1:], start=2):
        padded = padded.narrow(axis, 0, side)
    return padded.movedim(0, 1)


def half_window(shape: torch.Size, radius: int) -> list[tuple[int, int]]:
    """List the offsets of a window that come after its centre; the others are their opposites.

    Parameters
    ----------
    shape : (H, W) or (D, H, W)
    radius : int

    Returns
    -------
    offsets : list of (int, int)
        Step in the layout of `flat_maps`, > 0, and squared length in pixels.
    """
    sides = [side + radius for side in shape]
    strides = [math.prod(sides[axis + 1 :]) for axis in range(len(sides))]
    window = product(range(-radius, radius + 1), repeat=len(sides))
    offsets = []
    for offset in window:
        step = sum(o * stride for o, stride in zip(offset, strides, strict=True))
        if step > 0:
            offsets.append((step, sum(o * o for o in offset)))
    return offsets
