"""Partial cross-entropy: learn from the annotated pixels and leave the others alone."""

from __future__ import annotations

from torch import Tensor, nn

from scribblebench.methods.method import METHODS, Method
from scribblebench.training.batch import Batch
from scribblebench.training.losses import partial_cross_entropy
from scribblebench.types import IGNORE_LABEL


def pce_terms(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Return the partial cross-entropy of the batch."""
    logits = network(batch.images)
    loss = partial_cross_entropy(logits, batch.targets, ignore_label=IGNORE_LABEL)
    return {"partial_cross_entropy": loss}


METHODS.add("pce", Method(terms=pce_terms, supervision="scribbles"))
