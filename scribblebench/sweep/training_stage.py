"""The first stage of a trial: annotate and train."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from scribblebench.data.preprocessing import Slices
from scribblebench.sweep.annotation import Effort, annotate
from scribblebench.sweep.plan import TrialConfig
from scribblebench.training.checkpoint import Checkpoint
from scribblebench.training.data import TrainingData
from scribblebench.training.loop import OnStep, Trained, train
from scribblebench.training.model_file import Model
from scribblebench.training.scribble_geometry import GeometryCheck, scribble_geometry
from scribblebench.types import AnyArray, LabelArray, LabelSpec


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
    StoppedError
        If the checkpoint's `stop` asked for it.
    """
    assert config.objective is not None, "only trials that were run before or elsewhere lack it"
    start = time.monotonic()
    targets, effort = annotate_training(config, data)
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


def annotate_training(config: TrialConfig, data: TrialData) -> tuple[list[LabelArray], Effort]:
    """Annotate the training cases of a trial, and count what that takes."""
    effort = Effort()
    targets = []
    for slices in data.training:
        targets.append(annotate(slices, config, data.labels))
        effort.add(targets[-1], slices, data.labels, dense=config.form == "dense")
    return targets, effort


def model_of(
    config: TrialConfig, data: TrialData, network: nn.Module, provenance: Mapping[str, Any]
) -> Model:
    """Put a trial's network together with what inference needs, to be saved."""
    assert config.objective is not None, "only trials that were run before or elsewhere lack it"
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

    Dense labels go along for the audit of class ratios and for the oracle, never as targets. For
    training in 3D, the slices of a case become one volume.
    """
    assert config.objective is not None, "only trials that were run before or elsewhere lack it"
    scribbled = config.form != "dense"
    geometry = None
    if scribbled and config.objective.geometry:
        geometry = scribble_geometry(targets, labels.n_classes)
    put_together = _one_by_one if config.training.volume is None else np.stack
    images = [slices.image for slices in cases]
    if config.training.volume is not None:
        images = [image.swapaxes(0, 1) for image in images]
    label_maps = [slices.label_map for slices in cases if slices.label_map is not None]
    known = scribbled and len(label_maps) == len(cases)
    return TrainingData(
        images=put_together(images),
        targets=put_together(targets),
        n_classes=labels.n_classes,
        inside=put_together([slices.inside for slices in cases]),
        geometry=geometry,
        dense=put_together(label_maps) if known else None,
    )


def _one_by_one(arrays: Sequence[AnyArray]) -> AnyArray:
    """Return the slices of all cases."""
    return np.concatenate(list(arrays))
