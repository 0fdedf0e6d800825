"""Correct the bias of scribbles towards the classes that were annotated most.

A network that learns from annotated pixels learns their class ratios r along with all else. If
the pixels in doubt have ratios pi, its predictions there are off by r / pi: ACDC's experts
annotate 16 % of the myocardium and 12 % of the LV, so a network draws the myocardium too thick
and the LV too small. Adding log(r / pi) to the logits in the cross-entropy, and only there, makes
the network's own probabilities those under pi (logit adjustment: Menon et al. 2021, ICLR, arXiv
2007.07314).

The ratios pi are those of the pixels in doubt: unannotated, and not pinned to background by the
scribbles' geometry, where that is used. Ratios of the whole image would weigh the background by
all that lies far from any border.
"""

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
from scribblebench.training.objective_settings import PriorSettings
from scribblebench.training.running_ratios import RunningRatios
from scribblebench.types import IGNORE_LABEL

SMALLEST = 1e-3
"""Ratios are taken to be no smaller, so that no correction is above a factor of 1000."""


class PriorCorrection:
    """Follows the ratios of annotated pixels and of those in doubt.

    Parameters
    ----------
    settings : PriorSettings
    """

    def __init__(self, settings: PriorSettings) -> None:
        self._settings = settings
        self._annotated = RunningRatios(settings.smoothing)
        self._doubtful = RunningRatios(settings.smoothing)

    def update(self, probs: Tensor, batch: Batch) -> Tensor:
        """Take the predictions for a batch and return what to add to the logits.

        The network's probabilities are under the ratios that it was corrected to so far, which is
        what expectation maximisation has to start from.

        Parameters
        ----------
        probs : Tensor, shape (B, K, H, W)
        batch : Batch

        Returns
        -------
        correction : Tensor, shape (K,)
            strength * log(r / pi).
        """
        n_classes = probs.shape[1]
        where = batch.unannotated
        if batch.allowed is not None:
            where = where & batch.allowed[:, 1:].any(dim=1)
        annotated = self._annotated.update(
            annotated_ratios(batch.targets, n_classes, ignore_label=IGNORE_LABEL)
        )
        if self._settings.class_ratio == "oracle":
            assert batch.dense is not None, "a sweep refuses an oracle without dense labels"
            estimate = oracle_ratios(batch.dense, where, n_classes, ignore_label=IGNORE_LABEL)
        elif self._settings.class_ratio == "argmax":
            estimate = argmax_ratios(probs, where)
        else:
            before = self._doubtful.mean
            estimate = em_ratios(probs, where, annotated if before is None else before)
        doubtful = self._doubtful.update(estimate)
        ratio = annotated.clamp(min=SMALLEST) / doubtful.clamp(min=SMALLEST)
        return self._settings.strength * ratio.log()

    @property
    def ratios(self) -> dict[str, Tensor]:
        """The ratios of the pixels in doubt that the last correction went by."""
        mean = self._doubtful.mean
        return {} if mean is None else {"doubtful": mean}

    def state(self) -> dict[str, Any]:
        """Return both running means."""
        return {"annotated": self._annotated.state(), "doubtful": self._doubtful.state()}

    def load(self, state: dict[str, Any]) -> None:
        """Take up a state."""
        self._annotated.load(state["annotated"])
        self._doubtful.load(state["doubtful"])


def corrected(logits: Tensor, correction: Tensor | None) -> Tensor:
    """Return logits (B, K, ...) with a correction (K,) added, or as they are."""
    if correction is None:
        return logits
    return logits + torch.reshape(correction, (1, -1, *[1] * (logits.ndim - 2)))
