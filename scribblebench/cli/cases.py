"""The cases that a command works on: files, or those of a data set."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from scribblebench.cli.data_options import opened
from scribblebench.data import DATASETS, Dataset
from scribblebench.data.files import DATA_VARIABLE, read_images
from scribblebench.errors import InputError
from scribblebench.io.formats import read_channels, read_label_map
from scribblebench.io.header import read_grid
from scribblebench.io.names import case_name, ending, is_nifti, label_map_name
from scribblebench.io.nifti import Volume, new_volume
from scribblebench.registry import did_you_mean
from scribblebench.types import Case, FloatArray

DatasetOption = Annotated[
    str | None,
    typer.Option(
        help=f"Take the cases of a data set in place of files, one of: {', '.join(DATASETS)}."
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the data set, or one that holds it under its name. "
        "[default: SCRIBBLEBENCH_DATA]"
    ),
]
PartOption = Annotated[
    str | None,
    typer.Option(help="Part of the data set's split, such as val. [default: all cases]"),
]
DatasetSettingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--dataset-option",
        help="The data set's own setting, KEY=VALUE; `data list NAME` has them. Repeatable.",
    ),
]

ONE_CHANNEL = re.compile(r"(?P<case>.+)_(?P<channel>\d{4})")
"""Names of files that hold one channel of a case, as nnU-Net has them."""


@dataclass(frozen=True)
class CaseSource:
    """One case, which is read when its turn comes.

    Parameters
    ----------
    case_id : str
    where : str
        The file or, of a data set, its name and the case, for messages.
    files : tuple of Path
        What it is read from.
    file_name : str
        Of the label map that a command writes for it.
    read : callable
        Returns the case, and the volume on whose grid label maps are written. May be pickled.
    own_type : bool
        Whether the volume's data type is one for labels.
    """

    case_id: str
    where: str
    files: tuple[Path, ...]
    file_name: str
    read: Callable[[], tuple[Case, Volume]]
    own_type: bool = False


def label_files(paths: Sequence[Path]) -> list[CaseSource]:
    """Return label maps as cases whose images have no channels."""
    return [
        CaseSource(
            case_id=case_name(path),
            where=str(path),
            files=(path,),
            file_name=label_map_name(path.name),
            read=partial(_labels, path),
            own_type=True,
        )
        for path in paths
    ]


def is_grouped(paths: Sequence[Path], n_channels: int) -> bool:
    """Return whether files hold one channel of several each, by their names."""
    return n_channels > 1 and all(ONE_CHANNEL.fullmatch(case_name(path)) for path in paths)


def image_files(paths: Sequence[Path], n_channels: int) -> list[CaseSource]:
    """Return images as cases without labels.

    With several channels, files that are all called `CASE_0000`, `CASE_0001` and so on hold one
    each.
    """
    groups: dict[str, tuple[Path, ...]] = {path.name: (path,) for path in paths}
    if is_grouped(paths, n_channels):
        groups = {}
        for path in paths:
            match = ONE_CHANNEL.fullmatch(case_name(path))
            assert match is not None, "all are called so"
            name = match["case"] + ending(path.name)
            groups[name] = (*groups.get(name, ()), path)
            if int(match["channel"]) != len(groups[name]) - 1:
                missing = f"{match['case']}_{len(groups[name]) - 1:04d}{ending(path.name)}"
                raise InputError(
                    f"{path.with_name(missing)}: no such file, although {path.name} is there"
                )
    return [
        CaseSource(
            case_id=case_name(Path(name)),
            where=str(files[0]),
            files=files,
            file_name=label_map_name(name),
            read=partial(_images, case_name(Path(name)), files, n_channels),
        )
        for name, files in groups.items()
    ]


def dataset_cases(dataset: Dataset, case_ids: Sequence[str]) -> list[CaseSource]:
    """Return cases of a data set."""
    sources = []
    for case_id in case_ids:
        if Path(case_id).name != case_id:
            raise InputError(f"case '{case_id}': its name cannot be that of a file")
        files = dataset.files(case_id)
        end = ending(files.images[0].name) if files.images else ""
        sources.append(
            CaseSource(
                case_id=case_id,
                where=f"{dataset.name} {case_id}",
                files=files.all(),
                file_name=label_map_name(f"{case_id}{end or '.nii.gz'}"),
                read=partial(_of_dataset, dataset, case_id),
            )
        )
    return sources


def asked_dataset(
    name: str | None,
    data: Path | None,
    part: str | None,
    settings: list[str] | None,
    *,
    files: Path | None,
    option: str,
) -> tuple[Dataset, list[str]] | None:
    """Return the data set that options ask for and its cases; None if they name files.

    Parameters
    ----------
    name, data, part, settings : as the options
    files : Path or None
        What `option` names.
    option : str
        The option that takes files in place of a data set.

    Raises
    ------
    InputError
        If there are both, neither, or something of the data set does not fit.
    """
    if (name is None) == (files is None):
        both = "" if name is None else ", not both"
        raise InputError(f"--{option} or --dataset must be given{both}")
    if name is None:
        for value, other in ((data, "data"), (part, "part"), (settings, "dataset-option")):
            if value:
                raise InputError(f"--{other}: goes with --dataset, not with --{option}")
        return None
    if data is None and os.environ.get(DATA_VARIABLE):
        data = Path(os.environ[DATA_VARIABLE])
    dataset = opened(name, data, settings, option="--dataset-option")
    if part is None:
        return dataset, list(dataset.case_ids())
    parts = {found: cases for found, cases in dataset.split().parts.items() if cases}
    if part not in parts:
        hint = did_you_mean(part, list(parts)) or f" It has {', '.join(parts)}."
        raise InputError(f"--part: '{name}' has no cases in '{part}'.{hint}")
    return dataset, list(parts[part])


def check_apart(output: Path, sources: Sequence[CaseSource]) -> None:
    """Refuse to write label maps into a folder with files that they are made from.

    A label map of a.bmp, which is written as a.png, could else take the place of another picture.

    Raises
    ------
    InputError
    """
    folder = output.resolve()
    for path in (path for source in sources for path in source.files):
        if path.resolve().parent == folder:
            raise InputError(f"--output: holds the input file {path}, give a folder of its own")


def _labels(path: Path) -> tuple[Case, Volume]:
    label_map, volume = read_label_map(path)
    name = case_name(path)
    nothing: FloatArray = np.zeros((0, *label_map.shape), dtype=np.float32)
    return Case(name, name, nothing, label_map, volume.spacing_mm, volume.affine), volume


def _images(name: str, files: Sequence[Path], n_channels: int) -> tuple[Case, Volume]:
    if len(files) == 1:
        image, volume = read_channels(files[0])
    else:
        image, volume = read_images(files, [f"channel {i}" for i in range(n_channels)])
    return Case(name, name, image, None, volume.spacing_mm, volume.affine), volume


def _of_dataset(dataset: Dataset, case_id: str) -> tuple[Case, Volume]:
    """Load a case, and what is known of its first file; it is made up where there is none."""
    case, files = dataset.load(case_id), dataset.files(case_id)
    path = next(iter(files.all()), None)
    if path is not None and is_nifti(path.name):
        return case, read_grid(path)
    shape = case.image.shape[1:]
    empty = np.zeros(shape, dtype=np.uint8)
    if path is not None and ending(path.name):
        return case, Volume(empty, None, case.affine, shape[::-1], None)
    return case, new_volume(empty, case.spacing_mm, case.affine)
