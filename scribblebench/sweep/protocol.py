"""Protocols: what a sweep varies, written in YAML and checked strictly before any work."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

import scribblebench
from scribblebench.data import DATASETS
from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.scribbles import FORMS, PRESETS
from scribblebench.scribbles.background import Where
from scribblebench.sweep.merging import merge
from scribblebench.sweep.method_entry import Entry
from scribblebench.sweep.problems import first_problem
from scribblebench.training.settings import STRICT, Count, Number, TrainingSettings

DATA_VARIABLE = "SCRIBBLEBENCH_DATA"
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


Density = Annotated[Number, Field(gt=0.0, le=1.0)]
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


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice instead of keeping the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for i, key in enumerate(keys):
            if key in keys[:i]:
                line = node.value[i][0].start_mark.line + 1
                raise InputError(f"line {line}: key '{key}' is given twice")
        return super().construct_mapping(node, deep)


def shipped_protocols() -> Path:
    """Return the folder of the protocols that come with the package."""
    package = Path(scribblebench.__file__).parent
    installed = package / "protocols"
    return installed if installed.is_dir() else package.parent / "protocols"


def find_protocol(name: str) -> Path:
    """Find a protocol file: `name` from the working folder, then among the shipped ones.

    Raises
    ------
    InputError
        With the nearest name, if there is none.
    """
    shipped = shipped_protocols()
    for folder in (Path(), shipped):
        for candidate in (folder / name, folder / f"{name}.yaml"):
            if candidate.is_file():
                return candidate
    known = sorted({p.name for folder in (Path(), shipped) for p in folder.glob("*.yaml")})
    raise InputError(f"{name}: no such protocol.{did_you_mean(name, known)}")


def read_protocol(path: Path, preset: str | None = None) -> Protocol:
    """Read and check a protocol, with all of its presets.

    A preset is a group under `presets` whose keys are laid over the protocol's own: the same
    comparison at another size. It adds its name to the protocol's.

    Raises
    ------
    InputError
        One line for the first thing that is wrong: file, key, what is expected, and the nearest
        known name where a name is unknown.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeyLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not YAML ({' '.join(str(error).split())})") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: must hold keys and values, got {type(content).__name__}")
    presets = content.pop("presets", {})
    if not isinstance(presets, dict) or not all(isinstance(p, dict) for p in presets.values()):
        raise InputError(f"{path}: presets: must hold names and groups of keys")
    for name in presets:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", str(name)):
            raise InputError(f"{path}: presets: names must be letters, digits, . _ -, got '{name}'")
    protocols = {None: _validated(content, str(path))}
    for name, changes in presets.items():
        protocol = _validated(merge(content, changes), f"{path}: presets.{name}")
        protocols[name] = protocol.model_copy(update={"name": f"{protocol.name}-{name}"})
    if preset not in protocols:
        raise InputError(
            f"{path}: has no preset '{preset}'.{did_you_mean(str(preset), list(presets))}"
        )
    return protocols[preset]


def _validated(content: dict[str, Any], where: str) -> Protocol:
    try:
        return Protocol.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{where}: {first_problem(error, Protocol)}") from error


def data_root(option: Path | None, protocol: Protocol) -> Path | None:
    """Return where the data lie: `option`, else the protocol's, else the environment's."""
    named = option or protocol.dataset.data or os.environ.get(DATA_VARIABLE)
    return Path(named) if named else None
