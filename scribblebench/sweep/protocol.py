"""Protocols: what a sweep varies, written in YAML and checked strictly before any work."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from scribblebench.data.files import DATA_VARIABLE
from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.sweep.axes import has_budget
from scribblebench.sweep.compose import Composed, compose, find_protocol, shipped_protocols
from scribblebench.sweep.merging import lay_over
from scribblebench.sweep.plan import expand
from scribblebench.sweep.problems import located_problem
from scribblebench.sweep.protocol_settings import SPLIT_FOLDER, Protocol, ProtocolError
from scribblebench.sweep.setting_keys import varied_types

__all__ = [
    "Protocol",
    "ProtocolError",
    "data_root",
    "find_protocol",
    "has_budget",
    "protocol_text",
    "read_protocol",
    "read_with_presets",
    "shipped_protocols",
]


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
    content = _content(composed)
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
        protocol = _validated(settled(lay_over(content, changes), Protocol), composed, name)
        protocols[str(name)] = protocol.model_copy(update={"name": f"{protocol.name}-{name}"})
    return protocols


def _content(composed: Composed) -> dict[str, Any]:
    alone = len(composed.layers) == 1
    return composed.content if alone else settled(composed.content, Protocol)


def settled(content: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Return what was laid over something without the nulls that had nothing to take away.

    They mean the default; only where a key is unknown or has no default they stay, to be refused.
    """
    kept = {}
    for key, value in content.items():
        field = model.model_fields.get(key)
        if value is None and field is not None and not field.is_required():
            continue
        kind = field.annotation if field else None
        if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, BaseModel):
            value = settled(value, kind)
        elif isinstance(value, dict) and key in ("grid", "zip"):
            types = varied_types()
            value = {k: v for k, v in value.items() if v is not None or k not in types}
        kept[key] = value
    return kept


def protocol_text(path: Path) -> str:
    """Return a protocol as one text that says all of it: the file's own, if it extends none."""
    composed = compose(path)
    if len(composed.layers) == 1:
        return path.read_text(encoding="utf-8")
    files = "".join(f"#   {layer.path}\n" for layer in composed.layers)
    content = yaml.safe_dump(_content(composed), sort_keys=False, allow_unicode=True)
    return f"# Put together from\n{files}{content}"


def _validated(content: dict[str, Any], composed: Composed, preset: str | None = None) -> Protocol:
    """Check a protocol, or one of its presets, and name the file at fault."""
    keys: tuple[int | str, ...]
    try:
        places = [("presets", preset, "split", "file")] if preset is not None else []
        folder = composed.folder(*places, ("split", "file"))
        protocol = Protocol.model_validate(content, context={SPLIT_FOLDER: folder})
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
