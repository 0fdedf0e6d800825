"""`scribblebench simulate`: scribble label maps from dense label maps."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

import pandas as pd
import typer

from scribblebench.cli import scribble_options as parse
from scribblebench.cli.cases import (
    DataOption,
    DatasetOption,
    DatasetSettingOption,
    PartOption,
    asked_dataset,
    check_apart,
    dataset_cases,
    label_files,
)
from scribblebench.cli.counted import counted
from scribblebench.cli.processes import results_of
from scribblebench.cli.progress import progress
from scribblebench.cli.scribble_files import Task, remove_earlier, write_scribble
from scribblebench.errors import InputError
from scribblebench.io.atomic import write_text
from scribblebench.io.names import list_files
from scribblebench.scribbles import (
    FORMS,
    Achieved,
    Annotator,
    BackgroundPolicy,
    ScribbleSettings,
    SliceChoice,
)
from scribblebench.scribbles.background import WHERE
from scribblebench.scribbles.presets import ERRORS, PRESETS
from scribblebench.types import IGNORE_LABEL

SUMMARY = "summary.csv"

PRESET_DECIDES = (
    *("form", "budget", "per", "randomness", "width", "option", "components"),
    *("background", "ring", "background_budget", "empty_slices", "three_d"),
)
OPTION_NAMES = {"three_d": "3d"}
"""Parameters of `simulate` that a preset decides, and the options that are called otherwise."""


def simulate(
    context: typer.Context,
    output: Annotated[Path, typer.Option(help="Folder for the scribble label maps.")],
    labels: Annotated[
        Path | None, typer.Option(help="Dense label maps: a folder or one file.")
    ] = None,
    dataset: DatasetOption = None,
    data: DataOption = None,
    part: PartOption = None,
    dataset_option: DatasetSettingOption = None,
    form: Annotated[
        str | None, typer.Option(help=f"How to draw, one of: {', '.join(FORMS)}.")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget",
            "--density",
            help="What each foreground class of a slice gets: its annotated share, such as 0.1, "
            "or 120px, 80mm of strokes, 12s of drawing. By class: 1=0.1,2=0.05.",
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help=f"Draw like people did, instead of --form and --budget: {', '.join(PRESETS)}."
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(help="Draw classes as the preset draws others, such as 4=1,5=1."),
    ] = None,
    error: Annotated[
        str | None,
        typer.Option(
            help=f"What the annotator does wrong: {', '.join(ERRORS)}, or settings such as "
            "spill=0.05,shake=0.7,missed=0.02."
        ),
    ] = None,
    randomness: Annotated[
        float, typer.Option(help="From 0, the form's canonical drawing, to 1.")
    ] = 0.5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random draw.")] = 0,
    per: Annotated[str, typer.Option(help="Whether the budget is for a slice or a volume.")] = (
        "slice"
    ),
    width: Annotated[
        float | None,
        typer.Option(help="Of the pen, in mm (in pixels without spacing). [default: one pixel]"),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(help="The form's own setting, NAME=NUMBER, such as strokes=3. Repeatable."),
    ] = None,
    components: Annotated[
        str,
        typer.Option(
            help="Connected parts of a class to draw in: every, largest, one, or the "
            "probability of each."
        ),
    ] = "every",
    background: Annotated[
        str,
        typer.Option(help=f"Where the background is annotated: {', '.join(WHERE)}."),
    ] = "near",
    ring: Annotated[
        str,
        typer.Option(
            help="Distances from the foreground between which the near background lies, in mm "
            "(in pixels without spacing)."
        ),
    ] = "6,14",
    background_budget: Annotated[
        str | None,
        typer.Option(
            help="What the background gets, as for --budget. [default: as much as the slice's "
            "other classes together]"
        ),
    ] = None,
    empty_slices: Annotated[
        bool, typer.Option(help="Whether slices without foreground are annotated.")
    ] = True,
    slices: Annotated[float, typer.Option(help="Share of the slices to annotate.")] = 1.0,
    slice_choice: Annotated[
        str, typer.Option(help="Which slices: even, random, or content (most foreground).")
    ] = "even",
    axis: Annotated[
        int, typer.Option(min=0, max=2, help="Axis across which slices lie: x 0, y 1 or z 2.")
    ] = 2,
    three_d: Annotated[
        bool, typer.Option("--3d", help="Draw in the volume instead of in slices.")
    ] = False,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Foreground values, such as 1,2,3; any other value but 255, not annotated, is "
            "then an error. "
            "[default: every value that occurs in the file]"
        ),
    ] = None,
    ignore_label: Annotated[
        int, typer.Option(help="Written where nothing is annotated.")
    ] = IGNORE_LABEL,
    convention: Annotated[
        str | None,
        typer.Option(help="nnunet or wsl4mis: the ignore label is one above the last class."),
    ] = None,
    strokes: Annotated[bool, typer.Option(help="Also write the strokes as JSON.")] = False,
    overlays: Annotated[bool, typer.Option(help="Also write a picture of each case.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the work.")] = 1,
) -> None:
    """Draw scribbles on dense label maps.

    Writes, for every label map, a scribble label map of the same name with the same affine and
    data type, a JSON file of what was asked for and achieved, and summary.csv with a row for each
    case, slice and class. Files are NIfTI, PNG, BMP or TIFF; scribbles of the cases of a data set
    hold its class ids.
    """
    asked = asked_dataset(dataset, data, part, dataset_option, files=labels, option="labels")
    allowed = None if classes is None else parse.class_list(classes)
    if allowed is None and asked is not None:
        allowed = list(asked[0].labels.foreground)
    common: dict[str, Any] = {
        "slices": parse.checked("", SliceChoice, slices, slice_choice),
        "axis": 2 - axis,
    }
    if error is not None:
        common["error"] = parse.annotator_error(error)
    settings: ScribbleSettings | Annotator
    if preset is not None:
        _refuse_what_the_preset_decides(context, preset)
        settings = replace(parse.annotator(preset, like), **common)
    else:
        if form is None or budget is None:
            raise InputError("--form and --budget, or --preset, must be given")
        if like is not None:
            raise InputError("--like: goes with --preset only")
        where = cast(Any, background)
        settings = parse.checked(
            "",
            ScribbleSettings,
            parse.pen(form, randomness, width, option or [], components),
            parse.budgets(budget, per, "--budget", allowed),
            background=parse.checked(
                "", BackgroundPolicy, where, parse.pair(ring, "--ring"), empty_slices
            ),
            background_budget=None
            if background_budget is None
            else parse.one_budget(background_budget, per, "--background-budget"),
            three_d=three_d,
            **common,
        )
    task = Task(
        settings=settings,
        preset=preset,
        like=like,
        seed=seed,
        classes=allowed,
        output=output,
        ignore_value=parse.ignore_value(ignore_label, convention, allowed),
        strokes=strokes,
        overlays=overlays,
    )
    if asked is not None:
        sources = dataset_cases(*asked)
    else:
        assert labels is not None, "one of the two is given"
        sources = label_files(list_files(labels))
    check_apart(output, sources)
    remove_earlier([output / SUMMARY])
    rows: dict[int, list[dict[str, Any]]] = {}
    written = results_of(partial(write_scribble, task=task), sources, workers)
    try:
        for number, found in progress(written, "simulate", len(sources)):
            rows[number] = found
    finally:
        # Also after a bad file: the summary always describes the label maps that were written.
        if rows:
            columns = ["case_id", *(field.name for field in fields(Achieved))]
            in_order = [row for number in sorted(rows) for row in rows[number]]
            table = pd.DataFrame(in_order, columns=columns)
            table.insert(1, "seed", seed)
            write_text(output / SUMMARY, table.to_csv(index=False))
    short = int((~table["met"].astype(bool)).sum())
    typer.echo(
        f"{counted(len(sources), 'label map')}, "
        f"{counted(int(table['annotated_px'].sum()), 'annotated pixel')}; the budget was not "
        f"met in {short} of {counted(len(table), 'drawing')}: {output / SUMMARY}"
    )


def _refuse_what_the_preset_decides(context: typer.Context, preset: str) -> None:
    """Refuse options that would be ignored."""
    for name in PRESET_DECIDES:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = OPTION_NAMES.get(name, name.replace("_", "-"))
            option = f"no-{option}" if context.params[name] is False else option
            raise InputError(f"--{option}: is decided by --preset {preset}, leave one of them out")
