"""A part of a plan, picked out by KEY=VALUE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.sweep.plan import TrialConfig

KEYS = ("form", "density", "randomness", "method", "variant", "seed")


def select(trials: Mapping[str, TrialConfig], expressions: Sequence[str]) -> list[str]:
    """Return the ids of the trials that fit all expressions, in the order of the plan.

    Parameters
    ----------
    trials : mapping of str to TrialConfig
    expressions : sequence of str
        Such as ``form=random_walk`` or ``density=0.1,0.3``: one of the values.

    Raises
    ------
    InputError
        For an unknown key, a value that no trial has, or if nothing is left.
    """
    left = dict(trials)
    for expression in expressions:
        key, equals, text = expression.partition("=")
        if not equals or not text:
            raise InputError(f"--only: must be KEY=VALUE, got '{expression}'")
        if key not in KEYS:
            raise InputError(f"--only: unknown key '{key}'.{did_you_mean(key, list(KEYS))}")
        values = {_typed(config, key) for config in trials.values()}
        wanted = set()
        for word in text.split(","):
            fitting = {value for value in values if _means(word, value)}
            if not fitting:
                known = [str(value) for value in values if value is not None]
                raise InputError(
                    f"--only: no trial has {key} '{word}'.{did_you_mean(word, sorted(known))}"
                )
            wanted |= fitting
        left = {i: config for i, config in left.items() if _typed(config, key) in wanted}
    if not left:
        raise InputError(f"--only: no trial has all of {', '.join(expressions)}")
    return list(left)


def _typed(config: TrialConfig, key: str) -> str | float | None:
    value: str | float | None = getattr(config, key)
    return value


def _means(word: str, value: str | float | None) -> bool:
    """Return whether a word that somebody typed means a value."""
    if isinstance(value, str) or value is None:
        return word == value
    try:
        return float(word) == value
    except ValueError:
        return False
