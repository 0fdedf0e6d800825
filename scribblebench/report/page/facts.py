"""Provenance as a table: a row for each fact, a column for each set of trials that shares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GROUPS: dict[str, tuple[str, ...]] = {
    "Code": ("scribblebench", "commit", "dirty", "source"),
    "Versions": ("python", "packages", "cuda", "cudnn", "driver"),
    "Hardware": ("device", "processor", "cores", "torch_threads", "bf16", "platform"),
}
"""Which facts stand together; those not listed come last, under "Other"."""

NAMES = {
    "scribblebench": "scribblebench",
    "dirty": "uncommitted changes",
    "source": "digest of the source",
    "python": "Python",
    "cuda": "CUDA",
    "cudnn": "cuDNN",
    "torch_threads": "threads",
    "bf16": "bfloat16",
    "trials": "finished trials",
    "first_started": "first trial started",
    "last_started": "last trial started",
    "wall_hours": "hours in all",
    "data_fingerprints": "fingerprints of the data",
}


@dataclass(frozen=True)
class Fact:
    """A line of the table: one value for each set, and whether they differ."""

    name: str
    values: list[str]

    @property
    def differs(self) -> bool:
        """Whether sets of trials differ in it."""
        return len(set(self.values)) > 1


def overall_facts(provenance: Mapping[str, Any]) -> list[Fact]:
    """Return what holds for all trials: counts, hours, dates and fingerprints of the data."""
    return [
        Fact(_named(key), [_moment(value) if key.endswith("_started") else _text(value)])
        for key, value in provenance.items()
        if key != "provenance"
    ]


def grouped_facts(provenance: Mapping[str, Any]) -> dict[str, list[Fact]]:
    """Return code, versions and hardware of each distinct origin under `provenance`.

    Facts that no origin has are left out; one that an origin lacks is a dash.
    """
    origins = [_flat(origin) for origin in provenance.get("provenance", [])]
    keys = list(dict.fromkeys(key for origin in origins for key in origin))
    grouped: dict[str, list[Fact]] = {group: [] for group in (*GROUPS, "Other")}
    ranks = {name: i for i, name in enumerate(n for names in GROUPS.values() for n in names)}
    for key in sorted(keys, key=lambda key: ranks.get(key[0], len(ranks))):
        group = next((g for g, names in GROUPS.items() if key[0] in names), "Other")
        name = " ".join((_named(key[0]), *key[1:])) if key[0] != "packages" else key[-1]
        fact = Fact(name, [_text(origin.get(key)) for origin in origins])
        if set(fact.values) != {_text(None)}:
            grouped[group].append(fact)
    return {group: facts for group, facts in grouped.items() if facts}


def _flat(origin: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """Return values by the path of their keys, one level deep."""
    flat: dict[tuple[str, ...], Any] = {}
    for key, value in origin.items():
        if isinstance(value, Mapping):
            flat |= {(str(key), str(inner)): v for inner, v in value.items()}
        else:
            flat[(str(key),)] = value
    return flat


def _named(key: str) -> str:
    return NAMES.get(key, key.replace("_", " "))


def _moment(value: Any) -> str:
    """Return a moment in ISO format to the minute."""
    moment = datetime.fromisoformat(str(value)).astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_text(v) for v in value)
    return str(value)
