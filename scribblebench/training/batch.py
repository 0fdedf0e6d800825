"""What a training step gets."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from scribblebench.types import IGNORE_LABEL


@dataclass(frozen=True)
class Batch:
    """Augmented slices (*S is H, W) or volumes (D, H, W) and their labels, on one device.

    Parameters
    ----------
    images : Tensor of float32, shape (B, C, *S)
    targets : Tensor of int64, shape (B, *S)
        Class ids; `IGNORE_LABEL` on pixels without a label.
    inside : Tensor of bool, shape (B, *S)
        False where augmentation or padding brought in what is no part of the slice.
    allowed : Tensor of bool, shape (B, K, *S), or None
        Classes that each pixel may have, by the scribbles' geometry; all where it is silent.
    dense : Tensor of int64, shape (B, *S), or None
        Dense labels, for the audit of class ratios; `IGNORE_LABEL` where unknown.
    """

    images: Tensor
    targets: Tensor
    inside: Tensor
    allowed: Tensor | None = None
    dense: Tensor | None = None

    @property
    def unannotated(self) -> Tensor:
        """Pixels of the slice without a label, bool (B, *S)."""
        return (self.targets == IGNORE_LABEL) & self.inside
