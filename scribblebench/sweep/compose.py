"""Protocol files: found, read, and laid over those that they extend; not checked yet."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

import scribblebench
from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.sweep.merging import lay_over


@dataclass(frozen=True)
class Layer:
    """What one file says, without its `extends`."""

    path: Path
    content: dict[str, Any]


@dataclass(frozen=True)
class Composed:
    """A protocol file and those it extends, the file that was asked for last."""

    layers: Sequence[Layer]

    @property
    def path(self) -> Path:
        """The file that was asked for."""
        return self.layers[-1].path

    @property
    def content(self) -> dict[str, Any]:
        """All keys, each file's laid over those before it."""
        contents: Iterable[dict[str, Any]] = (layer.content for layer in self.layers)
        return reduce(lay_over, contents)

    def where(self, keys: Sequence[int | str]) -> str:
        """Name the file that says what stands under `keys`, and why it was read."""
        depths = [_depth(layer.content, keys) for layer in self.layers]
        said_last = max(range(len(depths)), key=lambda i: (depths[i], i))
        path = self.layers[said_last].path if depths[said_last] else self.path
        return str(path) if path == self.path else f"{path} (extended by {self.path})"

    def folder(self, *places: Sequence[int | str]) -> Path:
        """Return the folder of the file that says what stands under the first keys that any has.

        It is that of the file that was asked for if none has any of them.
        """
        for keys in places:
            for layer in reversed(self.layers):
                if _depth(layer.content, keys) == len(keys):
                    return layer.path.parent
        return self.path.parent


def _depth(content: Any, keys: Sequence[int | str]) -> int:
    """Return how many of `keys`, one within the other, are there."""
    depth = 0
    for key in keys:
        if not isinstance(content, dict) or key not in content:
            break
        content = content[key]
        depth += 1
    return depth


def shipped_protocols() -> Path:
    """Return the folder of the protocols that come with the package."""
    package = Path(scribblebench.__file__).parent
    installed = package / "protocols"
    return installed if installed.is_dir() else package.parent / "protocols"


def find_protocol(name: str) -> Path:
    """Find a protocol file: `name` from the working folder, then among the shipped ones.

    Raises
    ------
    InputError
        With the nearest name, if there is none.
    """
    found = _candidates(name, Path())
    if not found:
        raise InputError(f"{name}: no such protocol.{did_you_mean(name, _known(Path()))}")
    return found[0]


def _candidates(name: str, folder: Path) -> list[Path]:
    """Return the files that `name` may mean, first those seen from `folder`."""
    places = (folder, shipped_protocols())
    named = (place / file for place in places for file in (name, f"{name}.yaml"))
    return [path for path in named if path.is_file()]


def _known(folder: Path) -> list[str]:
    return sorted({p.name for place in (folder, shipped_protocols()) for p in place.glob("*.yaml")})


def compose(path: Path) -> Composed:
    """Read a protocol file and, before it, those that it extends.

    A file that is extended on several ways is laid down once, where it comes first.

    Raises
    ------
    InputError
        If a file is not YAML with unique keys, or what it extends is missing or leads back to it.
    """
    layers: dict[Path, Layer] = {}
    _add_layers(path, (), layers)
    return Composed(list(layers.values()))


def _add_layers(path: Path, above: tuple[Path, ...], layers: dict[Path, Layer]) -> None:
    """Add the layers of `path`, which the files `above` extend one after the other."""
    content = _read(path)
    chain = (*above, path)
    for name in _extended(content.pop("extends", []), path):
        found = _candidates(name, path.parent)
        if not found:
            hint = did_you_mean(name, _known(path.parent))
            raise InputError(f"{path}: extends: no such protocol '{name}'.{hint}")
        # A file may extend the shipped one of its own name.
        base = next((p for p in found if not p.samefile(path)), path)
        if any(base.samefile(p) for p in chain):
            circle = " extends ".join(map(str, (*chain, base)))
            raise InputError(f"{path}: extends: leads back to where it began: {circle}")
        if base.resolve() not in layers:
            _add_layers(base, chain, layers)
    layers[path.resolve()] = Layer(path, content)


def _extended(value: Any, path: Path) -> list[str]:
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) and name for name in names):
        raise InputError(f"{path}: extends: must be a file or a list of files, got {value!r}")
    return names


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice instead of keeping the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for i, key in enumerate(keys):
            if key in keys[:i]:
                line = node.value[i][0].start_mark.line + 1
                raise InputError(f"line {line}: key '{key}' is given twice")
        return super().construct_mapping(node, deep)


def _read(path: Path) -> dict[str, Any]:
    """Return the keys of one file."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeyLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not YAML ({' '.join(str(error).split())})") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: must hold keys and values, got {type(content).__name__}")
    return content
