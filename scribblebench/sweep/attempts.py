"""Attempts: who runs a trial, and whether they still do.

An attempt is a folder `attempts/<n>` of its trial, and making it is the claim on the trial: the
folder is prepared under another name and then renamed, which fails if the number is taken. Nobody
but the owner writes into it, unless he is dead: then whoever gives the trial up says how it ended.

```
attempts/<n>/
  owner.json      which process on which machine runs it, and for which run of the sweep
  heartbeat       a counter and the steps done, rewritten every few seconds while it runs
  log.txt         what it did, for people
  status.json     how it ended; written last, missing when its process was killed
```

Clocks are not compared. On the machine of the owner the process is looked up; from elsewhere an
attempt counts as dead when its heartbeat has not changed for `LEASE_S` of the observer's own
monotonic clock. If a dead owner wakes up, the trial is run twice, which is harmless: every file is
replaced as a whole, and a result is never replaced.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import json
import os
import platform
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from scribblebench.io.atomic import WriteError, write_json
from scribblebench.sweep.processes import process_birth, this_machine

LEASE_S = 90.0
"""Seconds without a heartbeat after which an attempt on another machine counts as dead."""

READ_AGAIN_S = (0.01, 0.1)
"""Seconds between the tries to read a file that is there."""

Ending = Literal["finished", "failed", "stopped"]


@dataclass(frozen=True)
class Owner:
    """The process that runs an attempt.

    Parameters
    ----------
    run : str
        The run of the sweep that it works for.
    worker : int
        Its number in that run.
    host, machine : str
        Name for people; kernel and process namespace, within which `pid` is unique.
    pid : int
    birth : str
        Tells the process from a later one with the same `pid`.
    """

    run: str
    worker: int
    host: str
    machine: str
    pid: int
    birth: str

    @staticmethod
    def this_process(run: str, worker: int) -> Owner:
        """Return the owner that this process is."""
        pid = os.getpid()
        return Owner(run, worker, platform.node(), this_machine(), pid, process_birth(pid))


@dataclass(frozen=True)
class Status:
    """How an attempt ended.

    Parameters
    ----------
    state : {"finished", "failed", "stopped"}
        Stopped attempts were asked to end and saved their state.
    fault : {"trial", "infrastructure"}, or None
        Whose fault a failure is; those of the infrastructure are tried again.
    error, traceback : str
        One line and all of it; empty unless the attempt failed.
    """

    state: Ending
    ended: str
    fault: Literal["trial", "infrastructure"] | None = None
    error: str = ""
    traceback: str = ""


class Attempt:
    """One execution of a trial: a folder."""

    def __init__(self, folder: Path | str) -> None:
        self._folder = folder

    @functools.cached_property
    def folder(self) -> Path:
        """Where it is; made when asked for, because very many are only counted."""
        return Path(self._folder)

    @property
    def number(self) -> int:
        """Counted from 1 within the trial."""
        return int(self.folder.name)

    def owner(self) -> Owner | None:
        """Return who runs it, or None if that cannot be read."""
        content = _read(self.folder / "owner.json")
        try:
            return None if content is None else Owner(**content)
        except TypeError:
            return None

    def status(self) -> Status | None:
        """Return how it ended; None while it runs, and after its process was killed."""
        content = _read(self.folder / "status.json")
        try:
            return None if content is None else Status(**content)
        except TypeError:
            return None

    def end(self, state: Ending, **about: Any) -> None:
        """Write how it ended."""
        ended = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        write_json(self.folder / "status.json", asdict(Status(state, ended, **about)))

    def beat(self) -> str:
        """Return the heartbeat's present content; empty if it cannot be read."""
        with contextlib.suppress(OSError):
            return (self.folder / "heartbeat").read_text(encoding="ascii")
        return ""

    def steps(self) -> tuple[int, int]:
        """Return the steps done and to do at the last heartbeat; (0, 0) before training."""
        parts = self.beat().split()
        return (int(parts[1]), int(parts[2])) if len(parts) == 3 else (0, 0)

    def log(self, line: str) -> None:
        """Add a line to the log, with the time; one that cannot be written is let go."""
        now = datetime.datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        with (
            contextlib.suppress(OSError),
            (self.folder / "log.txt").open("a", encoding="utf-8") as file,
        ):
            file.write(f"{now} {line}\n")


def _read(path: Path) -> dict[str, Any] | None:
    """Return what a file holds; None where it is missing or cannot be read.

    A file of one trial that a disk or a network fails to give must not end a sweep: such an attempt
    is judged by its heartbeat. Network file systems forget a file that was replaced while it was
    read (ESTALE), and find it at the next try.
    """
    for wait_s in (*READ_AGAIN_S, None):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            if wait_s is not None:
                time.sleep(wait_s)
        else:
            return content if isinstance(content, dict) else None
    return None


class Attempts:
    """The attempts of one trial.

    Parameters
    ----------
    folder : Path
        The trial's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "attempts"

    def all(self) -> list[Attempt]:
        """Return the attempts, first to last."""
        try:
            names = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        return [Attempt(self.folder / str(n)) for n in sorted(int(n) for n in names if n.isdigit())]

    def last(self) -> Attempt | None:
        """Return the last attempt, or None before the first."""
        attempts = self.all()
        return attempts[-1] if attempts else None

    def claim(self, owner: Owner, after: Attempt | None) -> Attempt | None:
        """Begin the attempt that follows `after`; None if somebody else did.

        Raises
        ------
        WriteError
            If the folder cannot be written.
        """
        number = after.number + 1 if after else 1
        target = self.folder / str(number)
        draft = self.folder / f".{secrets.token_hex(4)}.tmp"
        try:
            draft.mkdir(parents=True)
            write_json(draft / "owner.json", asdict(owner))
            (draft / "heartbeat").write_text(heartbeat_line(0, 0, 0), encoding="ascii")
            draft.rename(target)
        except OSError as error:
            # Whether the number is taken is told by the folder, not by the error: the reply to a
            # rename over a network may be lost.
            if not target.exists():
                reason = error.strerror or error
                raise WriteError(f"{target}: cannot be written ({reason})") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        attempt = Attempt(target)
        return attempt if attempt.owner() == owner else None


def heartbeat_line(beat: int, done: int, total: int) -> str:
    """Return a heartbeat of fixed length, which can be rewritten in place on a full disk."""
    return f"{beat:10d} {done:10d} {total:10d}\n"


class Watch:
    """Tells which attempts are alive, from what it sees over time.

    Parameters
    ----------
    lease_s : float
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self, lease_s: float = LEASE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lease_s = lease_s
        self._clock = clock
        self._seen: dict[Path, tuple[str, float]] = {}

    def is_alive(self, attempt: Attempt) -> bool:
        """Return whether an attempt without a status may still be running."""
        owner = attempt.owner()
        if owner and owner.machine and owner.machine == this_machine():
            return process_birth(owner.pid) == owner.birth
        beat, now = attempt.beat(), self._clock()
        before = self._seen.get(attempt.folder)
        if before is None or before[0] != beat:
            self._seen[attempt.folder] = (beat, now)
            return True
        return now - before[1] < self._lease_s
