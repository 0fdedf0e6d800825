"""Random transforms of whole batches on their device.

Drawing the parameters of a transform is kept apart from applying them: parameters are drawn on
the CPU from one generator, so a run draws the same ones on every device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    flips : Tensor, shape (B, 2) or (B, 3)
        +1 or -1 for columns and rows, and planes.
    angle_rad, zoom, gain, shift, noise_sd : Tensor, shape (B,)
        The angle is in the plane; `zoom` > 1 enlarges; intensities become
        gain * image + shift + noise.
    offset : Tensor, shape (B, 2) or (B, 3)
        Where the patch lies in the field of view, in (col, row) or (col, row, plane): -1 and 1 put
        it at the edges.
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


def draw_transform(
    n: int, settings: AugmentationSettings, *, dims: int = 2, generator: Generator
) -> Transform:
    """Draw a transform for `n` slices (`dims` 2) or volumes (3) from a CPU generator."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator) * 2.0 - 1.0

    return Transform(
        flips=torch.where(torch.rand((n, dims), generator=generator) < settings.flip, -1.0, 1.0),
        angle_rad=uniform(n) * math.radians(settings.rotation_deg),
        zoom=torch.exp(uniform(n) * math.log(1.0 - settings.scale)),
        offset=uniform(n, dims),
        gain=1.0 + uniform(n) * settings.contrast,
        shift=uniform(n) * settings.brightness,
        noise_sd=torch.rand(n, generator=generator) * settings.noise,
    )


def sampling_matrix(
    transform: Transform, *, patch: Sequence[int], field_of_view: Sequence[int]
) -> Tensor:
    """Return the maps from patch to field of view in normalised coordinates.

    Parameters
    ----------
    transform : Transform
    patch, field_of_view : sequence of int
        Sides (row, col), equal, or (plane, row, col).

    Returns
    -------
    matrix : Tensor, shape (B, 2, 3) or (B, 3, 4)
        In (x, y) or (x, y, z).
    """
    ratio, *along = (
        p / f for p, f in zip(reversed(patch[:-1]), reversed(field_of_view[:-1]), strict=True)
    )
    cos = torch.cos(transform.angle_rad) * ratio / transform.zoom
    sin = torch.sin(transform.angle_rad) * ratio / transform.zoom
    linear = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
    offset = transform.offset * (1.0 - ratio)
    if along:
        (of_planes,) = along
        linear = functional.pad(linear, (0, 1, 0, 1))
        linear[:, 2, 2] = of_planes / transform.zoom
        offset[:, 2] = transform.offset[:, 2] * (1.0 - of_planes)
    linear = linear * transform.flips[:, None, :]
    return torch.cat([linear, offset[..., None]], dim=-1)


def apply_transform(
    images: Tensor,
    maps: Tensor,
    transform: Transform,
    *,
    patch: Sequence[int],
    fill: Tensor,
    generator: Generator,
) -> tuple[Tensor, Tensor]:
    """Cut transformed patches out of a batch.

    Images are sampled linearly, label maps by nearest neighbour. What lies outside the field of
    view, the corners of a rotated slice among it, has intensity 0 before the change of contrast
    (the mean of the volume) and holds the map's `fill`: the ignore label, so that no loss sees it.

    Parameters
    ----------
    images : Tensor of float32, shape (B, C, S, S) or (B, C, P, S, S)
    maps : Tensor of uint8, shape (B, M, S, S) or (B, M, P, S, S)
        Label maps of the same pixels: scribbles, masks, dense labels.
    transform : Transform
        On the device of `images`.
    patch : sequence of int
        Sides of the patches, (row, col) or (plane, row, col), at most those of the images.
    fill : Tensor of int64, shape (M,)
        Value of each map outside the field of view.
    generator : torch.Generator
        Draws the noise, on the device of `images`.

    Returns
    -------
    images : Tensor of float32, shape (B, C, *patch)
    maps : Tensor of int64, shape (B, M, *patch)
    """
    theta = sampling_matrix(transform, patch=patch, field_of_view=images.shape[2:])
    grid = functional.affine_grid(theta, [len(images), 1, *patch], align_corners=False)
    warped = functional.grid_sample(images, grid, mode="bilinear", align_corners=False)
    # grid_sample pads with 0, so maps are shifted for 0 to mean what they are filled with.
    outside = fill.reshape(-1, *[1] * len(patch))
    sampled = functional.grid_sample(
        maps.float() - outside, grid, mode="nearest", align_corners=False
    )

    def each(parameter: Tensor) -> Tensor:
        return parameter.reshape(-1, 1, *[1] * len(patch))

    noise = torch.randn(warped.shape, generator=generator, device=images.device)
    warped = warped * each(transform.gain) + each(transform.shift)
    warped = warped + noise * each(transform.noise_sd)
    return warped, sampled.round().long() + outside
