"""`scribblebench sweep`: run what a protocol asks for and is not there yet."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scribblebench.cli.counted import counted
from scribblebench.cli.sweep_options import (
    LEFT,
    CacheOption,
    DataOption,
    DeviceOption,
    PreparedOption,
    PresetOption,
    ProtocolOption,
    check_cache,
    check_sources,
)
from scribblebench.errors import InputError

if TYPE_CHECKING:
    from scribblebench.sweep.run import SweepSummary


def sweep(
    protocol: ProtocolOption = "efficiency.yaml",
    preset: PresetOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Results folder. [default: results/<name of the protocol, and of the preset>]"
        ),
    ] = None,
    data: DataOption = None,
    prepared: PreparedOption = None,
    cache: CacheOption = None,
    device: DeviceOption = "auto",
    workers: Annotated[
        int | None,
        typer.Option(
            envvar="SCRIBBLEBENCH_WORKERS",
            help="Trials at the same time. [default: one a core that there is memory for; on GPUs, "
            "--per-gpu on each]",
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(
            envvar="SCRIBBLEBENCH_THREADS",
            help="CPU threads of each worker. [default: 1, or cores / --workers if that is given]",
        ),
    ] = None,
    per_gpu: Annotated[int, typer.Option(help="Workers that share a GPU.")] = 1,
    executor: Annotated[
        str, typer.Option(help="What runs the trials: local, ray or slurm.", metavar="NAME")
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(
            help="With --executor ray: auto or HOST:PORT of a running cluster. [default: "
            "RAY_ADDRESS, or one that is started on this machine]",
        ),
    ] = None,
    slurm: Annotated[
        list[str] | None,
        typer.Option(
            help="With --executor slurm: an option of sbatch, such as partition=gpu or gres=gpu:1; "
            "give it again for more."
        ),
    ] = None,
    trials_per_job: Annotated[
        int, typer.Option(min=1, help="With --executor slurm: trials of each task of an array.")
    ] = 1,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Run only trials with this KEY=VALUE, such as form=random_walk or seed=0,1; give "
            "it again to narrow further."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be run, and what it would take.")
    ] = False,
    pilot: Annotated[
        bool,
        typer.Option("--pilot", help="With --dry-run: time some steps where nothing is finished."),
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what failed in earlier runs.")
    ] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="End with the first trial that fails.")
    ] = False,
    max_failures: Annotated[
        int | None, typer.Option(min=1, help="End when so many trials have failed.")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            help="Time to spend, such as 12h, 90min or 1h30min: no trial begins that would not "
            f"finish. Exit code {LEFT} if some are left."
        ),
    ] = None,
    stop_after: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Minutes after which running trials save their state and the sweep ends, "
            f"with exit code {LEFT}; the same command goes on.",
        ),
    ] = None,
    keep_models: Annotated[
        bool,
        typer.Option(
            "--keep-models", help="Keep the networks of the trials that are run, for `predict`."
        ),
    ] = False,
    keep_predictions: Annotated[
        bool, typer.Option("--keep-predictions", help="Keep their predictions of scored cases.")
    ] = False,
) -> None:
    """Run the trials of a protocol.

    Each trial's rows are written when it ends. After an interruption the same command goes on
    with what is missing, a trial at work from its last saved state; several such commands, on one
    or more machines, share the work in one folder. Trials that were killed are tried again; those
    that failed by themselves only with --retry-failed.
    """
    began = time.monotonic()
    # Importing torch and MONAI takes seconds that other commands need not wait.
    from scribblebench.cli.caching import fill_cache
    from scribblebench.cli.dry_run import tell_forecast
    from scribblebench.cli.durations import parse_duration
    from scribblebench.cli.interrupts import stopping_on_signals
    from scribblebench.cli.progress import SweepProgress
    from scribblebench.sweep.executors.choose import Wanted, choose_executor
    from scribblebench.sweep.filters import select
    from scribblebench.sweep.forecast import forecast
    from scribblebench.sweep.planning import plan_sweep
    from scribblebench.sweep.protocol import (
        ProtocolError,
        data_root,
        find_protocol,
        protocol_text,
        read_protocol,
    )
    from scribblebench.sweep.run import Options, run_sweep
    from scribblebench.sweep.sources import DataRequest, Places
    from scribblebench.training.device import available_cores, choose_device
    from scribblebench.training.stop import Stop

    if pilot and not dry_run:
        raise InputError("--pilot: goes with --dry-run")
    if budget is not None and stop_after is not None:
        raise InputError("--budget: also says when to end, leave --stop-after out")
    seconds = parse_duration(budget, "--budget") if budget is not None else None
    if stop_after is not None:
        seconds = 60.0 * stop_after
    stop = Stop(None if seconds is None else began + seconds)
    path = find_protocol(protocol)
    parsed = read_protocol(path, preset)
    folder = output or Path("results") / parsed.name
    if folder.is_file():
        raise InputError(f"--output: must be a folder, got the file {folder}")
    check_sources(data, prepared)
    check_cache(cache)
    places = Places(data_root(data, parsed), prepared, cache)
    wanted = Wanted(
        executor, device, workers, threads, per_gpu, ray_address, slurm or (), trials_per_job
    )
    chosen = choose_device(wanted.device_here)
    try:
        fill_cache(DataRequest.of(parsed), places, workers=workers or available_cores())
    except ProtocolError as error:
        raise InputError(f"{path}: {error}") from error
    with SweepProgress() as progress, stopping_on_signals(stop, progress.say):
        try:
            planned = plan_sweep(parsed, output=folder, places=places)
            for note in planned.notes:
                progress.say(f"note: {note}")
            chosen_ids = select(planned.plan.trials, only or [])
            n_missing = len(set(chosen_ids) - planned.store.finished_ids())
            runner, n_workers = choose_executor(wanted, n_missing)
            if dry_run:
                cells = forecast(
                    planned,
                    chosen_ids,
                    retry_failed=retry_failed,
                    pilot=pilot,
                    device=chosen,
                    tell=progress.say,
                )
                progress.stop()
                tell_forecast(cells, n_workers=n_workers, folder=folder)
                return
            summary = run_sweep(
                planned,
                protocol_text=protocol_text(path),
                executor=runner,
                device=device,
                watcher=progress,
                stop=stop,
                options=Options(
                    keep_models=keep_models,
                    keep_predictions=keep_predictions,
                    retry_failed=retry_failed,
                    whole_trials=budget is not None,
                    max_failures=1 if fail_fast else max_failures,
                    only=chosen_ids,
                ),
            )
        except ProtocolError as error:
            raise InputError(f"{path}: {error}") from error
        except KeyboardInterrupt:
            typer.echo("interrupted; the same command goes on with what is missing", err=True)
            raise typer.Exit(130) from None
    tell_end(summary, folder)


def tell_end(summary: SweepSummary, folder: Path) -> None:
    """Print how a sweep ended, and end with the exit code that says so."""
    typer.echo(
        f"{counted(summary.wanted, 'trial')}: {summary.already_finished} were finished, "
        f"{summary.finished} finished now, {summary.failed} failed. "
        f"Next: scribblebench report {folder}"
    )
    if summary.already_failed:
        typer.echo(
            f"{summary.already_failed} failed in earlier runs; --retry-failed tries them again",
            err=True,
        )
    if summary.failed:
        typer.echo(f"What went wrong: scribblebench status {folder} --failed", err=True)
    if summary.left:
        why = f"{summary.stopped}; " if summary.stopped else ""
        left = counted(summary.left, "trial")
        typer.echo(f"{why}the same command goes on with {left}", err=True)
    if summary.stopped == "interrupted":
        raise typer.Exit(130)
    if summary.failed or summary.already_failed:
        raise typer.Exit(1)
    if summary.left:
        raise typer.Exit(LEFT)
