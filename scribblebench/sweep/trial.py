"""One trial: annotate, train, predict, score."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from scribblebench.data.preprocessing import Slices, labels_in_view
from scribblebench.metrics import dice, score_case
from scribblebench.sweep.annotation import Effort, annotate
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.samples import Samples
from scribblebench.training.checkpoint import Checkpoint
from scribblebench.training.data import TrainingData
from scribblebench.training.loop import OnStep, Trained, train
from scribblebench.training.model_file import Model
from scribblebench.training.prediction import predict_case
from scribblebench.training.scribble_geometry import GeometryCheck, scribble_geometry
from scribblebench.types import IGNORE_LABEL, AnyArray, LabelArray, LabelSpec


@dataclass(frozen=True)
class TrialData:
    """The prepared cases of a trial."""

    labels: LabelSpec
    training: Sequence[Slices]
    scored: Sequence[Slices]


@dataclass(frozen=True)
class Learned:
    """What the training of a trial leaves: the network, what its labels cost, and times.

    `geometry` says which rules the scribbles support, where the objective asks for them.
    """

    trained: Trained
    effort: Effort
    geometry: GeometryCheck | None
    annotate_s: float
    train_s: float


@dataclass(frozen=True)
class Outcome:
    """What a trial leaves behind; see `scribblebench.sweep.store`."""

    network: nn.Module
    geometry: GeometryCheck | None
    rows: list[dict[str, Any]]
    history: list[dict[str, float]]
    ratios: list[dict[str, Any]]
    samples: dict[str, AnyArray]
    timing: dict[str, float]

    @property
    def mean_dsc(self) -> float:
        """Dice averaged over the rows."""
        return float(np.mean([row["dsc"] for row in self.rows]))


def run_trial(
    config: TrialConfig,
    data: TrialData,
    *,
    trial_id: str,
    protocol: str,
    device: torch.device,
    on_step: OnStep | None = None,
    checkpoint: Checkpoint | None = None,
) -> Outcome:
    """Run one trial and return its rows; nothing but the checkpoint is written.

    Raises
    ------
    FloatingPointError
        If training diverges.
    OutOfTimeError
        If the checkpoint's deadline passed during training.
    """
    labels, settings = data.labels, config.training
    learned = train_trial(config, data, device=device, on_step=on_step, checkpoint=checkpoint)
    trained, effort = learned.trained, learned.effort
    start = time.monotonic()
    common = {
        "protocol": protocol,
        "trial_id": trial_id,
        "dataset": config.dataset,
        "split": config.score_part,
        "form": config.form,
        "density": 1.0 if config.form == "dense" else config.density,
        "randomness": config.randomness,
        "method": config.method,
        "seed": config.seed,
    }
    rows: list[dict[str, Any]] = []
    samples = Samples()
    for slices in data.scored:
        case = slices.case
        pred, raw = predict_case(
            trained.network, slices, settings, n_classes=labels.n_classes, device=device
        )
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
                }
            )
        samples.add(slices, _shown(slices, config, labels), labels_in_view(pred, slices))
    score_s = time.monotonic() - start
    return Outcome(
        network=trained.network,
        geometry=learned.geometry,
        rows=rows,
        history=trained.losses,
        ratios=trained.ratios,
        samples=samples.arrays(),
        timing={
            "annotate_s": round(learned.annotate_s, 3),
            "train_s": round(learned.train_s, 3),
            "predict_and_score_s": round(score_s, 3),
            "wall_s": round(learned.annotate_s + learned.train_s + score_s, 3),
        },
    )


def train_trial(
    config: TrialConfig,
    data: TrialData,
    *,
    device: torch.device,
    on_step: OnStep | None = None,
    checkpoint: Checkpoint | None = None,
) -> Learned:
    """Annotate the training cases of a trial and train its network; none is scored.

    Raises
    ------
    FloatingPointError
        If training diverges.
    OutOfTimeError
        If the checkpoint's deadline passed during training.
    """
    assert config.objective is not None, "only results from before lack it"
    start = time.monotonic()
    effort = Effort()
    targets = []
    for slices in data.training:
        targets.append(annotate(slices, config, data.labels))
        effort.add(targets[-1], slices, data.labels, dense=config.form == "dense")
    annotated = time.monotonic()
    training = training_data(data.training, targets, config, data.labels)
    trained = train(
        training,
        config.objective,
        config.training,
        seed=config.seed,
        device=device,
        on_step=on_step,
        checkpoint=checkpoint,
    )
    geometry = training.geometry.check if training.geometry else None
    return Learned(trained, effort, geometry, annotated - start, trained.seconds)


def model_of(
    config: TrialConfig, data: TrialData, network: nn.Module, provenance: Mapping[str, Any]
) -> Model:
    """Put a trial's network together with what inference needs, to be saved."""
    assert config.objective is not None, "only results from before lack it"
    return Model(
        network=network,
        n_channels=data.training[0].image.shape[1],
        labels=data.labels,
        training=config.training,
        objective=config.objective,
        provenance={"trial": config.model_dump(mode="json"), **provenance},
    )


def training_data(
    cases: Sequence[Slices], targets: Sequence[LabelArray], config: TrialConfig, labels: LabelSpec
) -> TrainingData:
    """Put the training slices together with what the objective needs beside its labels.

    Dense labels go along for the audit of class ratios and for the oracle, never as targets.
    """
    assert config.objective is not None, "only results from before lack it"
    scribbled = config.form != "dense"
    geometry = None
    if scribbled and config.objective.geometry:
        geometry = scribble_geometry(targets, labels.n_classes)
    return TrainingData(
        images=np.concatenate([slices.image for slices in cases]),
        targets=np.concatenate(targets),
        n_classes=labels.n_classes,
        inside=np.concatenate(
            [np.broadcast_to(c.inside, t.shape) for c, t in zip(cases, targets, strict=True)]
        ),
        geometry=geometry,
        dense=_dense(cases) if scribbled else None,
    )


def _dense(cases: Sequence[Slices]) -> LabelArray | None:
    """Return the dense labels of all slices, or None if a case comes without."""
    label_maps = [slices.label_map for slices in cases if slices.label_map is not None]
    return np.concatenate(label_maps) if len(label_maps) == len(cases) else None


def _shown(slices: Slices, config: TrialConfig, labels: LabelSpec) -> LabelArray:
    """Return what the annotator would leave on a scored case, for pictures only."""
    if config.form == "expert" and slices.scribble is None:
        n_planes, _, *square = slices.image.shape
        return np.full((n_planes, *square), IGNORE_LABEL, dtype=np.uint8)
    return annotate(slices, config, labels)
