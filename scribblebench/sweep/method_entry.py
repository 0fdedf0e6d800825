"""A method as a protocol names it: one of the registry, or one with other settings."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError
from pydantic import model_validator as validator

from scribblebench.methods import METHODS, Method
from scribblebench.sweep.merging import merge
from scribblebench.sweep.problems import first_problem
from scribblebench.training.objective_settings import ObjectiveSettings
from scribblebench.training.settings import STRICT


def _known_method(name: str) -> str:
    METHODS[name]
    return name


class MethodEntry(BaseModel):
    """A method with a name of its own and other settings.

    In YAML a name alone stands for the registered method; otherwise, for example::

        - name: zscribbleseg-oracle
          method: zscribbleseg
          options: {spatial: {class_ratio: oracle}}
    """

    model_config = STRICT

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
    """What results call it."""
    method: Annotated[str, AfterValidator(_known_method)]
    """The registered method that it changes."""
    options: dict[str, Any] = {}
    """Settings of the objective; groups are merged, null switches a term off."""

    @validator(mode="after")
    def _options_fit(self) -> MethodEntry:
        if self.name in METHODS.names() and (self.name != self.method or self.options):
            raise ValueError(f"name must not be that of another method, got '{self.name}'")
        _ = self.resolved
        return self

    @property
    def resolved(self) -> Method:
        """The method with its settings."""
        base = METHODS[self.method]
        merged = merge(base.objective.model_dump(), self.options)
        try:
            objective = ObjectiveSettings.model_validate(merged)
        except ValidationError as error:
            raise ValueError(f"options.{first_problem(error, ObjectiveSettings)}") from error
        if base.supervision == "dense" and (surplus := objective.terms_for_scribbles()):
            raise ValueError(f"options.{surplus[0]}: is for scribbles, '{self.method}' has none")
        return Method(objective, base.supervision)


def _from_name(value: object) -> object:
    """Turn a name alone into an entry."""
    if isinstance(value, str):
        _known_method(value)
        return {"name": value, "method": value}
    return value


Entry = Annotated[MethodEntry, BeforeValidator(_from_name)]
