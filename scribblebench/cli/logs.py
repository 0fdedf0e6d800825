"""`scribblebench logs`: what a trial did."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scribblebench.cli.results_options import ResultsArgument, full_id
from scribblebench.errors import InputError

LAST_LINES = 20
"""Of a worker's own log, shown where an attempt ended without a word."""


def logs(
    results: ResultsArgument,
    trial: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    attempt: Annotated[
        int | None, typer.Option(help="Show only this attempt. [default: all]")
    ] = None,
) -> None:
    """Print the log of each attempt at a trial, who ran it and how it ended."""
    from scribblebench.sweep.states import seen_once
    from scribblebench.sweep.store import Store

    store = Store(results)
    plan = store.read_plan()
    trial_id = full_id(list(plan.trials), trial)
    state = seen_once(store, trial_id)
    typer.echo(f"{trial_id}: {plan.trials[trial_id].label()}: {state.name}")
    attempts = store.attempts(trial_id).all()
    if attempt is not None:
        attempts = [a for a in attempts if a.number == attempt]
        if not attempts:
            raise InputError(f"--attempt: trial '{trial_id}' has no attempt {attempt}")
    for one in attempts:
        owner, status = one.owner(), one.status()
        who = f"worker {owner.worker} of run {owner.run} on {owner.host}" if owner else "unknown"
        ended = f"{status.state} {status.ended}" if status else "no word of its end"
        typer.echo(f"\nattempt {one.number}: {who}: {ended}")
        log = one.folder / "log.txt"
        if log.is_file():
            typer.echo(log.read_text(encoding="utf-8", errors="replace").rstrip())
        if owner and status is None:
            _tell_last_words(store.worker_log(owner.run, owner.worker))


def _tell_last_words(path: Path) -> None:
    """Print the end of what the worker's process wrote, which may say why it died."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    if lines:
        typer.echo("\n".join([f"end of {path}:", *lines[-LAST_LINES:]]))
