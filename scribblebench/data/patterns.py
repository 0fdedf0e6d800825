"""Patterns of file names with placeholders, such as `{part}/images/{case}_{channel}.png`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from scribblebench.errors import InputError
from scribblebench.io.find import walk
from scribblebench.io.names import ENDINGS, ending, without_ending
from scribblebench.registry import did_you_mean

PLACEHOLDERS = ("case", "patient", "channel", "part")

TOKEN = re.compile(r"\{(\w*)\}|(\*)")


class Pattern:
    """Names of files below a folder, with placeholders for what differs.

    `{case}`, `{patient}`, `{channel}` and `{part}` stand for one or more characters of a name, but
    never for a `/`; `*` is short for `{case}`. A placeholder that comes twice stands for the same
    text. Where a name can be cut in several ways, the first placeholder is as long as it can be.
    A pattern without an ending means any ending that can be read; endings may be in upper case.
    Hidden files never match, and links to folders are followed.

    Parameters
    ----------
    text : str
    key : str
        What asked for it, for messages.

    Raises
    ------
    InputError
        If it has neither `{case}` nor `{patient}`, an unknown placeholder or an ending that cannot
        be read, or leads out of the folder.
    """

    def __init__(self, text: str, key: str) -> None:
        self.text, self.key = text, key
        self.ending = ending(text)
        if not self.ending and "." in text.rsplit("/", 1)[-1].replace("{", "").rsplit("}", 1)[-1]:
            raise InputError(f"{key}: must end in one of {', '.join(ENDINGS)}, got '{text}'")
        if text.startswith("/") or ".." in text.split("/"):
            raise InputError(f"{key}: must lie in the data set's folder, got '{text}'")
        self._stem = text = without_ending(PurePosixPath(text).as_posix())
        self.names: set[str] = set()
        expression, at = "", 0
        for token in TOKEN.finditer(text):
            name = "case" if token[2] else token[1]
            if name not in PLACEHOLDERS:
                hint = did_you_mean(name, [*PLACEHOLDERS])
                raise InputError(f"{key}: unknown placeholder '{{{name}}}'.{hint}")
            expression += re.escape(text[at : token.start()])
            expression += f"(?P={name})" if name in self.names else f"(?P<{name}>[^/]+)"
            self.names.add(name)
            at = token.end()
        if not self.names & {"case", "patient"}:
            raise InputError(
                f"{key}: must have a * or {{case}}, the case's name, got '{self.text}'"
            )
        self._expression = re.compile(expression + re.escape(text[at:]))

    def match(self, name: str) -> dict[str, str] | None:
        """Return what the placeholders stand for in a path relative to the folder, or None."""
        end = ending(name)
        if not end or end != (self.ending or end):
            return None
        found = self._expression.fullmatch(without_ending(name))
        return None if found is None else found.groupdict()

    def find(self, folder: Path, names: Iterable[str]) -> Iterator[tuple[Path, dict[str, str]]]:
        """Yield the files that match of those named, and what the placeholders stand for."""
        for name in names:
            if (found := self.match(name)) is not None:
                yield folder / name, found

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the path for values of the placeholders, relative to the folder, with no ending.

        Raises
        ------
        InputError
            If a value is missing.
        """
        for name in self.names - values.keys():
            raise InputError(f"{self.key}: has {{{name}}}, and images has not, got '{self.text}'")
        return TOKEN.sub(lambda t: values["case" if t[2] else t[1]], self._stem)

    def choose(self, folder: Path, names: Iterable[str], values: Mapping[str, str]) -> Path:
        """Return the file for values of the placeholders, of those named that differ in the ending.

        Where there is none, the path has the first ending and does not exist.

        Raises
        ------
        InputError
            If there are two, or a value is missing.
        """
        fitting = [name for name in names if ending(name) == (self.ending or ending(name))]
        if len(fitting) > 1:
            one, other, *_ = (folder / name for name in fitting)
            raise InputError(f"{other}: is for the same case as {one} ({self.key})")
        name = fitting[0] if fitting else self.fill(values) + (self.ending or ENDINGS[0])
        return folder / name


def list_names(folder: Path) -> list[str]:
    """Return the paths of all files below a folder that can be read, relative to it, in order."""
    names = (path.relative_to(folder).as_posix() for path in walk(folder))
    return [name for name in names if ending(name)]


def by_stem(names: Iterable[str]) -> dict[str, list[str]]:
    """Return paths by what they are without their endings."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(without_ending(name), []).append(name)
    return found
