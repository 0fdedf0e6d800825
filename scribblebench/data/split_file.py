"""Splits in files: which cases are in which part, or in which fold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scribblebench.errors import InputError
from scribblebench.io.atomic import write_text
from scribblebench.registry import did_you_mean

FORMAT: Final = "scribblebench split"

Cases = Annotated[tuple[str, ...], Field(min_length=1)]
Parts = Annotated[dict[str, Cases], Field(min_length=1)]


class SplitFile(BaseModel):
    """A split as it lies in a JSON file; parts or folds, one of the two.

    `cases_sha256` tells that the cases are those that the file was written with; files written by
    hand may leave it out, and `seed` and `stratified_by`, which are for people.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["scribblebench split"] = FORMAT
    version: Literal[1] = 1
    dataset: str
    cases_sha256: str | None = None
    seed: int | None = None
    stratified_by: str | None = None
    parts: Parts | None = None
    """Case ids of each part."""
    folds: Annotated[list[Parts], Field(min_length=2)] | None = None
    """Case ids to train on ("train") and to score ("val") in each fold."""

    @model_validator(mode="after")
    def _is_a_split(self) -> SplitFile:
        if (self.parts is None) == (self.folds is None):
            raise ValueError("must hold either parts or folds")
        for where, parts in self.tables():
            seen: dict[str, str] = {}
            for part, ids in parts.items():
                for case_id in ids:
                    if case_id in seen:
                        both = f"'{seen[case_id]}' and in '{part}'"
                        raise ValueError(f"{where}: case '{case_id}' is both in {both}")
                    seen[case_id] = part
        for number, fold in enumerate(self.folds or []):
            if set(fold) != {"train", "val"}:
                raise ValueError(f"folds[{number}]: must hold train and val, got {', '.join(fold)}")
        if self.cases_sha256 not in (None, cases_digest(self.case_ids())):
            raise ValueError(
                "cases_sha256: is not that of the cases; leave it out if you changed them by hand"
            )
        return self

    def tables(self) -> list[tuple[str, Mapping[str, tuple[str, ...]]]]:
        """Return the parts, or those of each fold, with their place in the file."""
        if self.parts is not None:
            return [("parts", self.parts)]
        return [(f"folds[{number}]", fold) for number, fold in enumerate(self.folds or [])]

    def case_ids(self) -> set[str]:
        """Return all cases that the file names."""
        return {c for _, parts in self.tables() for ids in parts.values() for c in ids}

    def parts_of(self, fold: int | None) -> Mapping[str, tuple[str, ...]]:
        """Return the parts, or those of a fold.

        Raises
        ------
        InputError
            Beginning with "fold": if it is not given and must be, or the other way round, or is
            none of the file's.
        """
        if self.parts is not None:
            if fold is not None:
                raise InputError(f"fold: the file has parts and no folds, got {fold}")
            return self.parts
        assert self.folds is not None
        n = len(self.folds)
        if fold is None:
            raise InputError(f"fold: must be given, because the file has {n} folds")
        if not 0 <= fold < n:
            raise InputError(f"fold: must be 0 to {n - 1}, got {fold}")
        return self.folds[fold]

    def exclusive_parts(self) -> Mapping[str, tuple[str, ...]]:
        """Return parts no two of which may share a patient: those of the file, or its folds."""
        if self.parts is not None:
            return self.parts
        return {f"fold {k}": fold["val"] for k, fold in enumerate(self.folds or [])}


def cases_digest(case_ids: Iterable[str]) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of case ids, in whatever order they come."""
    return hashlib.sha256("\n".join(sorted(case_ids)).encode()).hexdigest()[:16]


def write_split(path: Path, split: SplitFile) -> None:
    """Write a split, atomically: a line a part."""
    content = split.model_dump(mode="json", exclude_none=True)
    lines = []
    for key, value in content.items():
        if key == "parts":
            text = _table(value, "  ")
        elif key == "folds":
            text = "[\n" + ",\n".join(f"    {_table(fold, '    ')}" for fold in value) + "\n  ]"
        else:
            text = json.dumps(value, ensure_ascii=False)
        lines.append(f'  "{key}": {text}')
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def _table(parts: Mapping[str, list[str]], indent: str) -> str:
    rows = [
        f"{indent}  {json.dumps(part, ensure_ascii=False)}: {json.dumps(ids, ensure_ascii=False)}"
        for part, ids in parts.items()
    ]
    return "{\n" + ",\n".join(rows) + f"\n{indent}}}"


def read_split(path: Path, dataset: str) -> SplitFile:
    """Read a split of a data set.

    Raises
    ------
    InputError
        Naming the file: if it cannot be read, is something else, or a split of another data set.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is not JSON ({' '.join(str(error).split())})") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: must hold keys and values, got {type(content).__name__}")
    try:
        split = SplitFile.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {_problem(error)}") from error
    if split.dataset != dataset:
        raise InputError(f"{path}: dataset: must be '{dataset}', got '{split.dataset}'")
    return split


def _problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{where}'.{did_you_mean(where, list(SplitFile.model_fields))}"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {message[0].lower()}{message[1:]}" if where else message
