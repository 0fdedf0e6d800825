"""`scribblebench simulate`: scribble label maps from dense label maps."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from scribblebench.cli.progress import progress
from scribblebench.errors import InputError
from scribblebench.io.atomic import write_text
from scribblebench.io.nifti import case_name, list_volumes, read_label_map, write_label_map
from scribblebench.scribbles import FORMS, Achieved, ScribbleSettings, simulate_volume
from scribblebench.types import BACKGROUND, IGNORE_LABEL, LabelArray

SUMMARY = "summary.csv"
MOST_CLASSES = 32
"""More values than this in a file, without a class list, are taken for an image's intensities."""


def simulate(
    labels: Annotated[Path, typer.Option(help="Dense label maps: a folder or one NIfTI file.")],
    output: Annotated[Path, typer.Option(help="Folder for the scribble label maps.")],
    form: Annotated[str, typer.Option(help=f"One of: {', '.join(FORMS)}.")],
    density: Annotated[float, typer.Option(help="Annotated share of each class, in (0, 1].")],
    randomness: Annotated[
        float, typer.Option(help="From 0, the form's canonical drawing, to 1.")
    ] = 0.5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random draw.")] = 0,
    background_density: Annotated[
        float | None,
        typer.Option(
            help="Annotated share of the background. [default: as many pixels as the "
            "slice's other classes together]"
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Foreground values, such as 1,2,3; any other value but 255, not annotated, is "
            "then an error. "
            "[default: every value that occurs in the file]"
        ),
    ] = None,
) -> None:
    """Draw scribbles on dense label maps.

    Writes, for every label map, a scribble label map of the same name with the same affine,
    255 where nothing is annotated, and summary.csv with the requested and achieved pixels of each
    case, slice and class.
    """
    try:
        settings = ScribbleSettings(form, density, randomness, background_density)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"--{str(error).replace('_', '-', 1)}") from error
    allowed = None if classes is None else _class_list(classes)
    paths = list_volumes(labels)
    for path in paths:
        if (output / path.name).resolve() == path.resolve():
            raise InputError(f"--output: {output / path.name} is one of the label maps")
    done: list[tuple[str, list[Achieved]]] = []
    try:
        for path in progress(paths, "simulate"):
            label_map, volume = read_label_map(path)
            scribble, achieved = simulate_volume(
                label_map,
                settings,
                classes=_classes_of(label_map, allowed, path),
                seed=seed,
                case_id=case_name(path),
            )
            write_label_map(output / path.name, scribble, volume)
            done.append((case_name(path), achieved))
    finally:
        # Also after a bad file: the summary always describes the label maps that were written.
        if done:
            write_text(output / SUMMARY, _summary(done, settings, seed).to_csv(index=False))
    table = _summary(done, settings, seed)
    short = int((table["requested_px"] - table["achieved_px"]).sum())
    typer.echo(
        f"{len(paths)} label maps, {table['achieved_px'].sum()} annotated pixels, "
        f"{short} requested pixels could not be placed: {output / SUMMARY}"
    )


def _classes_of(label_map: LabelArray, allowed: list[int] | None, path: Path) -> list[int]:
    """Return the foreground classes of a file: those allowed, or else those that occur."""
    present = [int(v) for v in np.unique(label_map) if v not in (BACKGROUND, IGNORE_LABEL)]
    if allowed is None:
        if len(present) > MOST_CLASSES:
            raise InputError(
                f"{path}: holds {len(present)} values besides 0, more than a label map is likely "
                f"to; is it an image? If not, list its classes with --classes"
            )
        return present
    unknown = sorted(set(present) - set(allowed))
    if unknown:
        listed = ", ".join(map(str, [BACKGROUND, *allowed, IGNORE_LABEL]))
        raise InputError(f"{path}: label values must be among {listed}, got {unknown[0]}")
    return allowed


def _summary(
    done: list[tuple[str, list[Achieved]]], settings: ScribbleSettings, seed: int
) -> pd.DataFrame:
    """Return a row for each case, slice and class, with the settings."""
    rows = [{"case_id": case_id, **asdict(entry)} for case_id, found in done for entry in found]
    columns = ["case_id", *(field.name for field in fields(Achieved))]
    return pd.DataFrame(rows, columns=columns).assign(**asdict(settings), seed=seed)


def _class_list(text: str) -> list[int]:
    """Parse "1,2,3" into foreground ids."""
    try:
        ids = sorted({int(part) for part in text.split(",")})
    except ValueError:
        ids = []
    if not ids or ids[0] <= BACKGROUND or ids[-1] >= IGNORE_LABEL:
        raise InputError(f"--classes: must be integers from 1 to 254, such as 1,2,3, got '{text}'")
    return ids
