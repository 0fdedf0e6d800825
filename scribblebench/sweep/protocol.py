"""Protocols: what a sweep varies, written in YAML and checked strictly before any work."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.sweep.axes import has_budget
from scribblebench.sweep.compose import Composed, compose, find_protocol, shipped_protocols
from scribblebench.sweep.merging import lay_over
from scribblebench.sweep.plan import expand
from scribblebench.sweep.problems import located_problem
from scribblebench.sweep.protocol_settings import Protocol, ProtocolError

__all__ = [
    "DATA_VARIABLE",
    "Protocol",
    "ProtocolError",
    "data_root",
    "find_protocol",
    "has_budget",
    "read_protocol",
    "read_with_presets",
    "shipped_protocols",
]

DATA_VARIABLE = "SCRIBBLEBENCH_DATA"


def read_protocol(path: Path, preset: str | None = None) -> Protocol:
    """Read and check a protocol, with what it extends and all of its presets.

    A preset is a group under `presets` whose keys are laid over the protocol's own: the same
    comparison at another size. It adds its name to the protocol's.

    Raises
    ------
    InputError
        One line for the first thing that is wrong: file, key, what is expected, and the nearest
        known name where a name is unknown.
    """
    protocols = read_with_presets(path)
    if preset not in protocols:
        known = [name for name in protocols if name is not None]
        raise InputError(f"{path}: has no preset '{preset}'.{did_you_mean(str(preset), known)}")
    return protocols[preset]


def read_with_presets(path: Path) -> dict[str | None, Protocol]:
    """Read and check a protocol as `read_protocol`; return it, under None, and its presets."""
    composed = compose(path)
    if len(composed.layers) > 1 and "name" not in composed.layers[-1].content:
        raise InputError(f"{path}: name: a protocol that extends another must have its own")
    content = composed.content
    presets = content.pop("presets", {})
    where = composed.where(("presets",))
    if not isinstance(presets, dict) or not all(isinstance(p, dict) for p in presets.values()):
        raise InputError(f"{where}: presets: must hold names and groups of keys")
    for name in presets:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", str(name)):
            raise InputError(
                f"{where}: presets: names must be letters, digits, . _ -, got '{name}'"
            )
    protocols: dict[str | None, Protocol] = {None: _validated(content, composed)}
    for name, changes in presets.items():
        protocol = _validated(lay_over(content, changes), composed, name)
        protocols[name] = protocol.model_copy(update={"name": f"{protocol.name}-{name}"})
    return protocols


def _validated(content: dict[str, Any], composed: Composed, preset: str | None = None) -> Protocol:
    """Check a protocol, or one of its presets, and name the file at fault."""
    keys: tuple[int | str, ...]
    try:
        protocol = Protocol.model_validate(content)
        if protocol.exclude:
            for _ in expand(protocol):
                pass
        return protocol
    except ValidationError as error:
        keys, text = located_problem(error, Protocol)
    except ProtocolError as error:
        keys, text = ("exclude",), str(error)
    if preset is None:
        raise InputError(f"{composed.where(keys)}: {text}")
    raise InputError(f"{composed.where(('presets', preset, *keys))}: presets.{preset}: {text}")


def data_root(option: Path | None, protocol: Protocol) -> Path | None:
    """Return where the data lie: `option`, else the protocol's, else the environment's."""
    named = option or protocol.dataset.data or os.environ.get(DATA_VARIABLE)
    return Path(named) if named else None
