"""What one run of a sweep asks of its workers, and what they work on."""

from __future__ import annotations

import contextlib
import datetime
import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from scribblebench.errors import InputError
from scribblebench.io.atomic import write_json, write_text
from scribblebench.sweep.inputs import LoadedData
from scribblebench.sweep.plan_file import Plan
from scribblebench.sweep.sources import Places
from scribblebench.sweep.store import Store

OWNER, ENDED = "owner.json", "ended"
"""Files of a run's folder: the process of its command, and that this has ended by itself."""


def new_run_id() -> str:
    """Return a name for a run of a sweep: when it began, and what tells it from others."""
    now = datetime.datetime.now(datetime.UTC)
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


@dataclass(frozen=True)
class Order:
    """What workers are to do.

    Parameters
    ----------
    run : str
    trials : tuple of str
        Ids in the order in which they are to be run; those that are finished are passed over.
    root, prepared, cache : str, or None
        Where the data lie, see `scribblebench.sweep.sources.Places`.
    device : str
        As on the command line.
    keep_models, keep_predictions : bool
        Whether networks and predictions stay in the trials' folders.
    retry_failed : bool
        Whether trials that failed in earlier runs are tried again.
    wait : bool
        Whether to wait for trials that somebody else runs, and take them over if he dies.
    whole_trials : bool
        With a deadline, whether to begin only trials that are expected to finish before it.
    estimates : dict of str to float
        Seconds that a trial takes, by its `kind`; see `scribblebench.sweep.estimate`.
    """

    run: str
    trials: tuple[str, ...]
    root: str | None = None
    prepared: str | None = None
    cache: str | None = None
    device: str = "auto"
    keep_models: bool = False
    keep_predictions: bool = False
    retry_failed: bool = False
    wait: bool = True
    whole_trials: bool = False
    estimates: dict[str, float] = field(default_factory=dict)

    @property
    def places(self) -> Places:
        """Where the data lie."""
        named = (self.root, self.prepared, self.cache)
        return Places(*(None if path is None else Path(path) for path in named))

    def only(self, trials: tuple[str, ...]) -> Order:
        """Return the order for some of its trials."""
        return replace(self, trials=trials)

    def write(self, path: Path) -> None:
        """Write the order for workers in other processes."""
        write_json(path, asdict(self))

    @staticmethod
    def read(path: Path) -> Order:
        """Read what `write` wrote.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return Order(**{**content, "trials": tuple(content["trials"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error


@dataclass(frozen=True)
class Job:
    """What workers work on: a planned results folder and an order."""

    store: Store
    plan: Plan
    order: Order
    data: LoadedData

    def write_stop(self, reason: str) -> None:
        """Ask the run's workers on any machine to end; they look with every heartbeat."""
        write_text(self._stop_path, reason)

    def read_stop(self) -> str | None:
        """Return why the run's workers were asked to end, or None."""
        with contextlib.suppress(OSError):
            return self._stop_path.read_text(encoding="utf-8")
        return None

    @property
    def _stop_path(self) -> Path:
        return self.store.run_folder(self.order.run) / "stop"
