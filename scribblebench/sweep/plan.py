"""From a protocol to its trials."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from scribblebench.scribbles.background import Where
from scribblebench.sweep.protocol import Protocol, has_budget
from scribblebench.training.objective_settings import ObjectiveSettings
from scribblebench.training.settings import TrainingSettings

SCHEMA = 3
"""Raised when the same configuration starts to mean another trial; part of every id."""


class TrialConfig(BaseModel):
    """Everything that decides a trial's result, apart from code and data.

    `density`, `randomness`, `background` and `background_density` are None for presets and for
    forms that are given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    dataset_options: dict[str, Any]
    train_part: str
    score_part: str
    form: str
    density: float | None
    randomness: float | None
    background: Where | None
    background_density: float | None
    method: str
    objective: ObjectiveSettings | None = None
    """What the method minimises; None in results from before this was recorded."""
    seed: int
    training: TrainingSettings

    def label(self) -> str:
        """Return a short name for people: form, density, randomness, method and seed."""
        parts = [self.form]
        if self.density is not None:
            parts.append(f"{self.density:g}")
        if self.randomness is not None:
            parts.append(f"r{self.randomness:g}")
        return " ".join([*parts, self.method, f"seed {self.seed}"])

    def trial_id(self, data_fingerprint: str) -> str:
        """Return the trial's id: 12 hexadecimal digits of a hash of configuration and data."""
        content = {
            "schema": SCHEMA,
            "data": data_fingerprint,
            "trial": self.model_dump(mode="json"),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def expand(protocol: Protocol) -> Iterator[TrialConfig]:
    """Yield the trials of a protocol, seed by seed, so that a part of a sweep is a whole grid."""
    for seed in protocol.seeds:
        for form in protocol.forms:
            budgeted = has_budget(form)
            densities: list[float | None] = [*protocol.densities] if budgeted else [None]
            randomness: list[float | None] = [*protocol.randomness] if budgeted else [None]
            supervision = "dense" if form == "dense" else "scribbles"
            for method in protocol.methods:
                resolved = method.resolved
                if resolved.supervision != supervision:
                    continue
                for density in densities:
                    for r in randomness:
                        yield TrialConfig(
                            dataset=protocol.dataset.name,
                            dataset_options=protocol.dataset.options,
                            train_part=protocol.split.train,
                            score_part=protocol.split.score,
                            form=form,
                            density=density,
                            randomness=r,
                            background=protocol.background if budgeted else None,
                            background_density=protocol.background_density if budgeted else None,
                            method=method.name,
                            objective=resolved.objective,
                            seed=seed,
                            training=protocol.training,
                        )
