"""Progress bars: of a loop over files, and of a sweep."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, track

from scribblebench.cli.counted import counted
from scribblebench.cli.durations import clock

if TYPE_CHECKING:  # at run time these would bring torch to commands that do not train
    from scribblebench.sweep.plan import TrialConfig

T = TypeVar("T")


def progress(items: Iterable[T], description: str, total: int) -> Iterable[T]:
    """Yield `items` behind a bar on standard error, or quietly where that is no terminal."""
    console = Console(stderr=True)
    return track(
        items,
        description,
        total=total,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


class SweepProgress:
    """Trials done, the best Dice so far and the time left; a line for each trial that ends."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._progress = Progress(
            BarColumn(bar_width=14),
            TextColumn("{task.fields[state]}"),
            TextColumn("{task.description}"),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task("reading data", total=None, state="")
        self._labels: dict[str, str] = {}
        self._n_trials = self._n_done = 0
        self._best: float | None = None
        self._n_ended = 0
        self._began = time.monotonic()
        self._shares: dict[str, float] = {}

    def __enter__(self) -> SweepProgress:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar away."""
        self._progress.stop()

    def sweep_started(
        self, trials: Sequence[tuple[str, TrialConfig]], finished: Sequence[float]
    ) -> None:
        """Show what is there already."""
        self._labels = {trial_id: config.label() for trial_id, config in trials}
        self._n_trials, self._n_done = len(trials) + len(finished), len(finished)
        if finished:
            self._best = max(finished)
        self._progress.update(self._task, total=self._n_trials)
        self._console.print(f"{counted(self._n_trials, 'trial')}, {len(finished)} finished before")
        self._began = time.monotonic()
        self._show()

    def trial_started(self, trial_id: str) -> None:
        """Name the trial among those at work."""
        self._shares[trial_id] = 0.0
        self._show()

    def step(self, trial_id: str, done: int, total: int) -> None:
        """Move the bar within a trial."""
        self._shares[trial_id] = done / total
        self._show()

    def trial_finished(self, trial_id: str, *, mean_dsc: float, seconds: float) -> None:
        """Print the trial's Dice."""
        self._best = mean_dsc if self._best is None else max(self._best, mean_dsc)
        self._n_ended += 1
        self._end(trial_id, f"Dice {mean_dsc:.3f}  {self._labels[trial_id]}  {seconds:.0f} s")

    def trial_failed(self, trial_id: str, error: str) -> None:
        """Print why."""
        self._end(trial_id, f"FAILED  {self._labels[trial_id]}: {error}")

    def trial_put_back(self, trial_id: str, reason: str) -> None:
        """Print why the trial has no result yet."""
        self._shares.pop(trial_id, None)
        self._console.print(f"{self._labels[trial_id]}: {reason}", markup=False)
        self._show()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(line, markup=False)

    def _end(self, trial_id: str, line: str) -> None:
        self._shares.pop(trial_id, None)
        self._n_done += 1
        self._console.print(f"[{self._n_done}/{self._n_trials}] {line}", markup=False)
        self._show()

    def _show(self) -> None:
        state = f"{self._n_done}/{counted(self._n_trials, 'trial')}"
        if self._best is not None:
            state += f", best Dice {self._best:.3f}"
        left = self._seconds_left()
        if left is not None:
            state += f", {clock(left)} left"
        self._progress.update(
            self._task,
            completed=self._n_done + sum(self._shares.values()),
            description=", ".join(self._labels[trial_id] for trial_id in self._shares),
            state=state,
        )

    def _seconds_left(self) -> float | None:
        """Estimate from the work done since the start, once there is enough of it."""
        done = self._n_ended + sum(self._shares.values())
        if done < 0.05:
            return None
        left = self._n_trials - self._n_done - sum(self._shares.values())
        return (time.monotonic() - self._began) / done * left
