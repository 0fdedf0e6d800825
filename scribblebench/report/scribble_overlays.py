"""Pictures of scribbles on dense labels."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from scribblebench.report.style import CLASS_COLOURS, new_figure, styled
from scribblebench.types import BACKGROUND, IGNORE_LABEL, AnyArray, LabelArray

MOST_PANELS = 12
"""More slices than this are thinned out evenly."""

MARGIN_PX = 4
"""Pixels shown around what is annotated."""


def scribble_figure(label_map: LabelArray, scribble: LabelArray, title: str) -> Figure:
    """Draw the slices of a volume: dense labels faint, scribbles in full colour.

    Parameters
    ----------
    label_map, scribble : ndarray of uint8, shape (P, H, W)
        `IGNORE_LABEL` where there is no label or no annotation.
    title : str
    """
    annotated = np.flatnonzero((scribble != IGNORE_LABEL).any(axis=(1, 2)))
    planes = annotated if len(annotated) else np.arange(len(scribble))
    if len(planes) > MOST_PANELS:
        planes = planes[np.linspace(0, len(planes) - 1, MOST_PANELS).round().astype(int)]
    box = shown_window(label_map[planes], scribble[planes])
    n_cols = min(4, len(planes))
    n_rows = math.ceil(len(planes) / n_cols)
    with styled(grid=False):
        figure = new_figure(7.0, 0.3 + 7.0 / n_cols * n_rows)
        panels = figure.subplots(n_rows, n_cols, squeeze=False).ravel()
        for axes in panels:
            axes.set_axis_off()
        for axes, plane in zip(panels, planes, strict=False):
            axes.imshow(
                coloured(label_map[plane][box], scribble[plane][box]), interpolation="nearest"
            )
            axes.set_title(f"slice {plane}", fontsize=7)
        figure.suptitle(title, fontsize=9, x=0.01, ha="left")
    return figure


def shown_window(label_map: LabelArray, scribble: LabelArray) -> tuple[slice, slice]:
    """Return the rows and columns around all foreground and annotation, with a margin."""
    shown = (scribble != IGNORE_LABEL) | ((label_map != BACKGROUND) & (label_map != IGNORE_LABEL))
    flat = shown.reshape(-1, *shown.shape[-2:]).any(axis=0)
    if not flat.any():
        return slice(None), slice(None)
    rows, cols = np.flatnonzero(flat.any(axis=1)), np.flatnonzero(flat.any(axis=0))
    return (
        slice(max(int(rows[0]) - MARGIN_PX, 0), int(rows[-1]) + MARGIN_PX + 1),
        slice(max(int(cols[0]) - MARGIN_PX, 0), int(cols[-1]) + MARGIN_PX + 1),
    )


def coloured(labels: LabelArray, scribble: LabelArray) -> AnyArray:
    """Return one slice as RGB in [0, 1], shape (H, W, 3): labels darkened, scribbles bright."""
    colours = np.array([to_rgb(CLASS_COLOURS[i % len(CLASS_COLOURS)]) for i in range(256)])
    colours[BACKGROUND] = 1.0
    dim = 0.35 * colours
    dim[BACKGROUND] = dim[IGNORE_LABEL] = 0.1
    return np.where((scribble != IGNORE_LABEL)[..., None], colours[scribble], dim[labels])
