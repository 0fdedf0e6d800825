"""Networks by name."""

from __future__ import annotations

from typing import Protocol

from monai.networks.nets import UNet
from torch import nn

from scribblebench.registry import Registry


class NetworkFactory(Protocol):
    """Build a network from (B, C, H, W) images to (B, K, H, W) logits."""

    def __call__(self, *, in_channels: int, n_classes: int, width: int) -> nn.Module:
        """Return the network with weights drawn from torch's global generator."""
        ...


NETWORKS: Registry[NetworkFactory] = Registry("network")


def unet(*, in_channels: int, n_classes: int, width: int) -> nn.Module:
    """Return MONAI's residual U-Net: four halvings, two convolutions a level, batch norm.

    Sides must be multiples of 16.
    """
    network: nn.Module = UNet(
        spatial_dims=2,
        in_channels=in_channels,
        out_channels=n_classes,
        channels=[width * 2**level for level in range(5)],
        strides=[2] * 4,
        num_res_units=2,
        norm="batch",
    )
    return network


NETWORKS.add("unet", unet)
