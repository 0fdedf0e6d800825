"""`scribblebench predict`: label maps of any images, by a trained network."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from scribblebench.cli.cases import (
    CaseSource,
    DataOption,
    DatasetOption,
    DatasetSettingOption,
    PartOption,
    asked_dataset,
    check_apart,
    dataset_cases,
    image_files,
    is_grouped,
)
from scribblebench.cli.counted import counted
from scribblebench.cli.progress import progress
from scribblebench.cli.scribble_files import remove_earlier
from scribblebench.cli.sweep_options import DeviceOption
from scribblebench.errors import InputError
from scribblebench.io.formats import read_channels, write_label_map
from scribblebench.io.names import list_files

if TYPE_CHECKING:  # at run time these would bring torch to commands that do not predict
    import torch

    from scribblebench.data import Dataset
    from scribblebench.training.model_file import Model
    from scribblebench.training.settings import TrainingSettings

MOST_LABELS = 16
"""A file of whole numbers with no more different ones than this is taken for a label map."""


def predict(
    model: Annotated[Path, typer.Option(help="model.pt of `train` or of `sweep --keep-models`.")],
    output: Annotated[Path, typer.Option(help="Folder for the label maps.")],
    images: Annotated[Path | None, typer.Option(help="Images: a folder or one file.")] = None,
    dataset: DatasetOption = None,
    data: DataOption = None,
    part: PartOption = None,
    dataset_option: DatasetSettingOption = None,
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
    is scored; what lies outside the field of view is background. Images are NIfTI, PNG, BMP, JPEG
    or TIFF files. Planes must lie along the third axis of the array. Channels lie along a further
    axis, or in files called CASE_0000, CASE_0001 and so on; of a data set, as it has them. Label
    maps among the images are left out.
    """
    asked = asked_dataset(dataset, data, part, dataset_option, files=images, option="images")
    # Importing torch and MONAI takes seconds that other commands need not wait.
    from scribblebench.training.device import choose_device
    from scribblebench.training.model_file import load_model

    chosen = choose_device(device)
    loaded = load_model(model, chosen)
    wanted = {"test_time_flips": flips, "largest_component": largest_component}
    changes = {name: value for name, value in wanted.items() if value is not None}
    settings = loaded.training.model_copy(update=changes)
    names = loaded.labels.class_names
    if asked is not None:
        _check_dataset(asked[0], loaded)
        sources = dataset_cases(*asked)
        check_apart(output, sources)
    else:
        assert images is not None, "one of the two is given"
        paths = list_files(images)
        check_apart(output, image_files(paths, loaded.n_channels))
        if not is_grouped(paths, loaded.n_channels):  # a channel may hold a mask
            paths = _without_label_maps(paths, images)
        sources = image_files(paths, loaded.n_channels)
    cut = []
    for source in progress(sources, "predict", len(sources)):
        path = output / source.file_name
        if _predict_case(source, loaded, settings, path, device=chosen):
            cut.append(source)
    if cut:
        typer.echo(
            f"note: {counted(len(cut), 'image')} larger than the model's field of view, the first "
            f"of them {cut[0].where}; what lies outside of it is background",
            err=True,
        )
    if asked is not None:
        given = {"--data": data and [data], "--part": part and [part]}
        given |= {"--dataset-option": dataset_option}
        words = [str(w) for o, values in given.items() for v in values or [] for w in (o, v)]
        next_step = _next_step(output, ["--dataset", asked[0].name, *words])
    else:
        next_step = _after_files(sources, output, names)
    typer.echo(
        f"{counted(len(sources), 'image')}, classes {', '.join(names)}: {output}. {next_step}"
    )


def _check_dataset(dataset: Dataset, model: Model) -> None:
    """Refuse a data set whose classes are not those that the model was trained on."""
    names, wanted = dataset.labels.class_names, model.labels.class_names
    if names != wanted:
        raise InputError(
            f"--dataset: must have the model's classes {', '.join(wanted)}, got {', '.join(names)}"
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


def _next_step(pred: Path, target: list[str]) -> str:
    """Say how to score the predictions."""
    words = ["evaluate", "--pred", str(pred), *target, "--output", "FILE.csv"]
    return f"Next: scribblebench {shlex.join(words)}"


def _after_files(sources: list[CaseSource], output: Path, class_names: tuple[str, ...]) -> str:
    """Say how to score predictions of files; two single files need not have the same name."""
    one, name = len(sources) == 1, sources[0].file_name
    target = ["--target", "FILE" if one else "DIR", "--class-names", ",".join(class_names)]
    if one:
        return _next_step(output / name, target)
    names = f", where DIR holds dense labels under the images' names ({name}, ...)"
    return f"{_next_step(output, target)}{names}"


def _predict_case(
    source: CaseSource,
    model: Model,
    settings: TrainingSettings,
    output: Path,
    *,
    device: torch.device,
) -> bool:
    """Predict one image, and return whether some of it lies outside the field of view.

    What an earlier run has left in its place is removed first.
    """
    from scribblebench.data.preprocessing import check_planes, prepare
    from scribblebench.training.prediction import predict_case

    remove_earlier([output])
    case, volume = source.read()
    if len(case.image) != model.n_channels:
        wanted = counted(model.n_channels, "channel")
        raise InputError(f"{source.where}: must have {wanted}, as the model, got {len(case.image)}")
    plane_mm = settings.volume and settings.volume.spacing_mm
    if case.spacing_mm is None and (settings.spacing_mm or plane_mm):
        seen = (
            f"pixels of {settings.spacing_mm:g}" if settings.spacing_mm else f"planes {plane_mm:g}"
        )
        raise InputError(
            f"{source.where}: must state its spacing, because the model sees {seen} mm"
        )
    check_planes(case.spacing_mm, source.where)  # as `prepare` does, but by the file's name
    unlabelled = replace(case, label_map=None, scribble=None)
    slices = prepare(unlabelled, **settings.preparation)
    pred, _ = predict_case(
        model.network, slices, settings, n_classes=model.labels.n_classes, device=device
    )
    write_label_map(output, pred, volume, keep_type=False)
    return any(of > to for of, to in zip(slices.volume_shape, slices.inside.shape, strict=True))
