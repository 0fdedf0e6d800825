"""One trial of a protocol, by what tells it from the others."""

from __future__ import annotations

import operator
from collections.abc import Hashable, Mapping, Sequence

from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.sweep.axes import GIVEN_FORMS
from scribblebench.sweep.plan import ANNOTATION_KEYS, TrialConfig

Value = str | float | None


def select_trial(
    trials: Sequence[TrialConfig],
    *,
    method: str | None = None,
    form: str | None = None,
    density: float | None = None,
    randomness: float | None = None,
    variant: str | None = None,
    seed: int | None = None,
) -> TrialConfig:
    """Return the one trial that has all the values given; None leaves one open.

    Raises
    ------
    InputError
        Naming the first option whose value no trial has beside those before it, with the values
        that are there; or, if several trials are left, the options that tell them apart.
    """
    wanted: dict[str, Value] = {
        "method": method,
        "form": form,
        "density": density,
        "randomness": randomness,
        "variant": variant,
        "seed": seed,
    }
    left = _fitting(trials, wanted)
    if len(left) > 1:
        raise _several(left, list(wanted))
    return left[0]


def select_annotation(
    trials: Sequence[TrialConfig],
    *,
    form: str | None = None,
    density: float | None = None,
    randomness: float | None = None,
    variant: str | None = None,
    seed: int | None = None,
) -> TrialConfig:
    """Return the first of the trials that have all the values given, which must share their labels.

    Trials share what is annotated if they differ in method and training alone; forms that are
    given are the same for all seeds.

    Raises
    ------
    InputError
        As `select_trial`, if trials with different labels are left.
    """
    wanted: dict[str, Value] = {
        "form": form,
        "density": density,
        "randomness": randomness,
        "variant": variant,
        "seed": seed,
    }
    left = _fitting(trials, wanted)
    if len({_annotation(trial) for trial in left}) > 1:
        raise _several(left, list(wanted))
    return left[0]


def _annotation(trial: TrialConfig) -> Hashable:
    """Return what tells the labels of a protocol's trial from those of its others."""
    drawn = operator.attrgetter(*ANNOTATION_KEYS)(trial)
    seen = tuple(trial.training.preparation.values())
    return (drawn, seen, None if trial.form in GIVEN_FORMS else trial.seed)


def _fitting(trials: Sequence[TrialConfig], wanted: Mapping[str, Value]) -> list[TrialConfig]:
    """Return the trials that have all the values wanted: one or more."""
    left = list(trials)
    before = ""
    for name, value in wanted.items():
        if value is None:
            continue
        fitting = [trial for trial in left if getattr(trial, name) == value]
        if not fitting:
            raise InputError(
                f"--{name}: no trial of the protocol{before} has {name} {value}."
                f"{_hint(value, _values(left, name))}"
            )
        left = fitting
        before += f"{' and' if before else ' with'} {name} {value}"
    return left


def _several(left: Sequence[TrialConfig], names: Sequence[str]) -> InputError:
    """Return the error that says which options tell several trials apart."""
    choices = {name: _values(left, name) for name in names}
    listed = [
        f"--{name} {' | '.join(values)}" for name, values in choices.items() if len(values) > 1
    ]
    return InputError(f"{len(left)} trials of the protocol fit; add {', '.join(listed)}")


def _values(trials: Sequence[TrialConfig], name: str) -> list[str]:
    """Return the values that trials have, as they are typed, in their order."""
    values = dict.fromkeys(getattr(trial, name) for trial in trials)
    return [str(value) for value in values if value is not None]


def _hint(value: Value, known: list[str]) -> str:
    if isinstance(value, str):
        return did_you_mean(value, known)
    return f" Known: {', '.join(known)}." if known else ""
