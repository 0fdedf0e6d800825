"""What a user says of a folder of images and labels, in `dataset.yaml` or in the protocol."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    ValidationError,
)

from scribblebench.data.dataset_json import BACKGROUND_NAME
from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.types import IGNORE_LABEL

NO_VALUE = -1
"""Stands for no value: scribble files then have to annotate everything, or say what else means."""

FILES = ("dataset.yaml", "dataset.yml", "classes.yaml", "classes.yml")
"""The first of these that is in the folder counts."""

KINDS = {
    "classes": "a list of names, or names with values",
    "split": "parts with lists of cases, or the name of a file with them",
}
"""What a key that takes two kinds of values takes."""

WORDS = {"Input should be a valid ": "must be a ", "a integer": "an integer", "a string": "text"}
"""Pydantic's words, and ours."""


def _one_group(expression: str) -> str:
    try:
        groups = re.compile(expression).groups
    except re.error as error:
        raise ValueError(f"must be a regular expression ({error}), got {expression!r}") from error
    if groups > 1:
        raise ValueError(f"must have at most one group, got {expression!r}")
    return expression


def _names(names: Any) -> Any:
    """Turn integers into text: YAML reads the names of cases so that are numbers."""
    if not isinstance(names, list):
        return names
    return [str(n) if isinstance(n, int) and not isinstance(n, bool) else n for n in names]


class FolderSettings(BaseModel):
    """Where images, labels and scribbles lie, and what they mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    images: str = "images/{case}"
    """Pattern of the image files (see `Pattern`)."""
    labels: str = "labels/{case}"
    """Pattern of the dense labels; a case may be without."""
    scribbles: str = "scribbles/{case}"
    """Pattern of the scribbles; a case may be without."""
    classes: list[str] | dict[str, StrictInt]
    """Names in order of class id, background first; or the value in the files of each name.

    With values, class id 0 is the class called background; the others are in order of the values.
    """
    ignore: StrictInt | None = None
    """What scribble files hold where nothing is annotated; null: 255, unless that is a class."""
    channels: Annotated[list[str], Field(min_length=1)] | None = None
    """Names of the channels, in order; null: as many as the first image has."""
    patient: Annotated[str, AfterValidator(_one_group)] | None = None
    """Regular expression whose group is the patient in a case id; null: each case is a patient."""
    split: str | dict[str, Annotated[list[str], BeforeValidator(_names)]] | None = None
    """Parts with their cases or patients, or a file that holds them; null: see the docs."""

    @property
    def values(self) -> dict[int, str]:
        """Names of the classes by their values in the files, in order of class id."""
        if isinstance(self.classes, list):
            return dict(enumerate(self.classes))
        by_value = sorted((value, name) for name, value in self.classes.items())
        return dict(sorted(by_value, key=lambda pair: not _is_background(pair[1])))

    @property
    def ignored(self) -> int:
        """What scribble files hold where nothing is annotated."""
        if self.ignore is not None:
            return self.ignore
        return IGNORE_LABEL if IGNORE_LABEL not in self.values else NO_VALUE


def read_settings(root: Path, options: dict[str, Any]) -> FolderSettings:
    """Read the settings of a folder; options go before what its file says.

    Parameters
    ----------
    root : Path
    options : dict
        Those that are None count as not given.

    Raises
    ------
    InputError
        Naming the file or the option, and the key at fault.
    """
    path = next((root / name for name in FILES if (root / name).is_file()), None)
    content = {} if path is None else read_mapping(path)
    given = {key: value for key, value in options.items() if value is not None}
    for key in content | given:
        if key not in FolderSettings.model_fields:
            where = key if key in given or path is None else f"{path}: {key}"
            raise InputError(
                f"{where}: unknown key.{did_you_mean(key, [*FolderSettings.model_fields])}"
            )
    if "classes" not in content | given:
        raise InputError(
            f"{path or root}: classes: must be given, in dataset.yaml or as an option: the names "
            "in order of the label values, background first"
        )
    try:
        settings = FolderSettings.model_validate(content | given)
    except ValidationError as error:
        raise InputError(_problem(error, path, given)) from error
    _check_values(settings, path or root)
    return settings


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML or JSON file with keys; a list alone is that of the classes.

    Raises
    ------
    InputError
        If it cannot be read or holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        kind = "JSON" if path.suffix == ".json" else "YAML"
        raise InputError(f"{path}: cannot be read as {kind} ({reason})") from error
    if isinstance(content, list):
        content = {"classes": content}
    if not isinstance(content, dict):
        raise InputError(f"{path}: must hold keys and values, got {content!r:.60}")
    return {str(key): value for key, value in content.items()}


def _check_values(settings: FolderSettings, where: Path) -> None:
    names = list(settings.values.values())
    n_given = len(settings.classes)
    if len(set(names)) < n_given or len(names) < max(2, n_given):
        raise InputError(
            f"{where}: classes: must be 2 or more names with different values, got "
            f"{settings.classes}"
        )
    backgrounds = [i for i, name in enumerate(settings.classes) if _is_background(name)]
    if isinstance(settings.classes, list) and backgrounds not in ([], [0]):
        raise InputError(
            f"{where}: classes: must have the background first, got {settings.classes}; where its "
            "value is not 0, give the value of each name"
        )
    if isinstance(settings.classes, dict) and len(backgrounds) != 1:
        raise InputError(
            f"{where}: classes: must have one class called '{BACKGROUND_NAME}' among the names "
            f"with values, which is class 0, got {settings.classes}"
        )
    if settings.ignore in settings.values:
        raise InputError(
            f"{where}: ignore: must be no class, got {settings.ignore}, which is "
            f"'{settings.values[settings.ignore]}'"
        )


def _is_background(name: str) -> bool:
    return name.lower() == BACKGROUND_NAME


def _problem(error: ValidationError, path: Path | None, given: dict[str, Any]) -> str:
    """Say in one line what pydantic found wrong: of a value of several kinds, what it nearly is."""
    problem = max(error.errors(), key=lambda p: len(p["loc"]))
    key, *inner = problem["loc"]
    where = str(key) if key in given or path is None else f"{path}: {key}"
    message, value = problem["msg"], f"{problem['input']!r:.60}"
    if key in KINDS and len(inner) == 1:
        return f"{where}: must be {KINDS[str(key)]}, got {value}"
    if inner[-1:] == ["[key]"]:
        return f"{where}: names must be text, got {value}"
    for part in inner[key in KINDS :]:  # the first is pydantic's word for the kind
        where += f"[{part}]" if isinstance(part, int) else f": {part}"
    if problem["type"] == "value_error":
        return f"{where}: {message.removeprefix('Value error, ')}"
    for words, ours in WORDS.items():
        message = message.replace(words, ours)
    return f"{where}: {message[0].lower()}{message[1:]}, got {value}"
