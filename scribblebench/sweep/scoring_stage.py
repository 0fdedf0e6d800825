"""The other stages of a trial: predict the scored cases, and score the predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import nn

from scribblebench.data.preprocessing import Slices, labels_in_view
from scribblebench.metrics import dice, score_case
from scribblebench.sweep.annotation import Effort, annotate
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.predictions import Prediction
from scribblebench.sweep.samples import Samples
from scribblebench.sweep.training_stage import TrialData
from scribblebench.training.prediction import predict_case
from scribblebench.types import IGNORE_LABEL, LabelArray, LabelSpec


def predict_cases(
    network: nn.Module, config: TrialConfig, data: TrialData, *, device: torch.device
) -> list[Prediction]:
    """Predict the scored cases, each on its own grid."""
    n_classes = data.labels.n_classes
    return [
        Prediction(
            slices.case.case_id,
            *predict_case(network, slices, config.training, n_classes=n_classes, device=device),
        )
        for slices in data.scored
    ]


def common_columns(config: TrialConfig, trial_id: str, protocol: str) -> dict[str, Any]:
    """Return the columns that all rows of a trial share."""
    return {
        "protocol": protocol,
        "trial_id": trial_id,
        "dataset": config.dataset,
        "split": config.score_part,
        "form": config.form,
        "density": 1.0 if config.form == "dense" else config.density,
        "randomness": config.randomness,
        "method": config.method,
        "variant": config.variant,
        "seed": config.seed,
    }


def score_cases(
    predictions: Sequence[Prediction],
    config: TrialConfig,
    data: TrialData,
    *,
    common: Mapping[str, Any],
    effort: Effort,
) -> tuple[list[dict[str, Any]], Samples]:
    """Score predictions against dense labels.

    Parameters
    ----------
    predictions : sequence of Prediction
        In the order of `data.scored`.
    config : TrialConfig
    data : TrialData
    common : mapping
        Columns that all rows share, put first.
    effort : Effort
        What the labels that were learned from cost.

    Returns
    -------
    rows : list of dict
        One a case and foreground class.
    samples : Samples
        Planes of each case, for pictures.
    """
    labels = data.labels
    rows: list[dict[str, Any]] = []
    samples = Samples(sum(slices.image[:, 0].size for slices in data.scored))
    for slices, prediction in zip(data.scored, predictions, strict=True):
        case, pred, raw = slices.case, prediction.pred, prediction.raw
        assert case.label_map is not None, "a sweep refuses such cases when it loads them"
        for score in score_case(pred, case.label_map, labels=labels, spacing_mm=case.spacing_mm):
            class_id = score.class_id
            rows.append(
                {
                    **common,
                    "case_id": case.case_id,
                    **asdict(score),
                    "patient_id": case.patient_id,
                    "dsc_raw": dice(raw == class_id, case.label_map == class_id),
                    "annotated_fraction": effort.fraction,
                    "annotation_s": round(effort.seconds, 1),
                    "coverage_px": effort.coverage_px,
                    "unreached_fraction": effort.unreached_fraction,
                }
            )
        samples.add(slices, _shown(slices, config, labels), labels_in_view(pred, slices))
    return rows, samples


def _shown(slices: Slices, config: TrialConfig, labels: LabelSpec) -> LabelArray:
    """Return what the annotator would leave on a scored case, for pictures only."""
    if config.form == "expert" and slices.scribble is None:
        n_planes, _, *square = slices.image.shape
        return np.full((n_planes, *square), IGNORE_LABEL, dtype=np.uint8)
    return annotate(slices, config, labels)
