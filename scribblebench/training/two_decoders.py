"""A second decoder on the encoder of a network, and the two halves of a network."""

from __future__ import annotations

import torch
from monai.networks.layers.simplelayers import SkipConnection
from monai.networks.nets import BasicUNet
from torch import Generator, Tensor, nn

from scribblebench.training.networks import Padded, cut, pad


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
        self.multiples = first.multiples
        drop_encoder(self.second)
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of the first decoder, which is the one that predicts."""
        logits: Tensor = self.first(pad(x, self.multiples))
        return cut(logits, x)

    def both(self, x: Tensor, *, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return the logits of both decoders.

        Parameters
        ----------
        x : Tensor, shape (B, C, *S)
        generator : torch.Generator
            Draws the channels that are dropped, on the device of `x`.
        """
        features = encode(self.first, pad(x, self.multiples))
        dropped = [self._drop_channels(f, generator) for f in features]
        return cut(decode(self.first, features), x), cut(decode(self.second, dropped), x)

    def _drop_channels(self, features: Tensor, generator: Generator) -> Tensor:
        drawn = torch.rand(features.shape[:2], generator=generator, device=features.device)
        kept = (drawn >= self.dropout).to(features.dtype) / (1.0 - self.dropout)
        return features * kept.reshape(*kept.shape, *[1] * (features.ndim - 2))


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
