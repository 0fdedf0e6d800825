"""Single settings of a protocol by dotted key: which may vary, and what their values may be."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from scribblebench.registry import did_you_mean
from scribblebench.scribbles.background import Where
from scribblebench.sweep.axes import Density
from scribblebench.sweep.problems import first_problem
from scribblebench.training.settings import Number, TrainingSettings

Value: TypeAlias = str | bool | int | float | None

Draw: TypeAlias = Literal["slices", "volume"]
SliceShare: TypeAlias = Annotated[Number, Field(gt=0.0, le=1.0)]

DRAWING_DEFAULTS: dict[str, Value] = {"slice_share": 1.0, "draw": "slices"}
"""Settings of where scribbles are drawn, which trials do not mention while they are these."""
DRAWING_KEYS = ("background", "background_density", *DRAWING_DEFAULTS)
"""Settings of how scribbles are drawn: they mean nothing to forms that are not."""
SHARED_KEYS = (
    *("dataset", "split"),
    *("training.field_of_view", "training.spacing_mm", "training.volume"),
    "training.intensity",
)
"""What decides the prepared cases. A sweep loads them once, for all trials of a protocol."""
LISTS = {
    "forms": "forms",
    "densities": "densities",
    "randomness": "randomness",
    "seeds": "seeds",
    "methods": "methods, where a group with a name of its own may change options",
}
"""Keys of a protocol that are lists of what varies already, and what to do instead."""


@functools.cache
def varied_types() -> dict[str, TypeAdapter[Any]]:
    """Return what the values of every setting that may vary must be, by dotted key."""
    types: dict[str, Any] = {
        "background": Where,
        "background_density": Density | None,
        "slice_share": SliceShare,
        "draw": Draw,
    }
    types |= dict(_leaves("training", TrainingSettings))
    config = ConfigDict(allow_inf_nan=False)
    return {
        key: TypeAdapter(kind, config=config)
        for key, kind in types.items()
        if key not in SHARED_KEYS
    }


def _leaves(prefix: str, model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Yield the dotted keys and types of all settings of a model that are not groups."""
    for name, field in model.model_fields.items():
        key, kind = f"{prefix}.{name}", field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _leaves(key, kind)
        else:
            yield key, Annotated[kind, *field.metadata] if field.metadata else kind


@functools.cache
def short_name(key: str) -> str:
    """Return the shortest end of a dotted key that no other setting's key ends with."""
    parts = key.split(".")
    ends = [".".join(parts[i:]) for i in reversed(range(len(parts)))]
    others = [f".{other}" for other in varied_types() if other != key]
    return next(end for end in ends if not any(other.endswith(f".{end}") for other in others))


def checked_value(key: str, value: Any) -> Value:
    """Return a value of a setting as the setting's own type.

    Raises
    ------
    ValueError
        Beginning with what is wrong, if it cannot be the setting's value.
    """
    try:
        checked: Value = varied_types()[key].validate_python(value)
    except ValidationError as error:
        raise ValueError(first_problem(error, BaseModel)) from error
    return checked


def check_key(key: str) -> None:
    """Check that a setting may vary from trial to trial.

    Raises
    ------
    ValueError
        Beginning with the key: that there is none such, with a suggestion, or why it may not.
    """
    known = varied_types()
    if key in known:
        return
    if any(key == shared or key.startswith(f"{shared}.") for shared in SHARED_KEYS):
        raise ValueError(f"{key}: must not vary, because all trials share their prepared cases")
    if (first := key.split(".")[0]) in LISTS:
        raise ValueError(f"{key}: varies by the list of {LISTS[first]}")
    if any(full.startswith(f"{key}.") for full in known):
        full = next(full for full in known if full.startswith(f"{key}."))
        raise ValueError(f"{key}: must be a single setting such as '{full}'")
    ends = [full for full in known if full.endswith(f".{key}")]
    hint = f" Did you mean '{ends[0]}'?" if ends else did_you_mean(key, list(known))
    raise ValueError(f"{key}: unknown key '{key}'.{hint}")


def shown(value: Value) -> str:
    """Return a value as names of variants show it, the same for no two values of a setting."""
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
