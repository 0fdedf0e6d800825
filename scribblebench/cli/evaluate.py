"""`scribblebench evaluate`: score any folder of predictions against dense labels."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from scribblebench.cli.cases import (
    CaseSource,
    DataOption,
    DatasetOption,
    DatasetSettingOption,
    asked_dataset,
    dataset_cases,
    label_files,
)
from scribblebench.cli.counted import counted
from scribblebench.cli.masks import AS_CLASS_IDS, AS_DATASET, refuse_mask
from scribblebench.cli.progress import progress
from scribblebench.data import Dataset
from scribblebench.errors import InputError
from scribblebench.io.atomic import write_text
from scribblebench.io.formats import read_label_map
from scribblebench.io.grid import on_grid
from scribblebench.io.names import case_name, check_names, list_every_format, list_files
from scribblebench.metrics import score_case
from scribblebench.types import BACKGROUND, IGNORE_LABEL, LabelArray, LabelSpec


def evaluate(
    pred: Annotated[Path, typer.Option(help="Predictions: a folder or one file.")],
    output: Annotated[Path, typer.Option(help="CSV file to write.")],
    target: Annotated[
        Path | None, typer.Option(help="Dense labels with the same file names.")
    ] = None,
    dataset: DatasetOption = None,
    data: DataOption = None,
    part: Annotated[
        str | None,
        typer.Option(
            help="Part of the data set's split, such as val. [default: the cases that there are "
            "predictions for]"
        ),
    ] = None,
    dataset_option: DatasetSettingOption = None,
    class_names: Annotated[
        str | None,
        typer.Option(
            help="Names in order of their values, the background first, such as "
            "background,RV,myocardium,LV. [default: every value in the target files; the data "
            "set's]"
        ),
    ] = None,
) -> None:
    """Score predictions: Dice, HD, HD95 and ASSD for each case and class.

    Distances are in mm by the targets' spacing, and in pixels, labelled px, where a file does not
    say it. A class that only one of prediction and target holds has Dice 0, infinite distances
    and is marked as failed.
    """
    _check_output(output)
    asked = asked_dataset(dataset, data, part, dataset_option, files=target, option="target")
    if asked is not None:
        if class_names is not None:
            raise InputError("--class-names: are the data set's, leave it out with --dataset")
        labels = asked[0].labels
        values = np.arange(labels.n_classes, dtype=np.uint8)
        pairs = _pairs_of_dataset(pred, *asked, whole=part is not None)
    else:
        assert target is not None, "one of the two is given"
        sources = label_files(list_files(target))
        pairs = _pairs_of_files(pred, target, sources)
        values, labels = _class_list(class_names, sources)
    rows: list[dict[str, object]] = []
    try:
        for path, source in progress(pairs, "evaluate", len(pairs)):
            rows += _score_pair(path, source, values, labels)
    finally:
        # Also after a bad file: what was scored before it is not lost.
        if rows:
            write_text(output, pd.DataFrame(rows).to_csv(index=False))
    table = pd.DataFrame(rows)
    for (name, unit), group in table.groupby(["class_name", "distance_unit"], sort=False):
        typer.echo(
            f"{name}: Dice {group['dsc'].mean():.3f}, median HD95 {group['hd95'].median():.2f} "
            f"{unit}, {counted(int(group['failed'].sum()), 'failure')} in "
            f"{counted(len(group), 'case')}"
        )
    typer.echo(f"{counted(len(pairs), 'case')}: {output}")


def _check_output(output: Path) -> None:
    """Refuse what is no CSV file: a label map named by mistake would be overwritten."""
    if output.is_dir():
        raise InputError(f"--output: must be a file, got the folder {output}")
    if output.suffix.lower() != ".csv":
        raise InputError(f"--output: must end in .csv, got {output}")


def _score_pair(
    path: Path, source: CaseSource, values: LabelArray, labels: LabelSpec
) -> list[dict[str, object]]:
    """Score one prediction; a row for each class."""
    case, grid = source.read()
    if case.label_map is None:
        raise InputError(f"{source.where}: has no dense labels to score by")
    pred_map, volume = read_label_map(path)
    refuse_mask(pred_map, str(path), AS_CLASS_IDS)
    refuse_mask(case.label_map, source.where, AS_DATASET)
    scores = score_case(
        _class_ids(on_grid(replace(volume, array=pred_map), grid, path=path), values, str(path)),
        _class_ids(case.label_map, values, source.where),
        labels=labels,
        spacing_mm=case.spacing_mm,
    )
    return [
        {"case_id": source.case_id, **asdict(score), "class_id": int(values[score.class_id])}
        for score in scores
    ]


def _pairs_of_files(
    pred: Path, target: Path, sources: list[CaseSource]
) -> list[tuple[Path, CaseSource]]:
    """Return the prediction that belongs to each target: same name, or the one file given."""
    if pred.is_file() and target.is_file():
        return [(pred, sources[0])]
    there = {case_name(path): path for path in list_files(pred)} if pred.is_dir() else {}
    for source in sources:
        if source.case_id not in there:
            raise InputError(
                f"{pred / source.files[0].name}: no such file (prediction for {source.where}, "
                "whose name it must have)"
            )
    return [(there[source.case_id], source) for source in sources]


def _pairs_of_dataset(
    pred: Path, dataset: Dataset, case_ids: list[str], *, whole: bool
) -> list[tuple[Path, CaseSource]]:
    """Return the prediction of each case, which may only be missing if not all are asked for."""
    predictions = list_every_format(pred)  # a data set may hold files of several
    check_names(predictions, pred)
    there = {case_name(path): path for path in predictions}
    lacking = [case_id for case_id in case_ids if case_id not in there]
    if lacking and (whole or len(lacking) == len(case_ids)):
        raise InputError(
            f"--pred: {pred}: must hold label maps named by case, lacks {len(lacking)} of "
            f"{len(case_ids)}, the first of them {lacking[0]}"
        )
    if lacking:
        typer.echo(f"note: no prediction of {counted(len(lacking), 'case')}", err=True)
    found = [case_id for case_id in case_ids if case_id in there]
    return [(there[s.case_id], s) for s in dataset_cases(dataset, found)]


def _class_list(class_names: str | None, targets: list[CaseSource]) -> tuple[LabelArray, LabelSpec]:
    """Return the label value of each class and the list of names.

    Named classes have the values 0, 1, 2, ...; otherwise each value in the targets is a class.
    """
    if class_names is not None:
        names = tuple(name.strip() for name in class_names.split(","))
        if "" in names:
            raise InputError(f"--class-names: names must not be empty, got '{class_names}'")
        values = np.arange(len(names), dtype=np.uint8)
    else:
        found = {BACKGROUND}
        for target in targets:
            label_map, _ = read_label_map(target.files[0])
            refuse_mask(label_map, target.where, AS_DATASET)
            found |= {*np.unique(label_map)}
        found -= {IGNORE_LABEL}  # refused by name when its file is scored
        if found == {BACKGROUND}:
            raise InputError("--target: holds no foreground; name its classes by --class-names")
        values = np.array(sorted(found), dtype=np.uint8)
        names = ("background", *(f"label {value}" for value in values[1:]))
    try:
        return values, LabelSpec(names)
    except ValueError as error:
        raise InputError(f"--class-names: {error}") from error


def _class_ids(label_map: LabelArray, values: LabelArray, where: str) -> LabelArray:
    """Replace label values by their positions in `values`."""
    if (label_map == IGNORE_LABEL).any():
        raise InputError(f"{where}: must be dense, got {IGNORE_LABEL}, which means not annotated")
    unknown = np.setdiff1d(label_map, values)
    if unknown.size:
        listed = ", ".join(map(str, values))
        raise InputError(f"{where}: label values must be among {listed}, got {unknown[0]}")
    return np.searchsorted(values, label_map).astype(np.uint8)
