"""Settings laid over settings."""

from __future__ import annotations

from typing import Any


def merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with `changes`: groups are merged key by key, all else is replaced."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = merge(old, value)
        else:
            merged[key] = value
    return merged


def lay_over(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with `changes` as in `merge`, but a null takes a key of `base` away.

    A null for a key that `base` does not have stays, so that its name is checked like any other.
    """
    merged = dict(base)
    for key, value in changes.items():
        if key in base and value is None:
            del merged[key]
        elif isinstance(base.get(key), dict) and isinstance(value, dict):
            merged[key] = lay_over(base[key], value)
        else:
            merged[key] = value
    return merged
