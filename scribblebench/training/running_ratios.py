"""Class ratios among unannotated pixels: where they come from and their mean over batches."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from scribblebench.training.batch import Batch
from scribblebench.training.class_ratios import (
    annotated_ratios,
    argmax_ratios,
    em_ratios,
    oracle_ratios,
)
from scribblebench.types import IGNORE_LABEL

SMALLEST = 1e-3
"""Of the ratios that EM may take the network to have learned."""


def estimate_ratios(
    source: str, probs: Tensor, batch: Batch, where: Tensor, *, em_prior: Tensor | None = None
) -> Tensor:
    """Return the class ratios of a batch.

    Parameters
    ----------
    source : {"em", "argmax", "oracle", "annotated"}
        By expectation maximisation, by counting predictions, from the dense labels, or the shares
        among the annotated pixels.
    probs : Tensor of float32, shape (B, K, *S)
    batch : Batch
    where : Tensor of bool, shape (B, *S)
        Pixels whose ratios are meant; "annotated" does not look at it.
    em_prior : Tensor, shape (K,), or None
        Ratios that the network has learned, for "em", taken to be `SMALLEST` at least for classes
        that are annotated in the batch; None for the ratios among annotated pixels.

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
    if em_prior is not None:
        # What was 0 once would stay 0: a class is given a chance as soon as it is annotated.
        em_prior = torch.where(annotated > 0, em_prior.clamp(min=SMALLEST), 0.0)
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
        self.weight: Tensor | None = None

    def update(self, estimate: Tensor) -> Tensor:
        """Take an estimate (K,) and return the mean so far.

        An estimate of all zeros, of a batch that had nothing to estimate from, changes nothing;
        before any other, the mean is all zeros.
        """
        if self.sum is None or self.weight is None:
            self.sum, self.weight = torch.zeros_like(estimate), estimate.new_zeros(())
        seen = estimate.sum() > 0
        self.sum = torch.where(seen, self._smoothing * self.sum + estimate, self.sum)
        self.weight = torch.where(seen, self._smoothing * self.weight + 1.0, self.weight)
        return self.sum / self.weight.clamp(min=1.0)

    @property
    def mean(self) -> Tensor | None:
        """The mean so far; None before the first update."""
        if self.sum is None or self.weight is None:
            return None
        return self.sum / self.weight.clamp(min=1.0)

    def state(self) -> dict[str, Any]:
        """Return the sum and its weight."""
        return {"sum": self.sum, "weight": self.weight}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a state."""
        self.sum, self.weight = state["sum"], state["weight"]
