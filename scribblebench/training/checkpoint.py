"""Where an unfinished run keeps its state, and when it has to stop."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from scribblebench.errors import InputError
from scribblebench.training.plain_file import read_plain, write_plain

VERSION = 1
"""Of the layout of a checkpoint; another one is not read."""


class OutOfTimeError(Exception):
    """The run stopped at its deadline; its checkpoint holds its state."""


@dataclass(frozen=True)
class Checkpoint:
    """A file that a run goes on from.

    Parameters
    ----------
    path : Path
        Replaced as a whole, never half-written.
    every_s : float
        Seconds between two savings.
    deadline : float, or None
        `time.monotonic()` at which the run saves its state and stops.
    """

    path: Path
    every_s: float = 60.0
    deadline: float | None = None

    def out_of_time(self) -> bool:
        """Return whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def save(self, state: dict[str, Any]) -> None:
        """Write a state of tensors, numbers, strings, lists and dicts."""
        write_plain(self.path, {"version": VERSION, **state})

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """Return the state, its tensors on `device`, or None if there is none.

        Only plain data are read; nothing in the file is run.

        Raises
        ------
        InputError
            If the file cannot be read or has another layout.
        """
        if not self.path.is_file():
            return None
        state = read_plain(self.path, device)
        if state.get("version") != VERSION:
            raise InputError(f"{self.path}: is not a checkpoint of this version")
        return state

    def remove(self) -> None:
        """Delete the file, if it is there."""
        self.path.unlink(missing_ok=True)
