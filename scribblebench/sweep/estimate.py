"""How long trials take, judged by those that are finished."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

import pandas as pd

from scribblebench.sweep.plan import TrialConfig
from scribblebench.training.settings import TrainingSettings


class Estimates:
    """Mean seconds of finished trials of the same kind: method and training settings.

    Parameters
    ----------
    seconds : mapping of str to float
        Means to begin with, by kind.
    """

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._given = dict(seconds)
        self._sums: dict[str, tuple[int, float]] = {}
        self._digests: dict[int, tuple[TrainingSettings, str]] = {}

    @staticmethod
    def of(table: pd.DataFrame, trials: Mapping[str, TrialConfig]) -> Estimates:
        """Return the estimates that finished trials give.

        Parameters
        ----------
        table : DataFrame
            Of `scribblebench.sweep.index.finished_trials`.
        trials : mapping of str to TrialConfig
            Those that matter, by id; others in the table are passed over, and so are those of
            which no time is known.
        """
        estimates = Estimates({})
        pairs = zip(table.index.tolist(), table["wall_s"].tolist(), strict=True)
        for trial_id, seconds in pairs:
            if (config := trials.get(trial_id)) is not None and math.isfinite(seconds):
                estimates.add(config, seconds)
        return estimates

    def kind(self, config: TrialConfig) -> str:
        """Return the name of a trial's kind."""
        settings = config.training
        if id(settings) not in self._digests:  # trials of a plan share the object
            self._digests[id(settings)] = (settings, _digest(settings))
        return f"{config.method} {self._digests[id(settings)][1]}"

    def add(self, config: TrialConfig, seconds: float) -> None:
        """Take in a trial that has finished."""
        kind = self.kind(config)
        n, total = self._sums.get(kind, (0, 0.0))
        self._sums[kind] = (n + 1, total + seconds)

    def seconds(self, config: TrialConfig) -> float | None:
        """Return what a trial takes; None if none of its kind has finished."""
        kind = self.kind(config)
        if kind in self._sums:
            n, total = self._sums[kind]
            return total / n
        return self._given.get(kind)

    def means(self) -> dict[str, float]:
        """Return the means by kind, of the trials taken in and those given."""
        return self._given | {kind: total / n for kind, (n, total) in self._sums.items()}


def _digest(settings: TrainingSettings) -> str:
    return hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:8]
