"""What a training step gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Batch:
    """Augmented slices and their labels, on one device.

    Parameters
    ----------
    images : Tensor of float32, shape (B, C, H, W)
    targets : Tensor of int64, shape (B, H, W)
        Class ids; `IGNORE_LABEL` on pixels without a label.
    """

    images: Tensor
    targets: Tensor


LossTerms = Callable[[nn.Module, Batch], dict[str, Tensor]]
"""Runs the network on a batch and returns named scalar terms whose sum is minimised."""
