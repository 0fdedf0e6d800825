"""What annotation costs: seconds by the steering law.

Accot and Zhai (1997) found that steering a pointer along a path without leaving a tunnel around it
takes a time linear in the index of difficulty, the integral of ds / W(s) along the path: twice the
length takes twice as long, and so does half the width. Drawing a scribble is steering inside its
class; tracing a contour is steering inside the tolerance within which it counts as right. So both
are priced by one model, and a scribble's price follows from what makes it easy: room.

Lengths and widths are in pixels throughout; the index of difficulty has no unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from scipy import ndimage

from scribblebench.scribbles.stroke_shape import EIGHT, contour_length, line_integral, thin
from scribblebench.types import BACKGROUND, IGNORE_LABEL, BoolArray, Float64Array, LabelArray


@dataclass(frozen=True)
class CostModel:
    """Constants of the cost of annotation.

    The defaults are UNCALIBRATED: they were not fitted to measured annotation of medical images,
    and only ratios between costs under one model deserve trust. Times that were measured differ
    by a factor of ten between tools: 7 s to click an object's four extreme points (Papadopoulos
    et al. 2017, ICCV), 54 to 79 s to outline one (as cited by Bearman et al. 2016, ECCV, doi
    10.1007/978-3-319-46478-7_34, who took 22.1 s an image for points and 239.7 s for outlines).

    Parameters
    ----------
    seconds_per_slice : float
        To turn to a slice and see what is in it; >= 0. No source: order of magnitude.
    seconds_per_stroke : float
        To choose the class and put the pen down, for each stroke and each contour; >= 0. Default:
        the time of the first point on a class in an image, Bearman et al. 2016.
    seconds_per_difficulty : float
        Slope of the steering law: seconds for each tunnel width advanced along it; >= 0. Accot and
        Zhai (1997, CHI, doi 10.1145/258549.258760) and later work found about 0.1 s for a
        stylus in straight tunnels and more in bent ones and with a mouse. Twice that, for looking
        at an image instead of at a drawn tunnel; no source for this factor: order of magnitude.
    contour_tolerance_px : float
        Width of the tunnel around a contour that is traced; > 0. No source: order of magnitude,
        one pixel to either side.
    """

    seconds_per_slice: float = 2.0
    seconds_per_stroke: float = 2.4
    seconds_per_difficulty: float = 0.2
    contour_tolerance_px: float = 2.0

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{entry.name} must be finite and >= 0, got {value}")
        if self.contour_tolerance_px == 0:
            raise ValueError("contour_tolerance_px must be > 0, got 0")


def local_width(mask: BoolArray) -> Float64Array:
    """Return the width of the tunnel around each pixel, in pixels.

    Twice the distance to the nearest pixel outside `mask`, less one: that is the width of the
    tunnel that lies evenly around the pixel and ends with the class. At least 1, also outside
    the mask. The frame of the array counts as outside.

    Returns
    -------
    width : ndarray of float64, shape (H, W)
    """
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return np.asarray(np.maximum(2.0 * depth - 1.0, 1.0), dtype=np.float64)


def stroke_seconds(
    points: Float64Array, widths: Float64Array, *, model: CostModel | None = None
) -> Float64Array:
    """Return when a stroke reaches each of its points.

    The pen goes down at the first point after `seconds_per_stroke`; each segment then takes
    `seconds_per_difficulty` times its length times the mean of 1 / width at its two ends. A
    budget in seconds is met by the points up to it: `np.searchsorted(seconds, budget, "right")`.

    Parameters
    ----------
    points : ndarray of float64 or int64, shape (N, 2)
        (row, col) positions in order of drawing, in pixels.
    widths : ndarray of float64, shape (N,)
        Width of the tunnel at each point, in pixels, > 0; see `local_width`.
    model : CostModel, optional
        The default one if left out.

    Returns
    -------
    seconds : ndarray of float64, shape (N,)
        Not decreasing. No points: empty.

    Raises
    ------
    ValueError
        If the shapes do not fit or a width is not > 0.
    """
    model = CostModel() if model is None else model
    if points.ndim != 2 or points.shape[1] != 2 or widths.shape != points.shape[:1]:
        raise ValueError(
            f"points must be (N, 2) and widths (N,), got {points.shape} and {widths.shape}"
        )
    if not (widths > 0).all():
        raise ValueError(f"widths must be > 0, got {widths.min()}")
    ease = 1.0 / widths
    steps = np.hypot(*np.diff(points, axis=0).T) * (ease[1:] + ease[:-1]) / 2
    difficulty = np.concatenate([np.zeros(min(len(points), 1)), np.cumsum(steps)])
    return np.asarray(model.seconds_per_stroke + model.seconds_per_difficulty * difficulty)


def marks_seconds(marks: BoolArray, mask: BoolArray, *, model: CostModel | None = None) -> float:
    """Return the seconds that drawing a class's marks takes, from the pixels alone.

    Every 8-connected component is one stroke, drawn once along its thinned line with all its
    branches. Where the line runs outside the class its width is one pixel.

    Parameters
    ----------
    marks, mask : ndarray of bool, shape (H, W)
        Annotated pixels of a class in one slice, and the class.
    """
    model = CostModel() if model is None else model
    components, n_strokes = ndimage.label(marks, EIGHT)
    ease = 1.0 / local_width(mask)
    difficulty = 0.0
    for i, box in enumerate(ndimage.find_objects(components), start=1):
        difficulty += line_integral(thin(components[box] == i), ease[box])
    return model.seconds_per_stroke * n_strokes + model.seconds_per_difficulty * difficulty


def contour_seconds(mask: BoolArray, *, model: CostModel | None = None) -> float:
    """Return the seconds that tracing the contours of a mask takes.

    Each contour, around an 8-connected component or around a hole, is one stroke in a
    tunnel of `contour_tolerance_px`.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
    """
    model = CostModel() if model is None else model
    # One region of the rest is the outside; the others are holes.
    n_contours = int(ndimage.label(mask, EIGHT)[1] + ndimage.label(~np.pad(mask, 1))[1] - 1)
    difficulty = contour_length(mask) / model.contour_tolerance_px
    return model.seconds_per_stroke * n_contours + model.seconds_per_difficulty * difficulty


def scribble_seconds(
    scribble: LabelArray, label_map: LabelArray, *, model: CostModel | None = None
) -> float:
    """Return the seconds that the scribble of one slice takes; 0 where nothing is annotated.

    Parameters
    ----------
    scribble : ndarray of uint8, shape (H, W)
        Class ids on annotated pixels, `IGNORE_LABEL` elsewhere.
    label_map : ndarray of uint8, shape (H, W)
        Dense labels: they give the widths.
    """
    model = CostModel() if model is None else model
    classes = [c for c in np.unique(scribble).tolist() if c != IGNORE_LABEL]
    drawing = (marks_seconds(scribble == c, label_map == c, model=model) for c in classes)
    return model.seconds_per_slice + math.fsum(drawing) if classes else 0.0


def dense_seconds(label_map: LabelArray, *, model: CostModel | None = None) -> float:
    """Return the seconds that labelling one slice densely takes.

    The contours of every foreground class are traced. A hole that other foreground classes
    fill is left to them, so that a border inside a structure is not traced twice; a border
    between neighbours side by side is. A slice without foreground costs the look at it.

    Parameters
    ----------
    label_map : ndarray of uint8, shape (H, W)
        Dense labels.
    """
    model = CostModel() if model is None else model
    seconds = [model.seconds_per_slice]
    for class_id in np.unique(label_map).tolist():
        if class_id != BACKGROUND:
            mask = label_map == class_id
            holes, n_holes = ndimage.label(ndimage.binary_fill_holes(mask) & ~mask)
            lowest = ndimage.minimum(label_map, holes, np.arange(1, n_holes + 1))
            filled = 1 + np.flatnonzero(np.asarray(lowest) != BACKGROUND)
            seconds.append(contour_seconds(mask | np.isin(holes, filled), model=model))
    return math.fsum(seconds)
