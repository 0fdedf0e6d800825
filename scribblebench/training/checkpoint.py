"""Where an unfinished run keeps its state."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from scribblebench.errors import InputError
from scribblebench.training.plain_file import read_plain, write_plain
from scribblebench.training.stop import Stop

VERSION = 2
"""Of the layout of a checkpoint."""


@dataclass(frozen=True)
class Checkpoint:
    """A file that a run goes on from.

    Parameters
    ----------
    path : Path
        Replaced as a whole, never half-written.
    identity : str
        What is run: trial, data and code. A state of anything else is not taken up.
    every_s : float
        Seconds between two savings.
    stop : Stop
        When the run must save its state and end.
    """

    path: Path
    identity: str
    every_s: float = 60.0
    stop: Stop = field(default_factory=Stop)

    def save(self, state: dict[str, Any]) -> None:
        """Write a state of tensors, numbers, strings, lists and dicts."""
        write_plain(self.path, {"version": VERSION, "identity": self.identity, **state})

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """Return the state, its tensors on `device`, or None if there is none to go on from.

        Only plain data are read; nothing in the file is run. A file that is damaged, or holds the
        state of another trial, other data or other code, counts as none: the run starts anew, and
        its next state replaces the file.
        """
        if not self.path.is_file():
            return None
        try:
            state = read_plain(self.path, device)
        except InputError:
            return None
        same = (state.get("version"), state.get("identity")) == (VERSION, self.identity)
        return state if same else None

    def remove(self) -> None:
        """Delete the file, if it is there."""
        self.path.unlink(missing_ok=True)
