"""Patterns of file names with placeholders, such as `{part}/images/{case}_{channel}.png`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from scribblebench.errors import InputError
from scribblebench.io.formats import ENDINGS, ending
from scribblebench.registry import did_you_mean

PLACEHOLDERS = ("case", "patient", "channel", "part")

TOKEN = re.compile(r"\{(\w*)\}|(\*)")


class Pattern:
    """Names of files below a folder, with placeholders for what differs.

    `{case}`, `{patient}`, `{channel}` and `{part}` stand for one or more characters of a name, but
    never for a `/`; `*` is short for `{case}`. A placeholder that comes twice stands for the same
    text. Where a name can be cut in several ways, the first placeholder is as long as it can be.
    A pattern without an ending means any ending that can be read. Hidden files never match.

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
            raise InputError(f"{key}: must have a * or {{case}}, the case's name, got '{text}'")
        expression += re.escape(text[at:])
        if not self.ending:
            expression += f"(?:{'|'.join(map(re.escape, ENDINGS))})"
        self._expression = re.compile(expression)

    def match(self, name: str) -> dict[str, str] | None:
        """Return what the placeholders stand for in a path relative to the folder, or None."""
        found = self._expression.fullmatch(name)
        return None if found is None else found.groupdict()

    def find(self, folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
        """Yield the files below a folder that match, sorted, and what placeholders stand for."""
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder)
            if any(part.startswith(".") for part in relative.parts):
                continue
            if (found := self.match(relative.as_posix())) is not None and path.is_file():
                yield path, found

    def fill(self, folder: Path, values: Mapping[str, str]) -> Path:
        """Return the path for values of the placeholders; of several endings the first there is.

        Where there is none, the path has the first ending and does not exist.

        Raises
        ------
        InputError
            If a value is missing.
        """
        for name in self.names - values.keys():
            raise InputError(f"{self.key}: has {{{name}}}, and images has not, got '{self.text}'")
        name = TOKEN.sub(lambda t: values["case" if t[2] else t[1]], self.text)
        paths = [folder / f"{name}{end}" for end in ([""] if self.ending else ENDINGS)]
        return next((path for path in paths if path.is_file()), paths[0])
