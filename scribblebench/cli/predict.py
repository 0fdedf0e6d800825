"""`scribblebench predict`: label maps of any images, by a trained network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scribblebench.cli.counted import counted
from scribblebench.cli.progress import progress
from scribblebench.cli.scribble_files import remove_earlier
from scribblebench.cli.sweep_options import DeviceOption
from scribblebench.errors import InputError
from scribblebench.io.nifti import case_name, list_volumes, read_channels, write_label_map
from scribblebench.types import Case

if TYPE_CHECKING:  # at run time these would bring torch to commands that do not predict
    import torch

    from scribblebench.training.model_file import Model
    from scribblebench.training.settings import TrainingSettings


def predict(
    model: Annotated[Path, typer.Option(help="model.pt of `train` or of `sweep --keep-models`.")],
    images: Annotated[Path, typer.Option(help="Images: a folder or one NIfTI file.")],
    output: Annotated[Path, typer.Option(help="Folder for the label maps.")],
    device: DeviceOption = "auto",
    flips: Annotated[
        bool | None,
        typer.Option(
            "--flips/--no-flips",
            help="Average the predictions for a slice and its flips. [default: as in training's "
            "protocol]",
        ),
    ] = None,
    largest_component: Annotated[
        bool | None,
        typer.Option(
            "--largest-component/--no-largest-component",
            help="Keep the largest 3D component of each class. [default: as in training's "
            "protocol]",
        ),
    ] = None,
) -> None:
    """Segment images with a trained network.

    Writes, for every image, a label map of the same name on the same grid, as uint8. Images are
    prepared as in training and predictions are put back on the image's own pixels, as when a trial
    is scored; what lies outside the field of view is background.
    """
    # Importing torch and MONAI takes seconds that other commands need not wait.
    from scribblebench.training.device import choose_device
    from scribblebench.training.model_file import load_model

    chosen = choose_device(device)
    loaded = load_model(model, chosen)
    asked = {"test_time_flips": flips, "largest_component": largest_component}
    changes = {name: value for name, value in asked.items() if value is not None}
    settings = loaded.training.model_copy(update=changes)
    paths = list_volumes(images)
    for path in paths:
        if (output / path.name).resolve() == path.resolve():
            raise InputError(f"--output: {output / path.name} is one of the images")
    for path in progress(paths, "predict", len(paths)):
        _predict_file(path, loaded, settings, output / path.name, device=chosen)
    typer.echo(
        f"{counted(len(paths), 'image')}, classes {', '.join(loaded.labels.class_names)}: "
        f"{output}. "
        f"Next: scribblebench evaluate --pred {output} --target DIR --output FILE"
    )


def _predict_file(
    path: Path,
    model: Model,
    settings: TrainingSettings,
    output: Path,
    *,
    device: torch.device,
) -> None:
    """Predict one image; what an earlier run has left in its place is removed first."""
    from scribblebench.data.preprocessing import prepare
    from scribblebench.training.prediction import predict_case

    remove_earlier([output])
    image, volume = read_channels(path)
    if len(image) != model.n_channels:
        wanted = counted(model.n_channels, "channel")
        raise InputError(f"{path}: must have {wanted}, as the model, got {len(image)}")
    if settings.spacing_mm is not None and volume.spacing_mm is None:
        raise InputError(
            f"{path}: must state its spacing, because the model sees pixels of "
            f"{settings.spacing_mm:g} mm"
        )
    name = case_name(path)
    slices = prepare(
        Case(
            case_id=name,
            patient_id=name,
            image=image,
            label_map=None,
            spacing_mm=volume.spacing_mm,
            affine=volume.affine,
        ),
        field_of_view=settings.field_of_view,
        spacing_mm=settings.spacing_mm,
    )
    pred, _ = predict_case(
        model.network, slices, settings, n_classes=model.labels.n_classes, device=device
    )
    write_label_map(output, pred, volume, keep_type=False)
