"""Full supervision: the ceiling that scribbles are held against."""

from __future__ import annotations

from torch import Tensor, nn

from scribblebench.methods.method import METHODS, Method
from scribblebench.training.batch import Batch
from scribblebench.training.losses import dice_loss, partial_cross_entropy
from scribblebench.types import IGNORE_LABEL


def full_terms(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Return cross-entropy and Dice loss against dense labels.

    Pixels that augmentation brought in from outside the slice hold the ignore label.
    """
    logits = network(batch.images)
    return {
        "cross_entropy": partial_cross_entropy(logits, batch.targets, ignore_label=IGNORE_LABEL),
        "dice": dice_loss(logits, batch.targets, ignore_label=IGNORE_LABEL),
    }


METHODS.add("full", Method(terms=full_terms, supervision="dense"))
