"""Class ratios among unannotated pixels: where they come from and their mean over batches."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from scribblebench.training.batch import Batch
from scribblebench.training.class_ratios import (
    annotated_ratios,
    argmax_ratios,
    em_ratios,
    oracle_ratios,
)
from scribblebench.types import IGNORE_LABEL


def estimate_ratios(
    source: str, probs: Tensor, batch: Batch, where: Tensor, *, em_prior: Tensor | None = None
) -> Tensor:
    """Return the class ratios of a batch.

    Parameters
    ----------
    source : {"em", "argmax", "oracle", "annotated"}
        By expectation maximisation, by counting predictions, from the dense labels, or the shares
        among the annotated pixels.
    probs : Tensor of float32, shape (B, K, H, W)
    batch : Batch
    where : Tensor of bool, shape (B, H, W)
        Pixels whose ratios are meant; "annotated" does not look at it.
    em_prior : Tensor, shape (K,), or None
        Ratios that the network has learned, for "em"; None for those among annotated pixels.

    Returns
    -------
    ratios : Tensor of float32, shape (K,)
    """
    n_classes = probs.shape[1]
    if source == "oracle":
        assert batch.dense is not None, "a sweep refuses an oracle without dense labels"
        return oracle_ratios(batch.dense, where, n_classes, ignore_label=IGNORE_LABEL)
    if source == "argmax":
        return argmax_ratios(probs, where)
    annotated = annotated_ratios(batch.targets, n_classes, ignore_label=IGNORE_LABEL)
    if source == "annotated":
        return annotated
    return em_ratios(probs, where, annotated if em_prior is None else em_prior)


class RunningRatios:
    """Exponential mean of estimates over batches, without a bias towards the start.

    Parameters
    ----------
    smoothing : float
        Weight of the past, in [0, 1).
    """

    def __init__(self, smoothing: float) -> None:
        self._smoothing = smoothing
        self.sum: Tensor | None = None
        self.weight = 0.0

    def update(self, estimate: Tensor) -> Tensor:
        """Take an estimate (K,) and return the mean so far."""
        keep = self._smoothing
        self.sum = estimate if self.sum is None else keep * self.sum + estimate
        self.weight = keep * self.weight + 1.0
        return self.sum / self.weight

    @property
    def mean(self) -> Tensor | None:
        """The mean so far; None before the first estimate."""
        return None if self.sum is None else self.sum / self.weight

    def state(self) -> dict[str, Any]:
        """Return the sum and its weight."""
        return {"sum": self.sum, "weight": self.weight}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a state."""
        self.sum, self.weight = state["sum"], state["weight"]
