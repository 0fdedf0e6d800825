"""The gallery: all forms on one slice, at several densities and values of randomness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from scribblebench.report.scribble_overlays import coloured, shown_window
from scribblebench.report.style import CLASS_COLOURS, styled
from scribblebench.scribbles import (
    BackgroundPolicy,
    Budget,
    Pen,
    ScribbleSettings,
    simulate_volume,
)
from scribblebench.types import BACKGROUND, LabelArray, SpacingMm

WIDTH_IN = 8.3
"""Width of the figure: at 100 dpi the 830 px in which GitHub shows a README."""

PANEL_IN = (0.6, 1.8)
"""Least and greatest width of a panel; the figure gets wider or narrower where they bound it,
but not narrower than `LEAST_WIDTH_IN`, which what is written below needs."""

LEAST_WIDTH_IN = 4.6

TALLEST = 1.4
"""A panel that would be higher than this many times the room across is made narrower."""

LEAST_DPI, GREATEST_DPI = 170, 600

MARGIN, HEAD, FOOT = 0.06, 0.44, 0.3
"""Around everything, and the heights of the headings and of what is written below, in inches."""

GAP, GROUP_GAP, ROW_GAP = 0.03, 0.14, 0.05
"""Between panels, between groups of one density, and between rows, in inches."""

LEAST_PITCH = 0.18
"""Of the rows, so that names over flat panels do not touch."""

SIZE, SMALL = 8.0, 7.0
"""Of the letters, in points."""

LETTER_EM = 0.602
"""Width of every letter of DejaVu Sans Mono, Matplotlib's monospaced font, in its size."""

GREY = "0.4"


@dataclass(frozen=True, eq=False)
class Subject:
    """The slice that is drawn in.

    Parameters
    ----------
    case_id : str
        Name of the volume, also in the random streams.
    label_map : ndarray of uint8, shape (P, H, W)
        Dense labels with the slices along the first axis.
    slice_index : int
        The slice that is drawn in.
    class_names : mapping of int to str
        Foreground classes.
    spacing_mm : tuple of 3 floats, or None
        Size of a voxel along each axis of `label_map`.
    """

    case_id: str
    label_map: LabelArray
    slice_index: int
    class_names: Mapping[int, str]
    spacing_mm: SpacingMm | None


@dataclass(frozen=True)
class Series:
    """What is drawn: each form at each density and randomness, with a pen of one `width`."""

    forms: Sequence[str]
    densities: Sequence[float]
    randomness: Sequence[float]
    width: float | None
    seed: int


def drawings(subject: Subject, series: Series) -> Iterator[LabelArray]:
    """Yield the scribbles of one form after the other.

    Yields
    ------
    scribbles : ndarray of uint8, shape (n_densities, n_randomness, H, W)
        What `simulate_volume` draws in this slice when it draws in all slices of the volume.
    """
    # The slice keeps its index, which names its random streams; empty slices cost little.
    alone = np.full_like(subject.label_map[: subject.slice_index + 1], BACKGROUND)
    alone[-1] = subject.label_map[subject.slice_index]
    cells = (len(series.densities), len(series.randomness))
    for form in series.forms:
        scribbles = np.empty((*cells, *alone.shape[1:]), dtype=np.uint8)
        for j, k in np.ndindex(cells):
            settings = ScribbleSettings(
                Pen(form, series.randomness[k], series.width),
                Budget(series.densities[j]),
                background=BackgroundPolicy(empty_slices=False),
            )
            simulation = simulate_volume(
                alone,
                settings,
                classes=list(subject.class_names),
                seed=series.seed,
                case_id=subject.case_id,
                spacing_mm=subject.spacing_mm,
            )
            scribbles[j, k] = simulation.scribble[-1]
        yield scribbles


def gallery_figure(subject: Subject, series: Series, scribbles: Sequence[LabelArray]) -> Figure:
    """Draw a row for each form: a group for each density, in it a panel for each randomness.

    Dense labels are faint, scribbles in full colour, and all panels show the same window, that
    around everything that is annotated in any.

    Parameters
    ----------
    subject, series
    scribbles : sequence of ndarray of uint8, shape (n_densities, n_randomness, H, W)
        What `drawings` yields.

    Returns
    -------
    figure : Figure
        Of the lowest resolution from `LEAST_DPI` on at which the smaller side of a voxel is a
        whole number of dots, so that lines keep their width.
    """
    labels = subject.label_map[subject.slice_index]
    window = shown_window(labels[None], np.stack(scribbles).reshape(-1, *labels.shape))
    labels = labels[window]
    n_rows, n_cols = labels.shape
    step = (1.0, 1.0) if subject.spacing_mm is None else subject.spacing_mm[1:]
    sheet = _Sheet.of(series, ratio=n_rows * step[0] / (n_cols * step[1]))
    voxel = min(sheet.panel_width / n_cols, sheet.panel_height / n_rows)
    dpi = min(np.ceil(LEAST_DPI * voxel) / voxel, GREATEST_DPI)
    # Of voxels smaller than a dot, the nearest ones would leave lines out.
    interpolation = "nearest" if dpi * voxel > 0.99 else "hanning"
    with styled(grid=False):
        figure = Figure(figsize=(sheet.width, sheet.height), dpi=dpi)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        for i, j, k in np.ndindex(sheet.n):
            left, top = sheet.left(j, k), sheet.top(i)
            axes.imshow(
                coloured(labels, scribbles[i][j, k][window]),
                extent=(left, left + sheet.panel_width, top + sheet.panel_height, top),
                interpolation=interpolation,
            )
        for i, form in enumerate(series.forms):
            middle = sheet.top(i) + sheet.panel_height / 2
            axes.text(MARGIN, middle, form, family="monospace", size=SIZE, va="center")
        _head(axes, series, sheet)
        _foot(axes, subject, series, sheet)
        # Last, because every image sets them anew. One unit is an inch, from the upper left.
        axes.set(xlim=(0, sheet.width), ylim=(sheet.height, 0), aspect="auto")
        axes.set_axis_off()
    return figure


