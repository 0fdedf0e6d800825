"""What a protocol may say: its keys, their values and what must go together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from scribblebench.data import DATASETS
from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.scribbles import FORMS, PRESETS
from scribblebench.scribbles.background import Where
from scribblebench.sweep.method_entry import Entry
from scribblebench.sweep.setting_keys import BACKGROUND_KEYS, Density
from scribblebench.sweep.variants import Grid, Variant, Varied, Zip, combinations
from scribblebench.training.settings import STRICT, Count, Number, TrainingSettings

GIVEN_FORMS = ("expert", "dense")
"""Forms that come with the data set instead of being drawn: its own scribbles, its dense labels."""


class ProtocolError(InputError):
    """A protocol that its data set cannot meet; the message begins with the key at fault."""


def has_budget(form: str) -> bool:
    """Tell whether a form is drawn for a density; presets decide themselves, others are given."""
    return form in FORMS


def known_form(name: str) -> str:
    """Return `name` if it is a form, a preset or given, else raise with a suggestion."""
    if name not in GIVEN_FORMS and name not in FORMS and name not in PRESETS:
        known = [*FORMS.names(), *PRESETS.names(), *GIVEN_FORMS]
        raise InputError(f"unknown form '{name}'.{did_you_mean(name, known)}")
    return name


def _known_dataset(name: str) -> str:
    DATASETS[name]
    return name


def _all_different(values: list[Any]) -> list[Any]:
    if len(set(values)) != len(values):
        raise ValueError(f"entries must differ, got {values}")
    return values


Randomness = Annotated[Number, Field(ge=0.0, le=1.0)]
FormName = Annotated[str, AfterValidator(known_form)]


class DatasetSettings(BaseModel):
    """Which data set, where it lies and its own options."""

    model_config = STRICT

    name: Annotated[str, AfterValidator(_known_dataset)]
    data: str | None = None
    options: dict[str, Any] = {}


class SplitSettings(BaseModel):
    """Which parts of the data set's split to train on and to score."""

    model_config = STRICT

    train: str = "train"
    score: str = "val"


class Protocol(BaseModel):
    """A grid of trials.

    `forms` x `densities` x `randomness` x methods for scribbles x `seeds`; presets and given
    forms have neither density nor randomness, and `dense` goes with the methods for dense labels.
    Every combination of `grid` and `zip` is a variant of the other settings, with such a grid.
    """

    model_config = STRICT

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    description: str = ""
    dataset: DatasetSettings
    split: SplitSettings = SplitSettings()
    forms: Annotated[list[FormName], Field(min_length=1), AfterValidator(_all_different)]
    densities: Annotated[list[Density], AfterValidator(_all_different)] = []
    randomness: Annotated[list[Randomness], Field(min_length=1), AfterValidator(_all_different)] = [
        0.5
    ]
    background: Where = "near"
    background_density: Density | None = None
    methods: Annotated[list[Entry], Field(min_length=1)]
    seeds: Annotated[
        list[Annotated[Count, Field(ge=0)]], Field(min_length=1), AfterValidator(_all_different)
    ] = [0]
    training: TrainingSettings = TrainingSettings()
    grid: Grid = {}
    zip: Zip = {}

    @model_validator(mode="after")
    def _every_entry_is_used(self) -> Protocol:
        """Refuse forms without a method, methods without a form, and missing densities."""
        wanted: dict[str, Literal["dense", "scribbles"]] = {
            form: "dense" if form == "dense" else "scribbles" for form in self.forms
        }
        _all_different([method.name for method in self.methods])
        offered = {method.name: method.resolved.supervision for method in self.methods}
        for form, supervision in wanted.items():
            if supervision not in offered.values():
                raise ValueError(f"form '{form}' needs a method for {supervision} labels")
        for method, supervision in offered.items():
            if supervision not in wanted.values():
                raise ValueError(f"method '{method}' needs a form with {supervision} labels")
        if not self.densities and any(map(has_budget, self.forms)):
            raise ValueError("densities must hold at least one value for forms that are drawn")
        return self

    @model_validator(mode="after")
    def _variants_go_together(self) -> Protocol:
        """Refuse variants whose settings do not fit each other or change nothing."""
        drawn = any(map(has_budget, self.forms))
        for name, columns in (("grid", self.grid), ("zip", self.zip)):
            for key in columns:
                if key in BACKGROUND_KEYS and not drawn:
                    raise ValueError(f"{name}: {key}: changes nothing, because no form is drawn")
        if both := [key for key in self.zip if key in self.grid]:
            raise ValueError(f"zip: {both[0]}: must not be in grid too")
        try:
            self.variants()
        except ValueError as error:
            raise ValueError(f"{'grid' if self.grid else 'zip'}: {error}") from error
        return self

    def variants(self) -> list[Variant]:
        """Return the variants of the settings; one that changes nothing if none is asked for."""
        base = Varied(self.background, self.background_density, self.training)
        return [Variant(c, base.changed(c)) for c in combinations(self.grid, self.zip)]
