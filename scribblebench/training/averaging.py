"""The moving average of a network's weights."""

from __future__ import annotations

import copy

import torch
from torch import nn


class MovingAverage:
    """Exponential moving average of weights and buffers.

    The decay of step t is min(decay, (1 + t) / (10 + t)): young averages forget faster, so that a
    short run is not held to its random start.

    Parameters
    ----------
    network : nn.Module
        Copied; the copy is in evaluation mode and has no gradients.
    decay : float
        In [0, 1).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after a step, counted from 0."""
        weight = 1.0 - min(self._decay, (1 + step) / (10 + step))
        averages, currents = [], []
        pairs = zip(
            [*self.network.parameters(), *self.network.buffers()],
            [*network.parameters(), *network.buffers()],
            strict=True,
        )
        for average, current in pairs:
            if average.is_floating_point():
                averages.append(average)
                currents.append(current)
            else:  # batch norm counts its batches
                average.copy_(current)
        torch._foreach_lerp_(averages, currents, weight)
