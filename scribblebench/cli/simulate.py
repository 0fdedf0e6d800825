"""`scribblebench simulate`: scribble label maps from dense label maps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from rich.progress import track

from scribblebench.errors import InputError
from scribblebench.io.atomic import write_text
from scribblebench.io.nifti import case_name, list_volumes, read_label_map, write_label_map
from scribblebench.scribbles import FORMS, ScribbleSettings, simulate_volume
from scribblebench.types import BACKGROUND, IGNORE_LABEL

SUMMARY = "summary.csv"


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
            help="Foreground values, such as 1,2,3; any other value is then an error. "
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
    source = labels if labels.is_dir() else labels.parent
    if output.resolve() == source.resolve():
        raise InputError(f"--output: must not be the folder of the labels, got {output}")
    tables = []
    for path in track(paths, description="simulate", transient=True):
        label_map, volume = read_label_map(path)
        present = [int(v) for v in np.unique(label_map) if v not in (BACKGROUND, IGNORE_LABEL)]
        unknown = sorted(set(present) - set(present if allowed is None else allowed))
        if unknown:
            listed = ", ".join(map(str, [BACKGROUND, *(allowed or [])]))
            raise InputError(f"{path}: label values must be among {listed}, got {unknown[0]}")
        name = case_name(path)
        scribble, achieved = simulate_volume(
            label_map, settings, classes=allowed or present, seed=seed, case_id=name
        )
        write_label_map(output / path.name, scribble, volume)
        tables.append(pd.DataFrame(achieved).assign(case_id=name))
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "case_id", table.pop("case_id"))
    for name, value in (("form", form), ("density", density), ("randomness", randomness)):
        table[name] = value
    table["seed"] = seed
    write_text(output / SUMMARY, table.to_csv(index=False))
    short = table["requested_px"] - table["achieved_px"]
    typer.echo(
        f"{len(paths)} label maps, {table['achieved_px'].sum()} annotated pixels, "
        f"{int(short.sum())} requested pixels could not be placed: {output / SUMMARY}"
    )


def _class_list(text: str) -> list[int]:
    """Parse "1,2,3" into foreground ids."""
    try:
        ids = sorted({int(part) for part in text.split(",")})
    except ValueError:
        ids = []
    if not ids or ids[0] <= BACKGROUND or ids[-1] >= IGNORE_LABEL:
        raise InputError(f"--classes: must be integers from 1 to 254, such as 1,2,3, got '{text}'")
    return ids
