"""`scribblebench sweep`: run what a protocol asks for and is not there yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scribblebench.cli.counted import counted
from scribblebench.cli.sweep_options import (
    LEFT,
    DataOption,
    DeviceOption,
    PreparedOption,
    PresetOption,
    ProtocolOption,
    check_sources,
)
from scribblebench.errors import InputError


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
    device: DeviceOption = "auto",
    keep_models: Annotated[
        bool,
        typer.Option(
            "--keep-models", help="Keep the networks of the trials that are run, for `predict`."
        ),
    ] = False,
    stop_after: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Minutes after which the current trial saves its state and the sweep ends, "
            f"with exit code {LEFT}; the same command goes on.",
        ),
    ] = None,
) -> None:
    """Run the trials of a protocol.

    Each trial's rows are written when it ends. After an interruption the same command goes on
    with what is missing; failed trials are recorded, and tried again by the next run.
    """
    # Importing torch and MONAI takes seconds that other commands need not wait.
    from scribblebench.cli.progress import SweepProgress
    from scribblebench.sweep.protocol import ProtocolError, data_root, find_protocol, read_protocol
    from scribblebench.sweep.run import run_sweep
    from scribblebench.training.device import choose_device

    path = find_protocol(protocol)
    parsed = read_protocol(path, preset)
    folder = output or Path("results") / parsed.name
    check_sources(data, prepared)
    chosen = choose_device(device)
    try:
        with SweepProgress() as progress:
            summary = run_sweep(
                parsed,
                protocol_text=path.read_text(encoding="utf-8"),
                output=folder,
                root=data_root(data, parsed),
                device=chosen,
                watcher=progress,
                stop_after_s=None if stop_after is None else 60.0 * stop_after,
                prepared=prepared,
                keep_models=keep_models,
            )
    except ProtocolError as error:
        raise InputError(f"{path}: {error}") from error
    except KeyboardInterrupt:
        typer.echo("interrupted; the same command goes on with what is missing", err=True)
        raise typer.Exit(130) from None
    typer.echo(
        f"{counted(summary.wanted, 'trial')}: {summary.already_finished} were finished, "
        f"{summary.finished} finished now, {summary.failed} failed. "
        f"Next: scribblebench report {folder}"
    )
    if summary.failed:
        typer.echo(
            f"What went wrong is in {folder}/trials/*/failure.json; the same command tries "
            f"failed trials again.",
            err=True,
        )
        raise typer.Exit(1)
    if summary.left:
        left = counted(summary.left, "trial")
        typer.echo(f"out of time; the same command goes on with {left}", err=True)
        raise typer.Exit(LEFT)
