"""One look for all figures."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scribblebench.io.atomic import atomic_path

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette, told apart by colour-blind readers."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X")

CLASS_COLOURS = ("#56B4E9", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#F0E442", "#0072B2")
"""Class 0, 1, 2, ... in overlays; repeated where there are more classes."""


def styled(*, grid: bool = True) -> AbstractContextManager[None]:
    """Return the context in which figures are drawn and written."""
    return mpl.rc_context(
        {
            "font.size": 9,
            "axes.titlesize": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": grid,
            "grid.alpha": 0.3,
            "grid.linewidth": 0.5,
            "legend.frameon": False,
            "savefig.dpi": 200,
            "pdf.fonttype": 42,
            "svg.hashsalt": "scribblebench",  # ids would differ from file to file
        }
    )


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure that needs no display."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
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
    is `dpi`, or 200 where it is None.
    """
    paths = [path.with_name(path.name + suffix) for suffix in suffixes]
    for target in paths:
        with atomic_path(target) as temporary, styled():
            metadata = UNDATED[target.suffix.lower()]
            figure.savefig(temporary, metadata=metadata, dpi=dpi or mpl.rcParams["savefig.dpi"])
    return paths
