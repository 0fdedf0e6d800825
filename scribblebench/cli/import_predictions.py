"""`scribblebench import-predictions`: another trainer's predictions as a trial like any other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from scribblebench.sweep.protocol import Protocol


def import_predictions(
    predictions: Annotated[
        Path, typer.Argument(help="Folder of label maps, CASE.nii.gz for each scored case.")
    ],
    protocol: ProtocolOption,
    method: Annotated[str, typer.Option(help="What results are to call it, such as nnunet-pce.")],
    seed: Annotated[int, typer.Option(help="The protocol's seed whose scribbles it has seen.")],
    output: Annotated[
        Path, typer.Option(help="Results folder; a new one, or one of imports of the protocol.")
    ],
    preset: PresetOption = None,
    form: FormOption = None,
    density: DensityOption = None,
    randomness: RandomnessOption = None,
    variant: VariantOption = None,
    data: DataOption = None,
    tool: Annotated[str | None, typer.Option(help="What trained it, such as nnunetv2.")] = None,
    tool_version: Annotated[str | None, typer.Option(help="Its version.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of what was imported before.")
    ] = False,
) -> None:
    """Score predictions of nnU-Net or any other trainer on the cases that a protocol scores.

    They become a trial of the protocol with a method of its own, which `status`, `report` and
    `export rows` read like any other. The options --form to --seed say which labels it was trained
    on, as in `export nnunet`. Another call adds another seed, form or method to the folder.
    """
    # Importing torch and MONAI takes seconds that other commands need not wait.
    from scribblebench.exchange.importing import import_trial, imported_config, joined
    from scribblebench.exchange.predictions import read_predictions
    from scribblebench.sweep.inputs import load_data
    from scribblebench.sweep.plan import Imported, expand
    from scribblebench.sweep.plan_file import Plan
    from scribblebench.sweep.protocol import (
        ProtocolError,
        data_root,
        find_protocol,
        protocol_text,
        read_protocol,
    )
    from scribblebench.sweep.selection import select_annotation
    from scribblebench.sweep.sources import DataRequest, Places, open_source
    from scribblebench.sweep.store import Store

    path = find_protocol(protocol)
    parsed = read_protocol(path, preset)
    _check_method(method, parsed)
    asked = select_annotation(
        list(expand(parsed)),
        form=form,
        density=density,
        randomness=randomness,
        variant=variant,
        seed=seed,
    )
    request = DataRequest.of(asked)
    try:
        source = open_source(request, Places(data_root(data, parsed)))
        loaded, fingerprint = load_data(request, source, [asked])
    except ProtocolError as error:
        raise InputError(f"{path}: {error}") from error
    found = read_predictions(
        predictions,
        [slices.case for slices in loaded.scored],
        loaded.labels,
        progress=lambda cases: progress(cases, "read", len(cases)),
    )
    imported = Imported(
        tool=tool, version=tool_version, folder=predictions.resolve().name, digest=found.digest
    )
    config = imported_config(asked, method=method, imported=imported, variant=variant)
    trial_id = config.trial_id(fingerprint)
    store = Store(output)
    plan = Plan(parsed.name, fingerprint, {trial_id: config})
    joined(store, plan, replace=replace)  # what cannot be kept is not scored
    mean_dsc = import_trial(
        store, plan, found.predictions, loaded, protocol_text=protocol_text(path)
    )
    if found.others:
        typer.echo(
            f"note: {counted(len(found.others), 'label map')} of the folder without a scored case: "
            f"{', '.join(found.others[:3])}{', ...' if len(found.others) > 3 else ''}",
            err=True,
        )
    typer.echo(
        f"{config.label()}: {counted(len(loaded.scored), 'case')}, mean Dice {mean_dsc:.3f}. "
        f"Next: scribblebench report {output}"
    )


def _check_method(method: str, protocol: Protocol) -> None:
    """Refuse a name that already stands for something else."""
    from scribblebench.methods import METHODS

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", method):
        raise InputError(f"--method: must be letters, digits, . _ + -, got '{method}'")
    if method in {*METHODS.names(), *(entry.name for entry in protocol.methods)}:
        raise InputError(
            f"--method: must be a new name, got '{method}', which is a method of this package or "
            "of the protocol"
        )
