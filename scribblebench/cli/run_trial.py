"""`scribblebench run-trial`: what every worker of a sweep runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scribblebench.cli.results_options import ResultsArgument, full_id
from scribblebench.cli.sweep_options import (
    CacheOption,
    DeviceOption,
    PreparedOption,
    check_cache,
    check_sources,
)
from scribblebench.data.files import DATA_VARIABLE

if TYPE_CHECKING:
    from scribblebench.sweep.sources import Places


def run_trial(
    results: ResultsArgument,
    trials: Annotated[
        list[str] | None,
        typer.Argument(help="Ids of trials, or their beginnings. [default: all that are missing]"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the data set, or one that holds it under its name. "
            "[default: SCRIBBLEBENCH_DATA]"
        ),
    ] = None,
    prepared: PreparedOption = None,
    cache: CacheOption = None,
    device: DeviceOption = "auto",
    threads: Annotated[
        int,
        typer.Option(
            min=1,
            envvar="SCRIBBLEBENCH_THREADS",
            help="CPU threads; results are the same bit for bit only with the same number.",
        ),
    ] = 1,
    stop_after: Annotated[
        float | None,
        typer.Option(min=0.0, help="Minutes after which to save the state and end."),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(help="Work for this run of a sweep and print events as JSON, as workers do."),
    ] = None,
    worker: Annotated[int, typer.Option(help="The worker's number in that run.")] = 0,
    listen: Annotated[
        bool, typer.Option("--listen", help="End when the standard input ends.")
    ] = False,
) -> None:
    """Run trials of a results folder, which may have been begun on another machine.

    The folder says all but where the data lie. A trial that failed is tried again, one that was
    interrupted goes on from its saved state, and one that somebody else runs is left to him.
    """
    # Importing torch and MONAI takes seconds that other commands need not wait.
    from scribblebench.sweep.sources import Places

    if run is not None:
        from scribblebench.sweep.worker_process import serve

        code = serve(
            results,
            run,
            number=worker,
            device=device,
            stop_after_s=None if stop_after is None else 60.0 * stop_after,
            listen=listen,
            root=data,
            trials=tuple(trials) if trials else None,
        )
        raise typer.Exit(code)
    check_sources(data, prepared)
    check_cache(cache)
    if data is None and prepared is None and DATA_VARIABLE in os.environ:
        data = Path(os.environ[DATA_VARIABLE])
    places = Places(data, prepared, cache)
    _run_by_hand(results, trials or [], places, device, stop_after, threads)


def _run_by_hand(
    results: Path,
    trials: list[str],
    places: Places,
    device: str,
    stop_after: float | None,
    threads: int,
) -> None:
    import time

    from scribblebench.cli.interrupts import stopping_on_signals
    from scribblebench.cli.progress import SweepProgress
    from scribblebench.cli.sweep import tell_end
    from scribblebench.sweep.executors import InProcess
    from scribblebench.sweep.planning import reopen_sweep
    from scribblebench.sweep.run import Options, run_sweep
    from scribblebench.training.device import choose_device
    from scribblebench.training.stop import Stop

    stop = Stop(None if stop_after is None else time.monotonic() + 60.0 * stop_after)
    chosen = choose_device(device)
    planned = reopen_sweep(results, places)
    ids = [full_id(list(planned.plan.trials), trial) for trial in trials] or None
    with SweepProgress() as progress, stopping_on_signals(stop, progress.say):
        summary = run_sweep(
            planned,
            executor=InProcess(chosen, threads),
            device=device,
            watcher=progress,
            stop=stop,
            options=Options(retry_failed=bool(ids), only=ids),
        )
    tell_end(summary, results)
