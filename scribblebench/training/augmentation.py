"""Random transforms of whole batches on their device.

Drawing the parameters of a transform is kept apart from applying them: parameters are drawn on
the CPU from one generator, so a run draws the same ones on every device.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from torch import Generator, Tensor
from torch.nn import functional

from scribblebench.training.device import to_device
from scribblebench.training.settings import AugmentationSettings


@dataclass(frozen=True)
class Transform:
    """Parameters of one random transform for each image of a batch.

    Parameters
    ----------
    flips : Tensor, shape (B, 2)
        +1 or -1 for columns and rows.
    angle_rad, zoom, gain, shift, noise_sd : Tensor, shape (B,)
        `zoom` > 1 enlarges; intensities become gain * image + shift + noise.
    offset : Tensor, shape (B, 2)
        Where the patch lies in the field of view, in (col, row): -1 and 1 put it at the edges.
    """

    flips: Tensor
    angle_rad: Tensor
    zoom: Tensor
    offset: Tensor
    gain: Tensor
    shift: Tensor
    noise_sd: Tensor

    def to(self, device: torch.device) -> Transform:
        """Return the parameters on another device; the host does not wait."""
        return Transform(**{f.name: to_device(getattr(self, f.name), device) for f in fields(self)})


def draw_transform(n: int, settings: AugmentationSettings, *, generator: Generator) -> Transform:
    """Draw a transform for `n` images from a CPU generator."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator) * 2.0 - 1.0

    return Transform(
        flips=torch.where(torch.rand((n, 2), generator=generator) < settings.flip, -1.0, 1.0),
        angle_rad=uniform(n) * math.radians(settings.rotation_deg),
        zoom=torch.exp(uniform(n) * math.log(1.0 - settings.scale)),
        offset=uniform(n, 2),
        gain=1.0 + uniform(n) * settings.contrast,
        shift=uniform(n) * settings.brightness,
        noise_sd=torch.rand(n, generator=generator) * settings.noise,
    )


def sampling_matrix(transform: Transform, *, patch: int, field_of_view: int) -> Tensor:
    """Return the (B, 2, 3) maps from patch to field of view in normalised (x, y) coordinates."""
    ratio = patch / field_of_view
    cos = torch.cos(transform.angle_rad) * ratio / transform.zoom
    sin = torch.sin(transform.angle_rad) * ratio / transform.zoom
    linear = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
    linear = linear * transform.flips[:, None, :]
    offset = transform.offset * (1.0 - ratio)
    return torch.cat([linear, offset[..., None]], dim=-1)


def apply_transform(
    images: Tensor,
    maps: Tensor,
    transform: Transform,
    *,
    patch: int,
    fill: Tensor,
    generator: Generator,
) -> tuple[Tensor, Tensor]:
    """Cut transformed patches out of a batch.

    Images are sampled bilinearly, label maps by nearest neighbour. What lies outside the field of
    view, the corners of a rotated slice among it, has intensity 0 before the change of contrast
    (the mean of the volume) and holds the map's `fill`: the ignore label, so that no loss sees it.

    Parameters
    ----------
    images : Tensor of float32, shape (B, C, S, S)
    maps : Tensor of uint8, shape (B, M, S, S)
        Label maps of the same pixels: scribbles, masks, dense labels.
    transform : Transform
        On the device of `images`.
    patch : int
        Side of the patches, at most S.
    fill : Tensor of int64, shape (M,)
        Value of each map outside the field of view.
    generator : torch.Generator
        Draws the noise, on the device of `images`.

    Returns
    -------
    images : Tensor of float32, shape (B, C, patch, patch)
    maps : Tensor of int64, shape (B, M, patch, patch)
    """
    theta = sampling_matrix(transform, patch=patch, field_of_view=images.shape[-1])
    grid = functional.affine_grid(theta, [len(images), 1, patch, patch], align_corners=False)
    warped = functional.grid_sample(images, grid, mode="bilinear", align_corners=False)
    # grid_sample pads with 0, so maps are shifted for 0 to mean what they are filled with.
    outside = fill[:, None, None]
    sampled = functional.grid_sample(
        maps.float() - outside, grid, mode="nearest", align_corners=False
    )

    def each(parameter: Tensor) -> Tensor:
        return parameter[:, None, None, None]

    noise = torch.randn(warped.shape, generator=generator, device=images.device)
    warped = warped * each(transform.gain) + each(transform.shift)
    warped = warped + noise * each(transform.noise_sd)
    return warped, sampled.round().long() + outside
