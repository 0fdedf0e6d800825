"""From a protocol to its trials."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from scribblebench.scribbles.background import Where
from scribblebench.sweep.protocol_settings import Protocol, has_budget
from scribblebench.sweep.variants import Varied
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
    variant: str | None = None
    """What tells its settings from the protocol's others, for people: not part of the id."""

    @model_serializer(mode="wrap")
    def _without_an_empty_variant(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write trials without a variant as before there were any."""
        content: dict[str, Any] = serialize(self)
        if content.get("variant") is None:
            content.pop("variant", None)
        return content

    def label(self) -> str:
        """Return a short name for people: form, density, randomness, method, variant and seed."""
        parts = [self.form]
        if self.density is not None:
            parts.append(f"{self.density:g}")
        if self.randomness is not None:
            parts.append(f"r{self.randomness:g}")
        parts.append(self.method)
        if self.variant is not None:
            parts.append(self.variant)
        return " ".join([*parts, f"seed {self.seed}"])

    def trial_id(self, data_fingerprint: str) -> str:
        """Return the trial's id: 12 hexadecimal digits of a hash of configuration and data."""
        content = {
            "schema": SCHEMA,
            "data": data_fingerprint,
            "trial": self.model_dump(mode="json", exclude={"variant"}),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def expand(protocol: Protocol) -> Iterator[TrialConfig]:
    """Yield the trials of a protocol, seed by seed, so that a part of a sweep is a whole grid."""
    by_form = {form: _differing(protocol, drawn=has_budget(form)) for form in protocol.forms}
    resolved = [(method.name, method.resolved) for method in protocol.methods]
    for seed in protocol.seeds:
        for form, variants in by_form.items():
            drawn = has_budget(form)
            densities: list[float | None] = [*protocol.densities] if drawn else [None]
            randomness: list[float | None] = [*protocol.randomness] if drawn else [None]
            supervision = "dense" if form == "dense" else "scribbles"
            for name, method in resolved:
                if method.supervision != supervision:
                    continue
                for variant_name, settings in variants.items():
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
                                background=settings.background if drawn else None,
                                background_density=settings.background_density if drawn else None,
                                method=name,
                                objective=method.objective,
                                seed=seed,
                                training=settings.training,
                                variant=variant_name,
                            )


def _differing(protocol: Protocol, *, drawn: bool) -> dict[str | None, Varied]:
    """Return the settings of the variants that differ for forms that are drawn, or are not."""
    settings: dict[str | None, Varied] = {}
    for variant in protocol.variants():
        settings.setdefault(variant.name(drawn=drawn), variant.settings)
    return settings
