"""`scribblebench export nnunet`: the labels of a trial, for nnU-Net to train on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scribblebench.cli.annotation_options import (
    DensityOption,
    FormOption,
    RandomnessOption,
    VariantOption,
)
from scribblebench.cli.counted import counted
from scribblebench.cli.progress import progress
from scribblebench.cli.sweep_options import DataOption, PresetOption, ProtocolOption
from scribblebench.errors import InputError


def nnunet(
    protocol: ProtocolOption,
    output: Annotated[
        Path, typer.Option(help="nnU-Net's folder of raw data sets.", envvar="nnUNet_raw")
    ],
    dataset_id: Annotated[int, typer.Option(help="Number of the data set, 1 to 999.")],
    name: Annotated[
        str | None, typer.Option(help="Its name. [default: made of data set, form and seed]")
    ] = None,
    preset: PresetOption = None,
    form: FormOption = None,
    density: DensityOption = None,
    randomness: RandomnessOption = None,
    variant: VariantOption = None,
    seed: Annotated[int | None, typer.Option(help="One of its seeds.")] = None,
    data: DataOption = None,
) -> None:
    """Write cases and labels of a protocol as a raw data set of nnU-Net (v2), DatasetNNN_NAME.

    The options --form to --seed say whose labels; they may be left out where the protocol has one
    value. What is not annotated gets the ignore label. Trials that differ in method alone share
    their labels, so one data set does for all of them. The cases that the protocol scores lie in
    imagesTs: `import-predictions` scores what nnU-Net makes of them.
    """
    # Importing torch and MONAI takes seconds that other commands need not wait.
    from scribblebench.exchange.nnunet import default_name
    from scribblebench.exchange.nnunet_export import export_nnunet
    from scribblebench.sweep.inputs import load_data
    from scribblebench.sweep.plan import expand
    from scribblebench.sweep.protocol import ProtocolError, data_root, find_protocol, read_protocol
    from scribblebench.sweep.selection import select_annotation
    from scribblebench.sweep.sources import DataRequest, open_dataset

    path = find_protocol(protocol)
    parsed = read_protocol(path, preset)
    config = select_annotation(
        list(expand(parsed)),
        form=form,
        density=density,
        randomness=randomness,
        variant=variant,
        seed=seed,
    )
    request = DataRequest.of(config)
    try:
        source = open_dataset(config.dataset, config.dataset_options, data_root(data, parsed))
        loaded, fingerprint = load_data(request, source, [config])
    except ProtocolError as error:
        raise InputError(f"{path}: {error}") from error
    exported = export_nnunet(
        output,
        dataset_id=dataset_id,
        name=name or default_name(config),
        protocol=parsed.name,
        config=config,
        data=loaded,
        source=source,
        data_fingerprint=fingerprint,
        progress=lambda cases: progress(cases, "export", len(cases)),
    )
    _tell(exported.without_spacing, exported.redrawn)
    state = "" if exported.is_new else " (was there already)"
    typer.echo(
        f"{counted(len(loaded.training), 'training case')} and {len(loaded.scored)} to predict: "
        f"{exported.folder}{state}"
    )
    typer.echo(
        f"Next: nnUNetv2_plan_and_preprocess -d {dataset_id} --verify_dataset_integrity",
    )


def _tell(without_spacing: list[str], redrawn: list[str]) -> None:
    """Say what nnU-Net gets that is not as it is here."""
    if without_spacing:
        typer.echo(
            f"note: {counted(len(without_spacing), 'case')} do not state their spacing; nnU-Net "
            "takes their voxels to be cubes of 1 mm",
            err=True,
        )
    if redrawn:
        typer.echo(
            f"note: the protocol resamples the planes of {counted(len(redrawn), 'training case')}; "
            "their scribbles are drawn by the same settings on the case's own pixels, and are not "
            "the very ones of its trials",
            err=True,
        )
