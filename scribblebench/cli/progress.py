"""Progress bars: of a loop over files, and of a sweep."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, track

from scribblebench.cli.counted import counted

if TYPE_CHECKING:  # at run time these would bring torch to commands that do not train
    from scribblebench.sweep.plan import TrialConfig
    from scribblebench.sweep.trial import Outcome

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
    """Trials done, the best Dice so far and the time left; a line for each trial."""

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
        self._n_trials = 0
        self._n_done = 0
        self._best: float | None = None
        self._durations: list[float] = []
        self._started = time.monotonic()
        self._share = 0.0

    def __enter__(self) -> SweepProgress:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def sweep_started(
        self, *, n_trials: int, finished: Sequence[tuple[TrialConfig, float]]
    ) -> None:
        """Show what is there already."""
        self._n_trials, self._n_done = n_trials, len(finished)
        for _, dsc in finished:
            self._note(dsc)
        self._progress.update(self._task, total=n_trials)
        self._console.print(f"{counted(n_trials, 'trial')}, {len(finished)} finished before")
        self._show("")

    def trial_started(self, config: TrialConfig) -> None:
        """Name the trial at work."""
        self._started, self._share = time.monotonic(), 0.0
        self._show(config.label())

    def step(self, done: int, total: int) -> None:
        """Move the bar within a trial."""
        self._share = done / total
        self._show(None)

    def trial_finished(self, config: TrialConfig, outcome: Outcome) -> None:
        """Print the trial's Dice."""
        self._durations.append(outcome.timing["wall_s"])
        self._note(outcome.mean_dsc)
        self._end(f"Dice {outcome.mean_dsc:.3f}  {config.label()}  {self._durations[-1]:.0f} s")

    def trial_failed(self, config: TrialConfig, error: str) -> None:
        """Print why."""
        self._end(f"FAILED  {config.label()}: {error}")

    def _note(self, dsc: float) -> None:
        self._best = dsc if self._best is None else max(self._best, dsc)

    def _end(self, line: str) -> None:
        self._n_done, self._share = self._n_done + 1, 0.0
        self._console.print(f"[{self._n_done}/{self._n_trials}] {line}", markup=False)
        self._show("")

    def _show(self, label: str | None) -> None:
        state = f"{self._n_done}/{counted(self._n_trials, 'trial')}"
        if self._best is not None:
            state += f", best Dice {self._best:.3f}"
        left = self._seconds_left()
        if left is not None:
            state += f", {_clock(left)} left"
        task = self._progress.tasks[0]
        self._progress.update(
            self._task,
            completed=self._n_done + self._share,
            description=task.description if label is None else label,
            state=state,
        )

    def _seconds_left(self) -> float | None:
        """Estimate from the trials finished in this run, or else from the share of the first."""
        if self._durations:
            each = sum(self._durations) / len(self._durations)
        elif self._share > 0.05:
            each = (time.monotonic() - self._started) / self._share
        else:
            return None
        return each * (self._n_trials - self._n_done - self._share)


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
