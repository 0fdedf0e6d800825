"""One label map in, its scribbles and what belongs to them out."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import scribblebench
from scribblebench.cli.cases import CaseSource
from scribblebench.cli.masks import AS_DATASET, refuse_mask
from scribblebench.errors import InputError
from scribblebench.io.atomic import write_json, write_text
from scribblebench.io.formats import write_label_map
from scribblebench.io.names import OVERLAY
from scribblebench.scribbles import Annotator, Budget, ScribbleSettings, simulate_volume
from scribblebench.scribbles.strokes import to_json
from scribblebench.types import BACKGROUND, IGNORE_LABEL, LabelArray, distance_unit

PACKAGES = ("numpy", "scipy", "scikit-image", "numba", "opencv-python-headless")

MOST_CLASSES = 32
"""More values than this in a file, without a class list, are taken for an image's intensities."""


@dataclass(frozen=True)
class Task:
    """What to do with every label map.

    Parameters
    ----------
    settings : ScribbleSettings or Annotator
    preset, like : str or None
        What was typed, where the settings are a preset's.
    seed : int
    classes : list of int or None
        Foreground values that are allowed; None: those that occur.
    output : Path
        Folder for everything that is written.
    ignore_value : int
        Written where nothing is annotated.
    strokes, overlays : bool
        Whether to write these as well.
    """

    settings: ScribbleSettings | Annotator
    preset: str | None
    like: str | None
    seed: int
    classes: list[int] | None
    output: Path
    ignore_value: int
    strokes: bool
    overlays: bool


def write_scribble(source: CaseSource, task: Task) -> list[dict[str, Any]]:
    """Simulate the scribbles of one label map and write them.

    Writes the scribble label map, under the name of the file it was made from; CASE.json, what was
    asked for and achieved; and on request CASE-strokes.json and CASE-overlay.png. What an earlier
    run has left of these is removed first, so that they are all of one run.

    Returns
    -------
    rows : list of dict
        For `summary.csv`: one for each annotated slice and class.
    """
    case_id = source.case_id
    overlay = task.output / f"{case_id}{OVERLAY}"
    names = (source.file_name, f"{case_id}.json", f"{case_id}-strokes.json", overlay.name)
    remove_earlier(task.output / name for name in names)
    case, volume = source.read()
    label_map = case.label_map
    if label_map is None:
        raise InputError(f"{source.where}: has no dense labels to draw scribbles on")
    refuse_mask(label_map, source.where, AS_DATASET)
    classes = classes_of(label_map, task.classes, source.where)
    if task.ignore_value in classes:
        raise InputError(
            f"{source.where}: holds class {task.ignore_value}, so --ignore-label "
            f"{task.ignore_value} cannot mean not annotated"
        )
    try:
        simulation = simulate_volume(
            label_map,
            task.settings,
            classes=classes,
            seed=task.seed,
            case_id=case_id,
            spacing_mm=case.spacing_mm,
        )
    except InputError as error:
        raise InputError(f"{source.where}: {error}{_hint(task.settings, classes)}") from error
    scribble = np.where(
        simulation.scribble == IGNORE_LABEL, np.uint8(task.ignore_value), simulation.scribble
    )
    unit = distance_unit(None if task.settings.in_voxels else case.spacing_mm)
    rows = [{"case_id": case_id, **asdict(entry)} for entry in simulation.achieved]
    if task.strokes:
        text = to_json(simulation.strokes(), unit=unit)
        write_text(task.output / f"{case_id}-strokes.json", text)
    if task.overlays:
        # Here, because Matplotlib takes longer to import than most files take.
        from scribblebench.report.scribble_overlays import scribble_figure
        from scribblebench.report.style import save

        across = 0 if task.settings.three_d else task.settings.axis
        shown, drawn = (np.moveaxis(a, across, 0) for a in (label_map, simulation.scribble))
        save(scribble_figure(shown, drawn, case_id), overlay.with_suffix(""), (overlay.suffix,))
    write_json(
        task.output / f"{case_id}.json",
        {
            "source": Path(source.where).name,
            "case_id": case_id,
            "seed": task.seed,
            "preset": task.preset,
            "like": task.like,
            "settings": asdict(task.settings),
            "classes": classes,
            "ignore_label": task.ignore_value,
            "spacing_mm": case.spacing_mm,
            "unit": unit,
            "versions": versions(),
            "drawn": rows,
        },
    )
    # Last, so that a label map is there only with what belongs to it.
    write_label_map(task.output / source.file_name, scribble, volume, keep_type=source.own_type)
    return rows


def _hint(settings: ScribbleSettings | Annotator, classes: Sequence[int]) -> str:
    """Return what to type where the settings lack a class, to be put after the error."""
    if isinstance(settings, Annotator):
        missing = [class_id for class_id in classes if class_id not in settings.habits]
        like = min(class_id for class_id in settings.habits if class_id != BACKGROUND)
        return f"; draw it like another one with --like {missing[0]}={like}" if missing else ""
    if not isinstance(settings.budget, Budget):
        missing = [class_id for class_id in classes if class_id not in settings.budget]
        return f", as in --budget ...,{missing[0]}=0.1" if missing else ""
    return ""


def remove_earlier(paths: Iterable[Path]) -> None:
    """Remove what an earlier run has left at these paths, if anything, in this order."""
    for path in paths:
        with suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


@cache
def versions() -> dict[str, str]:
    """Return the versions of the packages that decide what is drawn."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"scribblebench": scribblebench.__version__} | found


def classes_of(label_map: LabelArray, allowed: list[int] | None, where: str) -> list[int]:
    """Return the foreground classes of a file: those allowed, or else those that occur."""
    present = [int(v) for v in np.unique(label_map) if v not in (BACKGROUND, IGNORE_LABEL)]
    if allowed is None:
        if len(present) > MOST_CLASSES:
            raise InputError(
                f"{where}: holds {len(present)} values besides 0, more than a label map is likely "
                f"to; is it an image? If not, list its classes with --classes"
            )
        return present
    unknown = sorted(set(present) - set(allowed))
    if unknown:
        listed = ", ".join(map(str, [BACKGROUND, *allowed, IGNORE_LABEL]))
        raise InputError(f"{where}: label values must be among {listed}, got {unknown[0]}")
    return allowed
