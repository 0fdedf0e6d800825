"""One trial of a protocol, by what tells it from the others."""

from __future__ import annotations

from collections.abc import Sequence

from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.sweep.plan import TrialConfig

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
    if len(left) > 1:
        choices = {name: _values(left, name) for name in wanted}
        listed = [
            f"--{name} {' | '.join(values)}" for name, values in choices.items() if len(values) > 1
        ]
        raise InputError(f"{len(left)} trials of the protocol fit; add {', '.join(listed)}")
    return left[0]


def _values(trials: Sequence[TrialConfig], name: str) -> list[str]:
    """Return the values that trials have, as they are typed, in their order."""
    values = dict.fromkeys(getattr(trial, name) for trial in trials)
    return [str(value) for value in values if value is not None]


def _hint(value: Value, known: list[str]) -> str:
    if isinstance(value, str):
        return did_you_mean(value, known)
    return f" Known: {', '.join(known)}." if known else ""
