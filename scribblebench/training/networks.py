"""Networks by name."""

from __future__ import annotations

from typing import Protocol

import torch
from monai.networks.layers.simplelayers import SkipConnection
from monai.networks.nets import BasicUNet, UNet
from torch import Generator, Tensor, nn
from torch.nn import functional

from scribblebench.registry import Registry

MULTIPLE = 16
"""Sides are padded to a multiple of this: four halvings."""


class NetworkFactory(Protocol):
    """Build a network from (B, C, H, W) images to (B, K, H, W) logits."""

    def __call__(self, *, in_channels: int, n_classes: int, width: int) -> nn.Module:
        """Return the network with weights drawn from torch's global generator."""
        ...


NETWORKS: Registry[NetworkFactory] = Registry("network")


class Padded(nn.Module):
    """Runs a network on images of any size: pads them on the right and below, cuts its output.

    The padding repeats the border.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of the size of `x`."""
        logits: Tensor = self.network(pad(x))
        return cut(logits, x)


def pad(x: Tensor) -> Tensor:
    """Repeat the last row and column until both sides are multiples of `MULTIPLE`."""
    rows, cols = (-side % MULTIPLE for side in x.shape[-2:])
    return functional.pad(x, (0, cols, 0, rows), mode="replicate") if rows or cols else x


def cut(logits: Tensor, like: Tensor) -> Tensor:
    """Undo `pad`."""
    return logits[..., : like.shape[-2], : like.shape[-1]]


def unet(*, in_channels: int, n_classes: int, width: int) -> nn.Module:
    """Return MONAI's residual U-Net: four halvings, two convolutions a level, batch norm.

    Its first level works at half resolution, which makes it four times cheaper than `basic_unet`.
    """
    network = UNet(
        spatial_dims=2,
        in_channels=in_channels,
        out_channels=n_classes,
        channels=[width * 2**level for level in range(5)],
        strides=[2] * 4,
        num_res_units=2,
        norm="batch",
    )
    return Padded(network)


def basic_unet(*, in_channels: int, n_classes: int, width: int) -> nn.Module:
    """Return MONAI's plain U-Net: five levels from full resolution on, batch norm.

    With width 32 it needs 17.3 GFLOP for a 212 x 212 image, forward.
    """
    network = BasicUNet(
        spatial_dims=2,
        in_channels=in_channels,
        out_channels=n_classes,
        features=[*(width * 2**level for level in range(5)), width],
        norm="batch",
    )
    return Padded(network)


NETWORKS.add("unet", unet)
NETWORKS.add("basic_unet", basic_unet)


class TwoDecoders(nn.Module):
    """A network with a second decoder on the features of the same encoder.

    Parameters
    ----------
    first, second : nn.Module
        Two networks of the same kind, of `NETWORKS`; the encoder of the second is thrown away.
    dropout : float
        Share of the feature channels that the second decoder does not see, in [0, 1).
    """

    def __init__(self, first: nn.Module, second: nn.Module, *, dropout: float) -> None:
        super().__init__()
        assert isinstance(first, Padded)
        assert isinstance(second, Padded)
        self.first = first.network
        self.second = second.network
        drop_encoder(self.second)
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of the first decoder, which is the one that predicts."""
        logits: Tensor = self.first(pad(x))
        return cut(logits, x)

    def both(self, x: Tensor, *, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return the logits of both decoders.

        Parameters
        ----------
        x : Tensor, shape (B, C, H, W)
        generator : torch.Generator
            Draws the channels that are dropped, on the device of `x`.
        """
        features = encode(self.first, pad(x))
        dropped = [self._drop_channels(f, generator) for f in features]
        return cut(decode(self.first, features), x), cut(decode(self.second, dropped), x)

    def _drop_channels(self, features: Tensor, generator: Generator) -> Tensor:
        drawn = torch.rand(features.shape[:2], generator=generator, device=features.device)
        kept = (drawn >= self.dropout).to(features.dtype) / (1.0 - self.dropout)
        return features * kept[:, :, None, None]


def _levels(network: nn.Module) -> tuple[list[nn.Module], list[nn.Module], list[nn.Sequential]]:
    """Return the encoder's and the decoder's blocks of a `UNet`, from the top, and its nests."""
    downs, ups, nests = [], [], []
    block: nn.Module = network.get_submodule("model")
    while isinstance(block, nn.Sequential) and any(isinstance(b, SkipConnection) for b in block):
        down, skip, up = block
        downs.append(down)
        ups.append(up)
        nests.append(block)
        block = skip.get_submodule("submodule")
    return [*downs, block], ups, nests


def encode(network: nn.Module, x: Tensor) -> list[Tensor]:
    """Return the features that a network's decoder uses, from full resolution to the bottom."""
    if isinstance(network, BasicUNet):
        downs = ("conv_0", "down_1", "down_2", "down_3", "down_4")
        blocks = [network.get_submodule(name) for name in downs]
    else:
        blocks, _, _ = _levels(network)
    features = []
    for block in blocks:
        x = block(x)
        features.append(x)
    return features


def decode(network: nn.Module, features: list[Tensor]) -> Tensor:
    """Return the logits of a network's decoder for features of `encode`."""
    *skips, x = features
    if isinstance(network, BasicUNet):
        ups = [network.upcat_1, network.upcat_2, network.upcat_3, network.upcat_4]
        for up, skip in zip(reversed(ups), reversed(skips), strict=True):
            x = up(x, skip)
        logits: Tensor = network.final_conv(x)
        return logits
    _, ups, _ = _levels(network)
    for up, skip in zip(reversed(ups), reversed(skips), strict=True):
        x = up(torch.cat([skip, x], dim=1))
    return x


def drop_encoder(network: nn.Module) -> None:
    """Take the encoder's weights out of a network, so that only `decode` works."""
    if isinstance(network, BasicUNet):
        for name in ("conv_0", "down_1", "down_2", "down_3", "down_4"):
            setattr(network, name, nn.Identity())
        return
    _, _, nests = _levels(network)
    for nest in nests:
        nest[0] = nn.Identity()
    nests[-1][1].submodule = nn.Identity()
