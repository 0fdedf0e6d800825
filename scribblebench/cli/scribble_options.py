"""What people type about scribbles, turned into the library's settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import TypeVar

from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.scribbles import (
    ERRORS,
    FORMS,
    PRESETS,
    Annotator,
    AnnotatorError,
    Budget,
    Pen,
)
from scribblebench.scribbles.budget import Unit
from scribblebench.scribbles.components import COMPONENTS, Components
from scribblebench.types import BACKGROUND, IGNORE_LABEL

T = TypeVar("T")

SUFFIXES: dict[str, Unit] = {"px": "pixels", "mm": "length", "s": "seconds", "": "density"}

SUBJECTS = {
    "options:": "--option:",
    "form '": "--3d: form '",
    "a share of slices": "--slices: a share of slices",
    "slice share ": "--slices ",
    "slice choice ": "--slice-choice ",
    "background ring ": "--ring ",
    "background_budget ": "--background-budget ",
    "background ": "--background ",
    "randomness ": "--randomness ",
    "width ": "--width ",
    "components ": "--components ",
}
"""How the library's messages begin, and how they begin for those who typed options."""

CONVENTIONS = ("nnunet", "wsl4mis")
"""Both write the number of classes, background included, where nothing is annotated: nnU-Net v2
wants its `ignore` label to be the highest, WSL4MIS's ACDC scribbles hold 4."""


def budgets(
    text: str, per: str, option: str, classes: Sequence[int] | None
) -> Budget | dict[int, Budget]:
    """Parse a budget: "0.1", "120px", "80mm", "12s", or for each class as in "1=0.1,2=0.05".

    Where there is a list of classes, no other can have a budget.
    """
    if "=" not in text:
        return _budget(text, per, option)
    found: dict[int, Budget] = {}
    for part in text.split(","):
        name, _, amount = part.partition("=")
        class_id = _foreground(name)
        if class_id is None:
            raise InputError(
                f"{option}: must be CLASS=AMOUNT,... with classes from 1 to 254, got '{part}'"
            )
        if class_id in found:
            raise InputError(f"{option}: has class {class_id} twice, got '{text}'")
        if classes is not None and class_id not in classes:
            listed = ",".join(map(str, classes))
            raise InputError(f"{option}: class {class_id} is not in --classes {listed}")
        found[class_id] = _budget(amount, per, option)
    return found


def _foreground(text: str) -> int | None:
    """Return the foreground class that was typed; None where it is none."""
    try:
        class_id = int(text)
    except ValueError:
        return None
    return class_id if BACKGROUND < class_id < IGNORE_LABEL else None


def one_budget(text: str, per: str, option: str) -> Budget:
    """Parse a budget that is not by class."""
    if "=" in text:
        raise InputError(f"{option}: takes one amount, got '{text}'")
    return _budget(text, per, option)


def _budget(text: str, per: str, option: str) -> Budget:
    amount = text.strip()
    suffix = next(s for s in SUFFIXES if amount.endswith(s))
    try:
        number = float(amount.removesuffix(suffix))
    except ValueError:
        raise InputError(
            f"{option}: must be a share such as 0.1, or 120px, 80mm or 12s, got '{text}'"
        ) from None
    return checked(option, Budget, number, SUFFIXES[suffix], per)


def pen(
    form: str,
    randomness: float,
    width: float | None,
    options: Sequence[str],
    components: str,
) -> Pen:
    """Make a pen of what was typed."""
    found = {}
    for entry in options:
        name, _, value = entry.partition("=")
        number = _finite(value)
        if number is None:
            raise InputError(f"--option: must be NAME=NUMBER, got '{entry}'")
        found[name.strip()] = int(number) if number == int(number) else number
    parts: Components
    if components in COMPONENTS:
        parts = components  # type: ignore[assignment]
    else:
        try:
            parts = float(components)
        except ValueError:
            raise InputError(
                f"--components: must be {', '.join(COMPONENTS)} or a probability, "
                f"got '{components}'"
            ) from None
    rule = FORMS[form]
    made = checked("", Pen, form, randomness, width, found, parts)
    if found:
        checked("--option", rule.check_values, found)
    return made


