"""Variants of a protocol's settings: every combination of a grid and a zip of single settings."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from scribblebench.scribbles.background import Where
from scribblebench.sweep.merging import merge
from scribblebench.sweep.problems import first_problem
from scribblebench.sweep.setting_keys import (
    DRAWING_KEYS,
    Draw,
    Value,
    check_key,
    checked_value,
    short_name,
    shown,
)
from scribblebench.training.settings import TrainingSettings


def _checked_columns(columns: dict[str, list[Any]]) -> dict[str, list[Value]]:
    """Return lists of values by dotted key, as the settings' own types."""
    checked: dict[str, list[Value]] = {}
    for key, values in columns.items():
        check_key(key)
        checked[key] = []
        for i, value in enumerate(values):
            try:
                checked[key].append(checked_value(key, value))
            except ValueError as error:
                raise ValueError(f"{key}[{i}]: {error}") from error
    return checked


def _all_different(columns: dict[str, list[Value]]) -> dict[str, list[Value]]:
    for key, values in columns.items():
        if len(set(values)) != len(values):
            raise ValueError(f"{key}: entries must differ, got {values}")
    return columns


def _rows_are_whole(columns: dict[str, list[Value]]) -> dict[str, list[Value]]:
    lengths = {key: len(values) for key, values in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{n} of {key}" for key, n in lengths.items())
        raise ValueError(f"lists must be equally long, got {told}")
    rows = list(zip(*columns.values(), strict=True))
    if len(set(rows)) != len(rows):
        twice = next(row for i, row in enumerate(rows) if row in rows[:i])
        name = variant_name(dict(zip(columns, twice, strict=True)))
        raise ValueError(f"combinations must differ, got '{name}' twice")
    return columns


_Values = Annotated[list[Any], Field(min_length=1)]
Grid = Annotated[
    dict[str, _Values], AfterValidator(_checked_columns), AfterValidator(_all_different)
]
Zip = Annotated[
    dict[str, _Values], AfterValidator(_checked_columns), AfterValidator(_rows_are_whole)
]


@dataclass(frozen=True)
class Varied:
    """The settings of a protocol that may differ from trial to trial."""

    background: Where
    background_density: float | None
    slice_share: float
    draw: Draw
    training: TrainingSettings

    def changed(self, changes: Mapping[str, Value]) -> Varied:
        """Return them with single settings changed, by dotted key.

        Raises
        ------
        ValueError
            Naming the variant, if its settings do not go together.
        """
        values: dict[str, Any] = vars(self) | {"training": self.training.model_dump()}
        for key, value in changes.items():
            nested: Any = value
            for part in reversed(key.split(".")):
                nested = {part: nested}
            values = merge(values, nested)
        try:
            training = TrainingSettings.model_validate(values["training"])
        except ValidationError as error:
            problem = f"training.{first_problem(error, TrainingSettings)}"
            raise ValueError(f"variant '{variant_name(changes)}': {problem}") from error
        if values["draw"] == "volume" and values["slice_share"] < 1.0:
            raise ValueError(
                f"variant '{variant_name(changes)}': slice_share: must be 1 where draw is volume, "
                f"got {values['slice_share']:g}"
            )
        return Varied(**values | {"training": training})


@dataclass(frozen=True)
class Variant:
    """Some settings that differ from the protocol's, and what comes of them."""

    changes: Mapping[str, Value]
    settings: Varied

    def name(self, *, drawn: bool) -> str | None:
        """Return its name for a form that is drawn or not; None where nothing is varied."""
        return variant_name(
            {key: v for key, v in self.changes.items() if drawn or key not in DRAWING_KEYS}
        )


def variant_name(changes: Mapping[str, Value]) -> str | None:
    """Return changes as "steps=300,width=8", with the shortest keys that are unambiguous."""
    named = (f"{short_name(key)}={shown(value)}" for key, value in changes.items())
    return ",".join(named) or None


def combinations(
    grid: Mapping[str, list[Value]], zipped: Mapping[str, list[Value]]
) -> Iterator[dict[str, Value]]:
    """Yield every combination of a grid's values with every row of a zip; at least one, empty."""
    rows = list(zip(*zipped.values(), strict=True)) or [()]
    for cell in itertools.product(*grid.values()):
        for row in rows:
            yield dict(zip([*grid, *zipped], [*cell, *row], strict=True))
