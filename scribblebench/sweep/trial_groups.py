"""Groups of a protocol's `trials` and `exclude`: trials listed one by one, and trials left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    model_validator,
)

from scribblebench.sweep.axes import (
    Density,
    FormName,
    Randomness,
    Seed,
    all_different,
    has_budget,
)
from scribblebench.sweep.setting_keys import (
    DRAWING_KEYS,
    Value,
    check_key,
    checked_value,
    varied_types,
)
from scribblebench.training.settings import STRICT


class _Group(BaseModel):
    """Fields of a trial, and beside them any setting that may vary, by dotted key."""

    model_config = STRICT

    _settings: dict[str, list[Value]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _take_settings(cls, content: Any, fields: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(content, dict):
            return fields(content)
        apart = {key: value for key, value in content.items() if cls._is_setting(key)}
        settings = {key: cls._checked(key, value) for key, value in apart.items()}
        group = fields({key: value for key, value in content.items() if key not in apart})
        group._settings = settings
        return group

    @classmethod
    def _is_setting(cls, key: Any) -> bool:
        """Tell whether a key is a setting's, or means to be."""
        if not isinstance(key, str) or key in cls.model_fields:
            return False
        return (
            "." in key
            or key in DRAWING_KEYS
            or any(known.endswith(f".{key}") for known in varied_types())
        )

    @staticmethod
    def _checked(key: str, value: Any) -> list[Value]:
        check_key(key)
        try:
            return [checked_value(key, v) for v in (value if isinstance(value, list) else [value])]
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error


class ListedTrial(_Group):
    """One trial beside the grid's, for one or several seeds.

    `randomness` may be left out where the protocol has one value, `seed` and `seeds` where they
    are the protocol's. Settings that are not given are the protocol's.
    """

    form: FormName
    density: Density | None = None
    randomness: Randomness | None = None
    method: str
    """Name of an entry of `methods`, or of a registered method."""
    seed: Seed | None = None
    seeds: Annotated[list[Seed], Field(min_length=1), AfterValidator(all_different)] | None = None

    @model_validator(mode="after")
    def _fits_its_form(self) -> ListedTrial:
        for key, values in self._settings.items():
            if len(values) != 1:
                raise ValueError(f"{key}: must be a single value, got {values}")
        if self.seed is not None and self.seeds is not None:
            raise ValueError("seed must be left out where seeds are given")
        if has_budget(self.form):
            if self.density is None:
                raise ValueError(f"density must be given, because '{self.form}' is drawn")
            return self
        drawing = {"density": self.density, "randomness": self.randomness}
        given = [key for key, value in drawing.items() if value is not None]
        given += [key for key in self._settings if key in DRAWING_KEYS]
        if given:
            raise ValueError(f"{given[0]} must be left out, because '{self.form}' is not drawn")
        return self

    @property
    def changes(self) -> Mapping[str, Value]:
        """The settings that differ from the protocol's, by dotted key."""
        return {key: value for key, (value,) in self._settings.items()}


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class Exclusion(_Group):
    """Trials to leave out: those that have, for every key, the value or one of the values."""

    form: Annotated[list[FormName], Field(min_length=1), BeforeValidator(_as_list)] | None = None
    density: Annotated[list[Density], Field(min_length=1), BeforeValidator(_as_list)] | None = None
    randomness: (
        Annotated[list[Randomness], Field(min_length=1), BeforeValidator(_as_list)] | None
    ) = None
    method: Annotated[list[str], Field(min_length=1), BeforeValidator(_as_list)] | None = None
    seed: Annotated[list[Seed], Field(min_length=1), BeforeValidator(_as_list)] | None = None
    variant: Annotated[list[str], Field(min_length=1), BeforeValidator(_as_list)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Exclusion:
        if not self.values:
            raise ValueError("must have at least one key")
        return self

    @property
    def values(self) -> dict[str, list[Value]]:
        """The values of each key, dotted ones among them."""
        return {key: value for key, value in self if value is not None} | self._settings
