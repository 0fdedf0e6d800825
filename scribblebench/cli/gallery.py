"""`scribblebench gallery`: a picture of the forms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from scribblebench.cli import scribble_options as parse
from scribblebench.cli.counted import counted
from scribblebench.cli.progress import progress
from scribblebench.cli.scribble_files import classes_of
from scribblebench.data.phantom import Phantom
from scribblebench.errors import InputError
from scribblebench.io.formats import read_label_map
from scribblebench.io.names import case_name
from scribblebench.scribbles import FORMS, Budget, Pen

if TYPE_CHECKING:  # at run time it would bring Matplotlib to all commands
    from scribblebench.report.gallery import Series, Subject

PHANTOM_CASE = "phantom008"
"""Drawn in by default: its fullest slice has a closed ring of myocardium."""

PHANTOM_SIZE = 96
"""Enough pixels to tell the forms apart, and each still one in a README."""

LEAST_DPI, GREATEST_DPI = 30, 1200


def gallery(
    output: Annotated[Path, typer.Option(help="Picture to write: .png, .pdf or .svg.")] = Path(
        "gallery.png"
    ),
    labels: Annotated[
        Path | None,
        typer.Option(help="Dense label map, a NIfTI file. [default: an embedded phantom]"),
    ] = None,
    slice_index: Annotated[
        int | None,
        typer.Option("--slice", help="Slice, from 0. [default: that with most foreground]"),
    ] = None,
    axis: Annotated[
        int, typer.Option(min=0, max=2, help="Axis across which slices lie: x 0, y 1 or z 2.")
    ] = 2,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Foreground values, such as 1,2,3. [default: every value that occurs in the file]"
        ),
    ] = None,
    forms: Annotated[
        str | None, typer.Option(help="Such as skeleton,chord. [default: all]")
    ] = None,
    densities: Annotated[
        str, typer.Option(help="Annotated shares of each foreground class.")
    ] = "0.03,0.1,0.3",
    randomness: Annotated[
        str, typer.Option(help="From 0, the form's canonical drawing, to 1.")
    ] = "0,0.5,1",
    width: Annotated[
        float | None,
        typer.Option(help="Of the pen, in mm (in pixels without spacing). [default: one pixel]"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random draw.")] = 0,
    dpi: Annotated[
        float | None,
        typer.Option(help="Dots per inch. [default: about 200, with whole dots for each voxel]"),
    ] = None,
) -> None:
    """Draw a picture of all forms on one slice.

    A row for each form, with a panel for each density and randomness. It shows what simulate
    draws in this slice with the same seed.
    """
    from scribblebench.report.gallery import Series, drawings, gallery_figure  # slow: matplotlib
    from scribblebench.report.style import UNDATED, save

    if output.suffix.lower() not in UNDATED or output.is_dir():
        known = ", ".join(UNDATED)
        raise InputError(f"--output: must be a file that ends in {known}, got '{output}'")
    if dpi is not None and not LEAST_DPI <= dpi <= GREATEST_DPI:
        raise InputError(f"--dpi: must be in [{LEAST_DPI}, {GREATEST_DPI}], got {dpi:g}")
    series = Series(
        list(FORMS) if forms is None else _forms(forms),
        _numbers(densities, "--densities"),
        _numbers(randomness, "--randomness"),
        width,
        seed,
    )
    _check(series)
    subject = _subject(labels, None if classes is None else parse.class_list(classes), 2 - axis)
    subject = replace(subject, slice_index=_slice(subject, slice_index))
    scribbles = list(progress(drawings(subject, series), "gallery", len(series.forms)))
    figure = gallery_figure(subject, series, scribbles)
    try:
        save(figure, output.with_suffix(""), (output.suffix,), dpi=dpi or figure.dpi)
    except OSError as error:
        raise InputError(f"--output: {error}") from error
    typer.echo(
        f"{counted(len(series.forms), 'form')} on slice {subject.slice_index} of "
        f"{subject.case_id}: {output}"
    )


def _forms(text: str) -> list[str]:
    """Parse "skeleton,chord"."""
    names = [part.strip() for part in text.split(",")]
    for name in names:
        try:
            FORMS[name]
        except InputError as error:
            raise InputError(f"--forms: {error}") from None
    return names


def _numbers(text: str, option: str) -> list[float]:
    """Parse "0.03,0.1,0.3"."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option}: must be numbers such as 0.1,0.3, got '{text}'") from None


def _check(series: Series) -> None:
    """Refuse what no pen draws, before a file is read."""
    for density in series.densities:
        parse.checked("--densities", Budget, density)
    for randomness in series.randomness:
        parse.checked("", Pen, series.forms[0], randomness, series.width)


def _subject(path: Path | None, allowed: list[int] | None, axis: int) -> Subject:
    """Return the volume of a file or the embedded phantom, with its fullest slice across `axis`."""
    from scribblebench.report.gallery import Subject

    if path is None:
        phantom = Phantom(size=PHANTOM_SIZE)
        case = phantom.load(PHANTOM_CASE)
        assert case.label_map is not None, "the phantom draws its labels"
        case_id, label_map, spacing_mm = PHANTOM_CASE, case.label_map, case.spacing_mm
        names = dict(enumerate(phantom.labels.class_names))
        classes = classes_of(label_map, allowed, PHANTOM_CASE)
    else:
        if path.is_dir():
            raise InputError(f"--labels: must be one file, got the folder {path}")
        try:
            label_map, volume = read_label_map(path)
            classes = classes_of(label_map, allowed, str(path))
        except InputError as error:
            raise InputError(f"--labels: {error}") from error
        case_id, spacing_mm, names = case_name(path), volume.spacing_mm, {}
    layers = np.moveaxis(label_map, axis, 0)
    if spacing_mm is not None:
        spacing_mm = (spacing_mm[axis], *spacing_mm[:axis], *spacing_mm[axis + 1 :])
    content = np.isin(layers, classes).sum(axis=(1, 2))
    if not content.any():
        raise InputError(f"--labels: {path}: holds no foreground")
    named = {class_id: names.get(class_id, str(class_id)) for class_id in classes}
    return Subject(case_id, layers, int(content.argmax()), named, spacing_mm)


def _slice(subject: Subject, wanted: int | None) -> int:
    """Return the slice that was asked for, if there is something to draw in."""
    if wanted is None:
        return subject.slice_index
    last = len(subject.label_map) - 1
    if not 0 <= wanted <= last:
        raise InputError(f"--slice: must be from 0 to {last} across this axis, got {wanted}")
    if not np.isin(subject.label_map[wanted], list(subject.class_names)).any():
        raise InputError(
            f"--slice: slice {wanted} of {subject.case_id} holds no foreground; slice "
            f"{subject.slice_index} has most"
        )
    return wanted
