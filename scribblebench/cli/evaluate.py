"""`scribblebench evaluate`: score any folder of predictions against dense labels."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from scribblebench.cli.counted import counted
from scribblebench.cli.progress import progress
from scribblebench.errors import InputError
from scribblebench.io.atomic import write_text
from scribblebench.io.nifti import case_name, list_volumes, read_label_map
from scribblebench.metrics import score_case
from scribblebench.types import BACKGROUND, IGNORE_LABEL, LabelArray, LabelSpec

AFFINE_TOLERANCE = 1e-3
"""Largest difference between two affines that still count as the same grid, in mm."""


def evaluate(
    pred: Annotated[Path, typer.Option(help="Predictions: a folder or one NIfTI file.")],
    target: Annotated[Path, typer.Option(help="Dense labels with the same file names.")],
    output: Annotated[Path, typer.Option(help="CSV file to write.")],
    class_names: Annotated[
        str | None,
        typer.Option(
            help="Names in order of their values, the background first, such as "
            "background,RV,myocardium,LV. [default: every value in the target files]"
        ),
    ] = None,
) -> None:
    """Score predictions: Dice, HD, HD95 and ASSD for each case and class.

    Distances are in mm by the targets' spacing, and in pixels, labelled px, where a file does not
    say it. A class that only one of prediction and target holds has Dice 0, infinite distances
    and is marked as failed.
    """
    _check_output(output)
    targets = list_volumes(target)
    pairs = [(_partner(path, pred, target), path) for path in targets]
    values, labels = _class_list(class_names, targets)
    rows: list[dict[str, object]] = []
    try:
        for pred_path, target_path in progress(pairs, "evaluate", len(pairs)):
            rows += _score_pair(pred_path, target_path, values, labels)
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
    pred_path: Path, target_path: Path, values: LabelArray, labels: LabelSpec
) -> list[dict[str, object]]:
    """Score one prediction; a row for each class."""
    target_map, target_volume = read_label_map(target_path)
    pred_map, pred_volume = read_label_map(pred_path)
    if pred_map.shape != target_map.shape:
        raise InputError(
            f"{pred_path}: must have the target's shape {target_map.shape}, got {pred_map.shape}"
        )
    if not np.allclose(pred_volume.affine, target_volume.affine, atol=AFFINE_TOLERANCE):
        raise InputError(f"{pred_path}: must have the affine of {target_path}")
    scores = score_case(
        _class_ids(pred_map, values, pred_path),
        _class_ids(target_map, values, target_path),
        labels=labels,
        spacing_mm=target_volume.spacing_mm,
    )
    return [
        {
            "case_id": case_name(target_path),
            **asdict(score),
            "class_id": int(values[score.class_id]),
        }
        for score in scores
    ]


def _partner(target_path: Path, pred: Path, target: Path) -> Path:
    """Return the prediction that belongs to a target: same name, or the one file given."""
    if pred.is_file() and target.is_file():
        return pred
    path = pred / target_path.name
    if not path.is_file():
        raise InputError(
            f"{path}: no such file (prediction for {target_path}, whose name it must have)"
        )
    return path


def _class_list(class_names: str | None, targets: list[Path]) -> tuple[LabelArray, LabelSpec]:
    """Return the label value of each class and the list of names.

    Named classes have the values 0, 1, 2, ...; otherwise each value in the targets is a class.
    """
    if class_names is not None:
        names = tuple(name.strip() for name in class_names.split(","))
        if "" in names:
            raise InputError(f"--class-names: names must not be empty, got '{class_names}'")
        values = np.arange(len(names), dtype=np.uint8)
    else:
        found = {BACKGROUND}.union(*(np.unique(read_label_map(path)[0]) for path in targets))
        found -= {IGNORE_LABEL}  # refused by name when its file is scored
        if found == {BACKGROUND}:
            raise InputError("--target: holds no foreground; name its classes by --class-names")
        values = np.array(sorted(found), dtype=np.uint8)
        names = ("background", *(f"label {value}" for value in values[1:]))
    try:
        return values, LabelSpec(names)
    except ValueError as error:
        raise InputError(f"--class-names: {error}") from error


def _class_ids(label_map: LabelArray, values: LabelArray, path: Path) -> LabelArray:
    """Replace label values by their positions in `values`."""
    if (label_map == IGNORE_LABEL).any():
        raise InputError(f"{path}: must be dense, got {IGNORE_LABEL}, which means not annotated")
    unknown = np.setdiff1d(label_map, values)
    if unknown.size:
        listed = ", ".join(map(str, values))
        raise InputError(f"{path}: label values must be among {listed}, got {unknown[0]}")
    return np.searchsorted(values, label_map).astype(np.uint8)
