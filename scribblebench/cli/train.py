"""`scribblebench train`: the network of one trial, to be kept and used."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

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


def train(
    protocol: ProtocolOption,
    output: Annotated[Path, typer.Option(help="Folder of the model; a new one for each trial.")],
    preset: PresetOption = None,
    method: Annotated[str | None, typer.Option(help="As the protocol calls it.")] = None,
    form: Annotated[str | None, typer.Option(help="One of the protocol's forms.")] = None,
    density: Annotated[float | None, typer.Option(help="One of its densities.")] = None,
    randomness: Annotated[float | None, typer.Option(help="One of its randomness values.")] = None,
    variant: Annotated[str | None, typer.Option(help="A variant, such as steps=300.")] = None,
    seed: Annotated[int | None, typer.Option(help="One of its seeds.")] = None,
    data: DataOption = None,
    prepared: PreparedOption = None,
    cache: CacheOption = None,
    device: DeviceOption = "auto",
    stop_after: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Minutes after which the state is saved and the command ends, with exit code "
            f"{LEFT}; the same command goes on.",
        ),
    ] = None,
) -> None:
    """Train the network of one trial of a protocol, without scoring it.

    The options --method to --seed say which trial; they may be left out where the protocol has one
    value. Writes model.pt, config.json, history.csv and, where class ratios were looked at,
    ratios.csv. After an interruption the same command goes on. Only the training cases are read.
    """
    began = time.monotonic()
    # Importing torch and MONAI takes seconds that other commands need not wait.
    from scribblebench.cli.progress import SweepProgress
    from scribblebench.sweep.data_notes import split_notes, view_notes
    from scribblebench.sweep.inputs import load_data
    from scribblebench.sweep.plan import expand
    from scribblebench.sweep.protocol import ProtocolError, data_root, find_protocol, read_protocol
    from scribblebench.sweep.selection import select_trial
    from scribblebench.sweep.single import train_single
    from scribblebench.sweep.sources import DataRequest, Places, open_source
    from scribblebench.training.device import choose_device
    from scribblebench.training.stop import Stop, StoppedError

    stop = Stop(None if stop_after is None else began + 60.0 * stop_after)
    path = find_protocol(protocol)
    parsed = read_protocol(path, preset)
    check_sources(data, prepared)
    check_cache(cache)
    chosen = choose_device(device)
    config = select_trial(
        list(expand(parsed)),
        method=method,
        form=form,
        density=density,
        randomness=randomness,
        variant=variant,
        seed=seed,
    )
    try:
        with SweepProgress() as progress:
            request = DataRequest.of(config)
            source = open_source(request, Places(data_root(data, parsed), prepared, cache))
            loaded, fingerprint = load_data(request, source, [config], scored=False)
            for note in (*view_notes(loaded), *split_notes(parsed.split.named, source.case_ids())):
                progress.say(f"note: {note}")
            progress.sweep_started([("train", config)], [])
            progress.trial_started("train")
            trained = train_single(
                config,
                loaded,
                fingerprint,
                output=output,
                device=chosen,
                on_step=lambda done, total: progress.step("train", done, total),
                stop=stop,
            )
    except ProtocolError as error:
        raise InputError(f"{path}: {error}") from error
    except FloatingPointError as error:
        typer.echo(f"error: {config.label()}: training diverged: {error}", err=True)
        raise typer.Exit(1) from None
    except StoppedError as error:
        typer.echo(f"{stop.reason}: {error}; the same command goes on", err=True)
        raise typer.Exit(LEFT) from None
    except KeyboardInterrupt:
        typer.echo("interrupted; the same command goes on", err=True)
        raise typer.Exit(130) from None
    state = "trained" if trained else "was trained before"
    typer.echo(
        f"{config.label()}: {state}. "
        f"Next: scribblebench predict --model {output / 'model.pt'} --images DIR --output DIR"
    )