@dataclass(frozen=True)
class _Sheet:
    """Where everything is, in inches from the upper left corner."""

    n: tuple[int, int, int]  # forms, densities, values of randomness
    names: float  # width of the column of names
    panel_width: float
    panel_height: float

    @classmethod
    def of(cls, series: Series, *, ratio: float) -> _Sheet:
        """Fit panels that are `ratio` times as high as wide into the width of the figure."""
        n = (len(series.forms), len(series.densities), len(series.randomness))
        letters = max(len("randomness"), *(len(form) for form in series.forms))
        names = MARGIN + letters * LETTER_EM * SIZE / 72 + 0.1
        gaps = n[1] * (n[2] - 1) * GAP + (n[1] - 1) * GROUP_GAP
        across = float(np.clip((WIDTH_IN - names - gaps - MARGIN) / (n[1] * n[2]), *PANEL_IN))
        width = across * min(1.0, TALLEST / ratio)
        return cls(n, names, width, width * ratio)

    @property
    def group_width(self) -> float:
        return self.n[2] * (self.panel_width + GAP) - GAP

    @property
    def width(self) -> float:
        return max(self.left(self.n[1] - 1, 0) + self.group_width + MARGIN, LEAST_WIDTH_IN)

    @property
    def height(self) -> float:
        return self.top(self.n[0]) - ROW_GAP + FOOT

    def left(self, j: int, k: int) -> float:
        return self.names + j * (self.group_width + GROUP_GAP) + k * (self.panel_width + GAP)

    def top(self, i: int) -> float:
        return HEAD + i * max(self.panel_height + ROW_GAP, LEAST_PITCH)


def _head(axes: Axes, series: Series, sheet: _Sheet) -> None:
    """Write the densities over the groups and the values of randomness over the panels."""
    upper, rule, lower = HEAD - 0.26, HEAD - 0.21, HEAD - 0.08
    axes.text(sheet.names - 0.1, upper, "density", size=SMALL, color=GREY, ha="right")
    axes.text(sheet.names - 0.1, lower, "randomness", size=SMALL, color=GREY, ha="right")
    for j, density in enumerate(series.densities):
        left, width = sheet.left(j, 0), sheet.group_width
        axes.text(left + width / 2, upper, f"{100 * density:g} %", size=SIZE, ha="center")
        axes.plot([left, left + width], [rule, rule], color="0.7", linewidth=0.6)
        for k, randomness in enumerate(series.randomness):
            middle = sheet.left(j, k) + sheet.panel_width / 2
            axes.text(middle, lower, f"{randomness:g}", size=SMALL, color=GREY, ha="center")


def _foot(axes: Axes, subject: Subject, series: Series, sheet: _Sheet) -> None:
    """Write below what is drawn in, and name the colours of the classes if no two have one."""
    middle = sheet.height - FOOT / 2
    what = f"{subject.case_id}, slice {subject.slice_index}, seed {series.seed}"
    axes.text(MARGIN, middle, what, size=SMALL, color=GREY, va="center_baseline")
    present = np.unique(subject.label_map[subject.slice_index])
    names = {i: name for i, name in subject.class_names.items() if i in present}
    colours = ["white", *(CLASS_COLOURS[i % len(CLASS_COLOURS)] for i in names)]
    if len(set(colours)) < len(colours):
        return
    axes.legend(
        [Patch(facecolor=c, edgecolor=GREY, linewidth=0.4) for c in colours],
        ["background", *names.values()],
        loc="center right",
        bbox_to_anchor=(sheet.width, middle),
        bbox_transform=axes.transData,
        ncols=len(colours),
        fontsize=SMALL,
        labelcolor=GREY,
        handlelength=0.8,
        handleheight=0.8,
        handletextpad=0.4,
        columnspacing=1.0,
        borderpad=0.0,
        borderaxespad=MARGIN * 72 / SMALL,
    )
