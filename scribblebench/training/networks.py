"""Networks by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from monai.networks.blocks import UpSample
from monai.networks.nets import BasicUNet, UNet
from torch import Tensor, nn
from torch.nn import functional

from scribblebench.registry import Registry

LEVELS = 4
"""Halvings, which make five levels."""

LEAST_PLANES = 4
"""Planes are not halved if fewer than this would remain."""

Strides = tuple[tuple[int, ...], ...]
"""By what each halving divides each axis: planes, in 3D, rows and columns."""

IN_THE_PLANE: Strides = ((2, 2),) * LEVELS
"""Of networks for slices."""


def strides_for(patch: Sequence[int]) -> Strides:
    """Return by what a network for patches of a size halves its features, from level to level.

    Rows and columns are halved at every level. Planes are where there are at least half as many
    of them as rows, so that features come to be as deep as wide, and only while `LEAST_PLANES`
    remain: few planes that lie far apart are left alone until the rows are as coarse.
    """
    if len(patch) == 2:
        return IN_THE_PLANE
    planes, rows = float(patch[0]), float(patch[1])
    strides = []
    for _ in range(LEVELS):
        halved = 2 * planes >= rows and planes / 2 >= LEAST_PLANES
        planes, rows = planes / 2 if halved else planes, rows / 2
        strides.append((2 if halved else 1, 2, 2))
    return tuple(strides)


class NetworkFactory(Protocol):
    """Build a network from (B, C, *S) images to (B, K, *S) logits."""

    def __call__(
        self, *, in_channels: int, n_classes: int, width: int, strides: Strides = IN_THE_PLANE
    ) -> nn.Module:
        """Return the network with weights drawn from torch's global generator."""
        ...


NETWORKS: Registry[NetworkFactory] = Registry("network")


class Padded(nn.Module):
    """Runs a network on images of any size: pads them at their ends, cuts its output.

    The padding repeats the border.

    Parameters
    ----------
    network : nn.Module
    multiples : sequence of int
        What the sides of the images that the network takes are multiples of.
    """

    def __init__(self, network: nn.Module, multiples: Sequence[int]) -> None:
        super().__init__()
        self.network = network
        self.multiples = tuple(multiples)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of the size of `x`."""
        logits: Tensor = self.network(pad(x, self.multiples))
        return cut(logits, x)


def pad(x: Tensor, multiples: Sequence[int]) -> Tensor:
    """Repeat the last row and column, and plane in 3D, until all sides are multiples."""
    more = [-side % m for side, m in zip(x.shape[2:], multiples, strict=True)]
    if not any(more):
        return x
    return functional.pad(x, [n for end in reversed(more) for n in (0, end)], mode="replicate")


def cut(logits: Tensor, like: Tensor) -> Tensor:
    """Undo `pad`."""
    whole = (slice(None), slice(None))
    return logits[(*whole, *(slice(side) for side in like.shape[2:]))]


def memory_format(dims: int) -> torch.memory_format:
    """Return the layout of images and kernels in which convolutions are fastest."""
    return torch.channels_last if dims == 2 else torch.channels_last_3d


def unet(
    *, in_channels: int, n_classes: int, width: int, strides: Strides = IN_THE_PLANE
) -> nn.Module:
    """Return MONAI's residual U-Net: four halvings, two convolutions a level, batch norm.

    Its first level works at half resolution, which makes it four times cheaper than `basic_unet`.
    """
    network = UNet(
        spatial_dims=len(strides[0]),
        in_channels=in_channels,
        out_channels=n_classes,
        channels=[width * 2**level for level in range(LEVELS + 1)],
        strides=strides,
        num_res_units=2,
        norm="batch",
    )
    return Padded(network, _divisors(strides))


def basic_unet(
    *, in_channels: int, n_classes: int, width: int, strides: Strides = IN_THE_PLANE
) -> nn.Module:
    """Return MONAI's plain U-Net: five levels from full resolution on, batch norm.

    With width 32 it needs 17.3 GFLOP for a 212 x 212 image, forward.
    """
    features = [*(width * 2**level for level in range(LEVELS + 1)), width]
    network = BasicUNet(
        spatial_dims=len(strides[0]),
        in_channels=in_channels,
        out_channels=n_classes,
        features=features,
        norm="batch",
    )
    for level, stride in enumerate(strides, start=1):
        if min(stride) < 2:
            _leave_planes(network, level, stride, features)
    return Padded(network, _divisors(strides))


def _divisors(strides: Strides) -> list[int]:
    """Return by what each axis is divided in all."""
    return [math.prod(axis) for axis in zip(*strides, strict=True)]


def _leave_planes(
    network: BasicUNet, level: int, stride: tuple[int, ...], features: Sequence[int]
) -> None:
    """Make a level of MONAI's plain U-Net, which halves every axis, halve some only."""
    network.get_submodule(f"down_{level}").max_pooling = nn.MaxPool3d(stride)
    # As the network itself builds it, but for the factor: the uppermost does not change channels.
    network.get_submodule(f"upcat_{level}").upsample = UpSample(
        spatial_dims=len(stride),
        in_channels=features[level],
        out_channels=features[level] if level == 1 else features[level - 1],
        scale_factor=stride,
        mode="deconv",
    )


NETWORKS.add("unet", unet)
NETWORKS.add("basic_unet", basic_unet)
