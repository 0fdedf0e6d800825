"""Say in one line what is wrong with settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from scribblebench.registry import did_you_mean


def first_problem(error: ValidationError, model: type[BaseModel]) -> str:
    """Return where and what pydantic found wrong first; unknown keys come before the rest.

    Parameters
    ----------
    error : ValidationError
    model : type of BaseModel
        What was validated; its fields are suggested for unknown keys.
    """
    return located_problem(error, model)[1]


def located_problem(
    error: ValidationError, model: type[BaseModel]
) -> tuple[tuple[int | str, ...], str]:
    """Return the keys that lead to the first problem beside what `first_problem` says of it."""
    problems = error.errors()
    problems.sort(key=lambda p: p["type"] != "extra_forbidden")
    problem = problems[0]
    where = ""
    for part in problem["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{part}" if where else str(part)
    others = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    if problem["type"] == "extra_forbidden":
        *parents, key = problem["loc"]
        hint = did_you_mean(str(key), list(_model_at(model, parents).model_fields))
        return problem["loc"], f"{where}: unknown key '{key}'.{hint}{others}"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] not in ("value_error", "missing"):
        message = f"{message[0].lower()}{message[1:]}, got {problem['input']!r}"
    return problem["loc"], f"{where}: {message}{others}" if where else f"{message}{others}"


def _model_at(model: type[BaseModel], parents: list[int | str]) -> type[BaseModel]:
    """Return the model whose fields are allowed under the keys `parents`."""
    for key in parents:
        if not isinstance(key, str) or key not in model.model_fields:
            continue
        model = next(_models_in(model.model_fields[key].annotation), model)
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that an annotation mentions, within lists and unions too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
