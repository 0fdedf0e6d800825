"""Tasks of job arrays, as their executor sees them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Task:
    """One worker in one task of an array.

    Parameters
    ----------
    name : str
        Of the array.
    index : int
        Of the task in the array.
    worker : int
        Its number in the run.
    trials : tuple of str
    folder : Path
        Of the run.
    is_ours : bool
        Whether its executor is this one, or a dead one that this one follows.
    offset : int
        Bytes of its events that were read.
    """

    name: str
    index: int
    worker: int
    trials: tuple[str, ...]
    folder: Path
    is_ours: bool = True
    offset: int = 0
    job_id: str | None = None
    state: str = "PENDING"
    has_begun: bool = False
    """Whether it told anything."""
    trial_id: str | None = None
    """What it is at."""
    error: str | None = None
    """Why it can do nothing."""
    _rest: bytes = field(default=b"", repr=False)

    @property
    def run(self) -> str:
        """The run that it works for."""
        return self.folder.name

    @property
    def log(self) -> Path:
        """Where its worker writes all else than events."""
        return self.folder / f"worker-{self.worker}.log"

    @property
    def array_log(self) -> Path:
        """Where SLURM itself writes about the tasks of its array."""
        return self.folder / f"array-{self.name.rpartition('-')[2]}.log"

    @property
    def events_path(self) -> Path:
        """Where its worker writes events."""
        return self.folder / f"worker-{self.worker}.out"

    def skip_events(self) -> None:
        """Learn what it is at from the events so far, which nobody else needs to hear."""
        for _ in self.events():
            pass

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield the events that are new; a line that was cut short by a kill is passed over.

        That SLURM has started the task is of no interest to others.
        """
        try:
            with self.events_path.open("rb") as file:
                file.seek(self.offset)
                new = file.read()
        except OSError:
            return
        self.offset += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and "event" in event:
                    self._note(event)
                    if event["event"] != "awake":
                        yield event

    def _note(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "awake":  # perhaps not for the first time
                self.trial_id = self.error = None
            case "broken":
                self.error = str(event["error"])
            case "started":
                self.has_begun, self.trial_id = True, event["trial_id"]
            case "finished" | "failed" | "put_back":
                self.has_begun, self.trial_id = True, None
