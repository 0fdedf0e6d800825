"""`scribblebench status`: how it stands with a sweep."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scribblebench.cli.durations import clock
from scribblebench.cli.results_options import ResultsArgument

if TYPE_CHECKING:
    from scribblebench.sweep.overview import Overview
    from scribblebench.sweep.plan import TrialConfig
    from scribblebench.sweep.states import State

SHOWN = 10
"""Rows of a table, unless all are asked for."""
REFRESH_S = 2.0


def status(
    results: ResultsArgument,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again and again, until done.")
    ] = False,
    failed: Annotated[
        bool, typer.Option("--failed", help="Show all failed and lost trials, not the first ones.")
    ] = False,
) -> None:
    """Say how many trials are finished, at work, failed, lost or to do, and what time is left.

    Lost trials are those whose process was killed; the next `sweep` runs them again. The folder may
    be one that is written on other machines.
    """
    from scribblebench.sweep.attempts import Watch
    from scribblebench.sweep.overview import overview
    from scribblebench.sweep.store import Store

    store = Store(results)
    console = Console(highlight=False, soft_wrap=True)
    if not watch:
        console.print(render(overview(store), everything=failed))
        return
    memory = Watch()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            seen = overview(store, memory)
            live.update(render(seen, everything=failed), refresh=True)
            if not seen.of("running", "to do", "stopped", "lost"):
                return
            time.sleep(REFRESH_S)


def render(seen: Overview, *, everything: bool) -> Group:
    """Return what is shown of an overview."""
    parts: list[Text | Table] = [Text(summary_line(seen))]
    if running := seen.of("running"):
        parts.append(_running_table(running))
    if troubled := seen.of("failed", "lost"):
        shown = troubled if everything else troubled[:SHOWN]
        parts.append(_trouble_table(shown))
        if len(shown) < len(troubled):
            parts.append(Text(f"and {len(troubled) - len(shown)} more: --failed"))
    return Group(*parts)


def summary_line(seen: Overview) -> str:
    """Return the counts and the time left."""
    from scribblebench.sweep.states import NAMES

    counts = [f"{n} {name}" for name in NAMES if (n := seen.count(name))]
    line = f"{seen.plan.protocol}: {len(seen.states)} trials: {', '.join(counts)}"
    workers = max(1, seen.count("running"))
    if seen.seconds_left:
        by = f"{workers} workers" if workers > 1 else "1 worker"
        line += f"; about {clock(seen.seconds_left / workers)} left for {by}"
    if seen.n_unplanned:
        line += f"; {seen.n_unplanned} more are not in the plan"
    return line


def _running_table(running: Sequence[tuple[str, TrialConfig, State]]) -> Table:
    from scribblebench.sweep.states import silence_s

    table = Table("trial", "", "attempt", "worker", "steps", "last sign", box=None, pad_edge=False)
    for trial_id, config, state in running:
        assert state.attempt is not None
        owner = state.attempt.owner()
        done, total = state.attempt.steps()
        table.add_row(
            trial_id,
            config.label(),
            str(state.attempt.number),
            f"{owner.worker} on {owner.host}, process {owner.pid}" if owner else "",
            f"{done} of {total}" if total else "",
            f"{clock(max(0.0, silence_s(state.attempt)))} ago",
        )
    return table


def _trouble_table(troubled: Sequence[tuple[str, TrialConfig, State]]) -> Table:
    table = Table("trial", "", "state", "attempt", "what", box=None, pad_edge=False)
    for trial_id, config, state in troubled:
        assert state.attempt is not None
        what = state.status.error if state.status else "its process is gone"
        table.add_row(trial_id, config.label(), state.name, str(state.attempt.number), Text(what))
    return table
