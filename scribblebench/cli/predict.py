"""`scribblebench predict`: label maps of any images, by a trained network."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
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

MOST_LABELS = 16
"""A file of whole numbers with no more different ones than this is taken for a label map."""

MOST_OBLONG = 2.0
"""Largest ratio of the sides of a pixel; beyond it planes are taken to lie along another axis."""


def predict(
    model: Annotated[Path, typer.Option(help="model.pt of `train` or of `sweep --keep-models`.")],
    images: Annotated[Path, typer.Option(help="Images: a folder or one NIfTI file.")],
    output: Annotated[Path, typer.Option(help="Folder for the label maps.")],
    device: DeviceOption = "auto",
    flips: Annotated[
        bool | None,
        typer.Option(
            "--flips/--no-flips",
            help="Average the predictions for a slice, or volume, and its flips. [default: as in "
            "training's protocol]",
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
    is scored; what lies outside the field of view is background. Planes must lie along the third
    axis of the array. Label maps among the images are left out.
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
    found = _without_label_maps(paths, images)
    for path in progress(found, "predict", len(found)):
        _predict_file(path, loaded, settings, output / path.name, device=chosen)
    names = loaded.labels.class_names
    typer.echo(
        f"{counted(len(found), 'image')}, classes {', '.join(names)}: {output}. "
        f"{_next_step(found, output, names)}"
    )


def _without_label_maps(paths: list[Path], images: Path) -> list[Path]:
    """Return the files that are images, and say on standard error how many are not."""
    label_maps = [p for p in progress(paths, "look for label maps", len(paths)) if _is_labels(p)]
    if not label_maps:
        return paths
    if images.is_file():
        raise InputError(
            f"{images}: is a label map and not an image: whole numbers, no more than {MOST_LABELS} "
            "different ones"
        )
    left_out = f"{counted(len(label_maps), 'label map')}, the first of them {label_maps[0]}"
    if len(label_maps) == len(paths):
        raise InputError(f"{images}: holds no images, only {left_out}")
    typer.echo(f"left out {left_out}", err=True)
    return [path for path in paths if path not in label_maps]


def _is_labels(path: Path) -> bool:
    """Return whether a file looks like a label map; False where it cannot be read."""
    try:
        image, _ = read_channels(path)
    except InputError:
        return False  # what is wrong is told when the file's turn comes
    some = image.ravel()[:: max(1, image.size // 10_000)]
    if len(np.unique(some)) > MOST_LABELS:
        return False
    values = np.unique(image)
    return len(values) <= MOST_LABELS and bool((values == np.round(values)).all())


def _next_step(paths: list[Path], output: Path, class_names: tuple[str, ...]) -> str:
    """Say how to score the predictions; two single files need not have the same name."""
    one = len(paths) == 1
    options = {
        "--pred": str(output / paths[0].name if one else output),
        "--target": "FILE" if one else "DIR",
        "--class-names": ",".join(class_names),
        "--output": "FILE.csv",
    }
    command = shlex.join(word for option in options.items() for word in option)
    names = f", where DIR holds dense labels under the images' names ({paths[0].name}, ...)"
    return f"Next: scribblebench evaluate {command}{'' if one else names}"


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
    plane_mm = settings.volume and settings.volume.spacing_mm
    if volume.spacing_mm is None and (settings.spacing_mm or plane_mm):
        seen = (
            f"pixels of {settings.spacing_mm:g}" if settings.spacing_mm else f"planes {plane_mm:g}"
        )
        raise InputError(f"{path}: must state its spacing, because the model sees {seen} mm")
    if volume.spacing_mm is not None:
        _, row_mm, col_mm = volume.spacing_mm
        if max(row_mm, col_mm) > MOST_OBLONG * min(row_mm, col_mm):
            raise InputError(
                f"{path}: must have its planes along the third axis, where pixels are near square, "
                f"got rows {row_mm:g} mm and columns {col_mm:g} mm apart"
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
        **settings.preparation,
    )
    pred, _ = predict_case(
        model.network, slices, settings, n_classes=model.labels.n_classes, device=device
    )
    write_label_map(output, pred, volume, keep_type=False)
