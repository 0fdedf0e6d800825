"""A protocol's trials in blocks that differ by density, randomness and seed only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scribblebench.sweep.axes import has_budget, supervision_of
from scribblebench.sweep.protocol_settings import Protocol
from scribblebench.sweep.variants import Variant, Varied
from scribblebench.training.objective_settings import ObjectiveSettings


@dataclass(frozen=True)
class Block:
    """All combinations of densities, randomness and seeds for one form, method and variant."""

    form: str
    densities: Sequence[float | None]
    randomness: Sequence[float | None]
    method: str
    objective: ObjectiveSettings
    variant: str | None
    settings: Varied
    seeds: Sequence[int]


def blocks_of(protocol: Protocol) -> list[Block]:
    """Return the blocks of a protocol's grid, then its listed trials; some may be there twice."""
    return [*_grid(protocol), *_listed(protocol)]


def _grid(protocol: Protocol) -> Iterator[Block]:
    methods = [(method.name, method.resolved) for method in protocol.methods]
    for form in protocol.forms:
        drawn = has_budget(form)
        variants = _differing(protocol, drawn=drawn)
        for name, method in methods:
            if method.supervision != supervision_of(form):
                continue
            for variant, settings in variants.items():
                yield Block(
                    form=form,
                    densities=protocol.densities if drawn else [None],
                    randomness=protocol.randomness if drawn else [None],
                    method=name,
                    objective=method.objective,
                    variant=variant,
                    settings=settings,
                    seeds=protocol.seeds,
                )


def _differing(protocol: Protocol, *, drawn: bool) -> dict[str | None, Varied]:
    """Return the settings of the variants that differ for forms that are drawn, or are not."""
    settings: dict[str | None, Varied] = {}
    for variant in protocol.variants():
        settings.setdefault(variant.name(drawn=drawn), variant.settings)
    return settings


def _listed(protocol: Protocol) -> Iterator[Block]:
    for trial in protocol.trials:
        drawn = has_budget(trial.form)
        randomness = protocol.randomness[0] if trial.randomness is None else trial.randomness
        settings = protocol.varied.changed(trial.changes)
        yield Block(
            form=trial.form,
            densities=[trial.density],
            randomness=[randomness if drawn else None],
            method=trial.method,
            objective=protocol.method(trial.method).resolved.objective,
            variant=Variant(trial.changes, settings).name(drawn=drawn),
            settings=settings,
            seeds=trial.seeds or (protocol.seeds if trial.seed is None else [trial.seed]),
        )
