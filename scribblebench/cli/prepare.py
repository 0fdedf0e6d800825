"""`scribblebench prepare`: the cases of a protocol in one file, for machines without the data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scribblebench.cli.counted import counted
from scribblebench.cli.progress import progress
from scribblebench.cli.sweep_options import DataOption, PresetOption, ProtocolOption
from scribblebench.errors import InputError


def prepare(
    protocol: ProtocolOption,
    output: Annotated[Path, typer.Option(help="File to write, such as mscmr.npz.")],
    preset: PresetOption = None,
    data: DataOption = None,
    part: Annotated[
        list[str] | None,
        typer.Option(
            help="A part of the split; give it again for more. [default: those that the protocol "
            "trains on and scores]"
        ),
    ] = None,
) -> None:
    """Write the cases of a protocol, prepared for training and scoring, into one small file.

    `sweep --prepared` and `train --prepared` take it in place of the data set, for protocols with
    the same data set, spacing and field of view. Images are kept in levels; the largest error
    of an intensity is printed, and 0 where an image had no more levels.
    """
    # Importing these takes seconds that other commands need not wait.
    from scribblebench.data.prepared import write_prepared
    from scribblebench.sweep.inputs import load_slices
    from scribblebench.sweep.protocol import ProtocolError, data_root, find_protocol, read_protocol
    from scribblebench.sweep.sources import (
        DataRequest,
        Places,
        cases_of,
        open_source,
        scored_cases,
        training_cases,
    )

    if output.is_dir():
        raise InputError(f"--output: must be a file, got the folder {output}")
    path = find_protocol(protocol)
    parsed = read_protocol(path, preset)
    request = DataRequest.of(parsed)
    try:
        dataset = open_source(request, Places(data_root(data, parsed)))
        if not part:
            parts = {request.train_part: training_cases(request, dataset)}
            parts[request.score_part] = scored_cases(request, dataset)
    except ProtocolError as error:
        raise InputError(f"{path}: {error}") from error
    if part:
        parts = {name: cases_of(dataset, name, "--part") for name in part}
    n_cases = sum(map(len, parts.values()))
    ids = [(name, case_id) for name, cases in parts.items() for case_id in cases]
    slices = ((name, load_slices(request, dataset, case_id)) for name, case_id in ids)
    header = write_prepared(
        output, request.preparation, dataset.labels, progress(slices, "prepare", n_cases)
    )
    listed = ", ".join(f"{len(cases)} {name}" for name, cases in parts.items())
    typer.echo(
        f"{counted(n_cases, 'case')} ({listed}), "
        f"{output.stat().st_size / 2**20:.1f} MiB, largest error {header.largest_error:.3f} "
        f"standard deviations: {output}"
    )