def _finite(text: str) -> float | None:
    """Return the number that was typed; None where it is none, or infinite."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def annotator(preset: str, like: str | None) -> Annotator:
    """Return a preset, with classes that are drawn like others: "4=1,5=1"."""
    found = PRESETS[preset]
    if like is None:
        return found
    habits = dict(found.habits)
    given: set[int] = set()
    for part in like.split(","):
        name, _, other = part.partition("=")
        new, old = _foreground(name), _foreground(other)
        if new is None or old is None:
            raise InputError(
                f"--like: must be CLASS=CLASS,... with classes from 1 to 254, got '{part}'"
            )
        if old not in found.habits:
            known = ", ".join(str(class_id) for class_id in found.habits if class_id != BACKGROUND)
            raise InputError(f"--like: preset '{preset}' has classes {known}, got {old}")
        if new in given:
            raise InputError(f"--like: has class {new} twice, got '{like}'")
        given.add(new)
        habits[new] = found.habits[old]
    return replace(found, habits=habits)


def annotator_error(text: str) -> AnnotatorError:
    """Parse the name of an error preset, or settings such as "spill=0.05,shake=0.7"."""
    if "=" not in text:
        return ERRORS[text]
    known = [field.name for field in fields(AnnotatorError)]
    found = {}
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in known:
            raise InputError(f"--error: unknown setting '{name}'.{did_you_mean(name, known)}")
        if name in found:
            raise InputError(f"--error: has {name} twice, got '{text}'")
        try:
            found[name] = float(value)
        except ValueError:
            raise InputError(f"--error: {name} must be a number, got '{value}'") from None
    return checked("--error", AnnotatorError, **found)


def checked(option: str, make: Callable[..., T], *arguments: object, **named: object) -> T:
    """Call `make`; its `ValueError`s become one line that names the option.

    Without an option, because several go into what is made, the message's subject tells which.
    """
    try:
        return make(*arguments, **named)
    except InputError:
        raise
    except ValueError as error:
        message = f"{option}: {error}" if option else _with_option(str(error))
        raise InputError(message) from error


def _with_option(message: str) -> str:
    """Put an option in place of a message's subject, or before it."""
    for subject, option in SUBJECTS.items():
        if message.startswith(subject):
            return option + message.removeprefix(subject)
    return message


def pair(text: str, option: str) -> tuple[float, float]:
    """Parse "6,14"."""
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{option}: must be two numbers such as 6,14, got '{text}'") from None
    return low, high


def class_list(text: str) -> list[int]:
    """Parse "1,2,3" into foreground ids."""
    try:
        ids = sorted({int(part) for part in text.split(",")})
    except ValueError:
        ids = []
    if not ids or ids[0] <= BACKGROUND or ids[-1] >= IGNORE_LABEL:
        raise InputError(f"--classes: must be integers from 1 to 254, such as 1,2,3, got '{text}'")
    return ids


def ignore_value(ignore_label: int, convention: str | None, classes: Sequence[int] | None) -> int:
    """Return what to write where nothing is annotated."""
    if convention is None:
        if not 0 < ignore_label <= IGNORE_LABEL:
            raise InputError(f"--ignore-label: must be in [1, 255], got {ignore_label}")
        if classes is not None and ignore_label in classes:
            raise InputError(f"--ignore-label: {ignore_label} is one of the classes")
        return ignore_label
    if convention not in CONVENTIONS:
        raise InputError(f"--convention: must be {' or '.join(CONVENTIONS)}, got '{convention}'")
    if ignore_label != IGNORE_LABEL:
        raise InputError("--convention decides the ignore label: leave out --ignore-label")
    if classes is None:
        raise InputError(
            f"--convention {convention}: needs --classes, so that the ignore label is the same in "
            f"all files"
        )
    if list(classes) != list(range(1, len(classes) + 1)):
        raise InputError(f"--convention {convention}: needs classes 1,2,3,..., got {classes}")
    return len(classes) + 1
