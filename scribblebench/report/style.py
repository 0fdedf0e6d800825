"""One look for all figures, in the sizes of a journal or of slides."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scribblebench.io.atomic import atomic_path
from scribblebench.registry import Registry

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette, told apart by colour-blind readers."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")

CLASS_COLOURS = ("#56B4E9", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#F0E442", "#0072B2")
"""Class 0, 1, 2, ... in overlays; repeated where there are more classes."""

GREY = "0.35"
"""Of what is no data: references, levels, notes."""


@dataclass(frozen=True)
class Style:
    """Sizes of a figure; the colours are the same in all styles.

    Parameters
    ----------
    name : str
    single_in, double_in : float
        Widths of a figure in one column and across both, in inches.
    highest_in : float
        Figures with many rows are pressed into this height.
    font_pt, small_pt : float
        Sizes of titles and labels of axes, and of ticks, legends and notes.
    line_pt, thin_pt : float
        Widths of lines that show a result, and of all others.
    marker_pt, dot_pt : float
        Diameters of markers, and of the dots of single seeds or patients.
    dpi : float
        Of pictures in pixels.
    """

    name: str
    single_in: float
    double_in: float
    highest_in: float
    font_pt: float
    small_pt: float
    line_pt: float
    thin_pt: float
    marker_pt: float
    dot_pt: float
    dpi: float

    def em(self, n: float) -> float:
        """Return `n` times the size of the font, in inches: the unit of heights."""
        return n * self.font_pt / 72.0

    def width(self, *, double: bool) -> float:
        """Return the width of a figure in inches."""
        return self.double_in if double else self.single_in


PAPER = Style("paper", 85 / 25.4, 178 / 25.4, 240 / 25.4, 8.0, 7.0, 1.2, 0.6, 4.0, 2.2, 300.0)
"""One or two columns of a journal; type of 7 and 8 points."""

TALK = Style("talk", 6.2, 12.4, 16.0, 16.0, 14.0, 2.4, 1.2, 8.0, 4.4, 150.0)
"""Half or all of a slide 13.3 inches wide, to be read from the last row."""

STYLES: Registry[Style] = Registry("style")
for _style in (PAPER, TALK):
    STYLES.add(_style.name, _style)


def styled(style: Style = PAPER, *, grid: bool = True) -> AbstractContextManager[None]:
    """Return the context in which figures are made, drawn and written."""
    return mpl.rc_context(
        {
            "font.size": style.font_pt,
            "axes.titlesize": style.font_pt,
            "axes.labelsize": style.font_pt,
            "figure.titlesize": style.font_pt,
            "xtick.labelsize": style.small_pt,
            "ytick.labelsize": style.small_pt,
            "legend.fontsize": style.small_pt,
            "lines.linewidth": style.line_pt,
            "lines.markersize": style.marker_pt,
            "patch.linewidth": style.thin_pt,
            "hatch.linewidth": style.thin_pt,
            "axes.linewidth": style.thin_pt,
            "xtick.major.width": style.thin_pt,
            "xtick.major.size": 0.35 * style.small_pt,
            "xtick.major.pad": 0.35 * style.small_pt,
            "ytick.major.width": style.thin_pt,
            "ytick.major.size": 0.35 * style.small_pt,
            "ytick.major.pad": 0.35 * style.small_pt,
            "axes.labelpad": 0.35 * style.small_pt,
            "axes.titlepad": 0.5 * style.small_pt,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.grid": grid,
            "grid.alpha": 0.3,
            "grid.linewidth": 0.8 * style.thin_pt,
            "legend.frameon": False,
            "legend.handlelength": 1.8,
            "legend.columnspacing": 1.4,
            "savefig.dpi": style.dpi,
            "text.parse_math": False,  # names of classes and methods may hold dollar signs
            "text.hinting": "no_hinting",  # text is as wide in pixels as in vectors
            "pdf.fonttype": 42,
            "svg.hashsalt": "scribblebench",  # ids would differ from file to file
        }
    )


class StyledFigure(Figure):
    """A figure that is drawn in its style wherever that happens.

    Matplotlib makes ticks when it draws, in the sizes that hold then and not in those of the
    context that the axes were made in.
    """

    style: Style = PAPER

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure in its style."""
        with styled(self.style):
            super().draw(renderer)


def new_figure(width_in: float, height_in: float, style: Style = PAPER) -> StyledFigure:
    """Return an empty figure that needs no display."""
    figure = StyledFigure(figsize=(width_in, height_in), dpi=style.dpi, layout="constrained")
    figure.style = style
    FigureCanvasAgg(figure)
    return figure


UNDATED: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None},
    ".svg": {"Date": None},
}
"""By format, the metadata that is left out so that the same figure is the same file."""


def save(
    figure: Figure,
    path: Path,
    suffixes: tuple[str, ...] = (".png", ".pdf"),
    *,
    dpi: float | None = None,
) -> list[Path]:
    """Write a figure in each format, without dates, and return the paths.

    Suffixes, keys of `UNDATED`, are added to `path`, which may have dots of its own. The resolution
    is `dpi`, or that of the figure's style where it is None.
    """
    style = figure.style if isinstance(figure, StyledFigure) else PAPER
    paths = [path.with_name(path.name + suffix) for suffix in suffixes]
    for target in paths:
        with atomic_path(target) as temporary, styled(style):
            metadata = UNDATED[target.suffix.lower()]
            figure.savefig(temporary, metadata=metadata, dpi=dpi or mpl.rcParams["savefig.dpi"])
    return paths
