"""The axes of a protocol's grid: what a form, a density, a randomness and a seed may be."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.scribbles import FORMS, PRESETS
from scribblebench.training.settings import Count, Number

GIVEN_FORMS = ("expert", "dense")
"""Forms that come with the data set instead of being drawn: its own scribbles, its dense labels."""


def has_budget(form: str) -> bool:
    """Tell whether a form is drawn for a density; presets decide themselves, others are given."""
    return form in FORMS


def check_draws_in_volumes(form: str) -> None:
    """Check that a form, if it is drawn, can be drawn in a volume.

    Raises
    ------
    ValueError
        With the forms that can.
    """
    if has_budget(form) and not FORMS[form].three_d:
        able = ", ".join(name for name in FORMS if FORMS[name].three_d)
        raise ValueError(f"must draw in 3D where draw is volume ({able}), got '{form}'")


def supervision_of(form: str) -> str:
    """Return which labels a form gives, "dense" or "scribbles", as methods say what they need."""
    return "dense" if form == "dense" else "scribbles"


def form_names() -> list[str]:
    """Return the names of all forms: drawn, presets and given."""
    return [*FORMS.names(), *PRESETS.names(), *GIVEN_FORMS]


def known_form(name: str) -> str:
    """Return `name` if it is a form, a preset or given, else raise with a suggestion."""
    if name not in form_names():
        raise InputError(f"unknown form '{name}'.{did_you_mean(name, form_names())}")
    return name


def all_different(values: list[Any]) -> list[Any]:
    """Return `values` if none is there twice, else raise."""
    if len(set(values)) != len(values):
        raise ValueError(f"entries must differ, got {values}")
    return values


FormName = Annotated[
    str, AfterValidator(known_form), Field(json_schema_extra={"enum": [*form_names()]})
]
Density = Annotated[Number, Field(gt=0.0, le=1.0)]
Randomness = Annotated[Number, Field(ge=0.0, le=1.0)]
Seed = Annotated[Count, Field(ge=0)]
