"""One trial: annotate and train, predict, score. Each stage goes on from what is on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from scribblebench.sweep.annotation import Effort
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.predictions import Prediction, PredictionFile
from scribblebench.sweep.samples import Samples
from scribblebench.sweep.scoring_stage import common_columns, predict_cases, score_cases
from scribblebench.sweep.training_stage import Learned, TrialData, train_trial
from scribblebench.training.checkpoint import Checkpoint
from scribblebench.training.loop import OnStep
from scribblebench.training.scribble_geometry import GeometryCheck
from scribblebench.training.stop import Stop


@dataclass(frozen=True)
class Unfinished:
    """Where an unfinished trial keeps the state of its stages.

    Parameters
    ----------
    checkpoint : Checkpoint
        Of the training, its last step included.
    predictions : PredictionFile
    """

    checkpoint: Checkpoint
    predictions: PredictionFile

    @staticmethod
    def of(folder: Path, identity: str, stop: Stop) -> Unfinished:
        """Return the files of a trial's folder; a state of another `identity` is not taken up."""
        return Unfinished(
            Checkpoint(folder / "checkpoint.pt", identity, stop=stop),
            PredictionFile(folder / "predictions.npz", identity),
        )


@dataclass(frozen=True)
class Outcome:
    """What a trial leaves behind; see `scribblebench.sweep.store`."""

    network: nn.Module
    geometry: GeometryCheck | None
    rows: list[dict[str, Any]]
    history: list[dict[str, float]]
    ratios: list[dict[str, Any]]
    samples: Samples
    timing: dict[str, float]
    effort: Effort

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
    on_stage: Callable[[str], None] | None = None,
    unfinished: Unfinished | None = None,
) -> Outcome:
    """Run one trial and return its rows; nothing but the state of its stages is written.

    Parameters
    ----------
    config : TrialConfig
    data : TrialData
    trial_id, protocol : str
        Columns of the rows.
    device : torch.device
    on_step : callable, or None
        Told the steps done and to do, now and then.
    on_stage : callable, or None
        Told in words which stage begins.
    unfinished : Unfinished, or None
        Where the stages keep their state and go on from it.

    Raises
    ------
    FloatingPointError
        If training diverges.
    StoppedError
        If `unfinished.checkpoint.stop` asked for it during training.
    """
    tell = on_stage or (lambda stage: None)
    tell("annotate and train")
    checkpoint = unfinished.checkpoint if unfinished else None
    learned = train_trial(config, data, device=device, on_step=on_step, checkpoint=checkpoint)
    start = time.monotonic()
    predictions = _predicted(config, data, learned, device, unfinished, tell)
    tell("score")
    common = common_columns(config, trial_id, protocol)
    rows, samples = score_cases(predictions, config, data, common=common, effort=learned.effort)
    score_s = time.monotonic() - start
    return Outcome(
        network=learned.trained.network,
        geometry=learned.geometry,
        rows=rows,
        history=learned.trained.losses,
        ratios=learned.trained.ratios,
        samples=samples,
        effort=learned.effort,
        timing={
            "annotate_s": round(learned.annotate_s, 3),
            "train_s": round(learned.train_s, 3),
            "predict_and_score_s": round(score_s, 3),
            "wall_s": round(learned.annotate_s + learned.train_s + score_s, 3),
        },
    )


def _predicted(
    config: TrialConfig,
    data: TrialData,
    learned: Learned,
    device: torch.device,
    unfinished: Unfinished | None,
    tell: Callable[[str], None],
) -> list[Prediction]:
    """Return the predictions that are there already, or make and keep them."""
    if unfinished and (predictions := unfinished.predictions.read()) is not None:
        tell("predictions are there")
        return predictions
    tell("predict")
    predictions = predict_cases(learned.trained.network, config, data, device=device)
    if unfinished:
        unfinished.predictions.write(predictions)
    return predictions
