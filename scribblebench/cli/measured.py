"""Files of scribbles, with or without dense labels, read and measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from scribblebench.cli.progress import progress
from scribblebench.errors import InputError
from scribblebench.io.find import find_volumes
from scribblebench.io.formats import read_label_map
from scribblebench.scribbles.statistics import volume_statistics
from scribblebench.types import IGNORE_LABEL, LabelArray


@dataclass(frozen=True)
class Source:
    """Where the scribbles of one side lie; the fields are options of the command line.

    Parameters
    ----------
    name : str
        Option that names the folder, without its dashes.
    prefix : str
        What the side's other options begin with.
    scribbles : Path
        Folder, searched with its sub-folders, or file.
    scribbles_pattern : str or None
        See `scribblebench.io.find.find_volumes`.
    labels : Path or None
        Dense labels; None: those beside the scribbles by `labels_pattern`, or none at all.
    labels_pattern : str or None
    ignore_label : int
        Value of pixels that are not annotated.
    """

    name: str
    prefix: str
    scribbles: Path
    scribbles_pattern: str | None
    labels: Path | None
    labels_pattern: str | None
    ignore_label: int


@dataclass(frozen=True)
class Measured:
    """What was measured on one side: a row for each slice and class, and for each stroke."""

    name: str
    classes: pd.DataFrame
    strokes: pd.DataFrame


def measure(source: Source, *, pixels: bool) -> Measured:
    """Read and measure all files of a side.

    Scribbles and labels belong together by the names of their cases, or where both are one file.

    Parameters
    ----------
    source : Source
    pixels : bool
        Measure in pixels also where a file states its spacing.

    Raises
    ------
    InputError
        If a file is missing or damaged, does not fit its partner, or lacks `ignore_label`.
    """
    paths = _find(source.name, source.scribbles, source.scribbles_pattern)
    dense: dict[str, Path] | None = None
    if source.labels is not None or source.labels_pattern is not None:
        folder = source.labels or source.scribbles
        dense = _find(f"{source.prefix}labels", folder, source.labels_pattern)
        if source.scribbles.is_file() and folder.is_file():
            dense = dict(zip(paths, dense.values(), strict=True))
    classes: list[pd.DataFrame] = []
    strokes: list[pd.DataFrame] = []
    for case, path in progress(paths.items(), f"measure {source.name}", len(paths)):
        raw, volume = read_label_map(path)
        spacing = None if volume.spacing_mm is None or pixels else volume.spacing_mm
        found = volume_statistics(
            _with_our_ignore_label(raw, source, path),
            None if dense is None else _read_dense(dense.get(case), case, path, raw.shape),
            spacing_mm=None if spacing is None else (spacing[1], spacing[2]),
        )
        for tables, table in zip((classes, strokes), found, strict=True):
            table.insert(0, "case_id", case)
            tables.append(table)
    return Measured(source.name, _joined(classes), _joined(strokes))


def _find(option: str, folder: Path, pattern: str | None) -> dict[str, Path]:
    try:
        return find_volumes(folder, pattern)
    except InputError as error:
        raise InputError(f"--{option}: {error}") from error


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate tables; those without rows have columns without types and are left out."""
    return pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)


def _with_our_ignore_label(raw: LabelArray, source: Source, path: Path) -> LabelArray:
    """Return the label map with `IGNORE_LABEL` where nothing is annotated."""
    ignore, option = source.ignore_label, f"--{source.prefix}ignore-label"
    values = np.unique(raw).tolist()
    if ignore not in values:
        hint = " (the published files of ACDC and MSCMR use 4)" if 4 in values else ""
        raise InputError(
            f"{path}: no pixel is {ignore}, which means not annotated, but only "
            f"{', '.join(map(str, values))}; give the value of this file by {option}{hint}"
        )
    if ignore != IGNORE_LABEL and IGNORE_LABEL in values:
        raise InputError(f"{path}: holds {IGNORE_LABEL}, which no class may be; is {option} wrong?")
    return np.where(raw == ignore, np.uint8(IGNORE_LABEL), raw)


def _read_dense(path: Path | None, case: str, scribble: Path, shape: tuple[int, ...]) -> LabelArray:
    """Read the dense labels of a case."""
    if path is None:
        raise InputError(f"{scribble}: there are no dense labels of its case, '{case}'")
    label_map, _ = read_label_map(path)
    if label_map.shape != shape:
        raise InputError(f"{path}: must have the scribble's shape {shape}, got {label_map.shape}")
    if (label_map == IGNORE_LABEL).any():
        raise InputError(f"{path}: must be dense, got {IGNORE_LABEL}, which means not annotated")
    return label_map
