"""The shape of a stroke: thinned to a line, measured along it and across it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.morphology import thin as guo_hall

from scribblebench.scribbles.compiled import compiled
from scribblebench.types import BoolArray, Float64Array, IntArray

EIGHT = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True)
class Stroke:
    """What one stroke looks like.

    Parameters
    ----------
    stroke_px : int
        Its pixels.
    stroke_length : float
        Length of the thinned stroke (see `line_length`), branches and loops included. A dot has
        length 0.
    stroke_width : float
        Twice the mean distance, over the thinned stroke, to the nearest pixel outside it, less
        one pixel: 1 pixel for a line drawn with single pixels, straight or in stairs, and the
        width of the pen where that is an odd number of pixels; an even width comes out up to
        one pixel too small. Area / length would make 1.2 to 1.4 pixels of a line in stairs.
        With unequal spacing a pixel counts as the square root of its area.
    stroke_closed : bool
        Whether it encloses a hole: pixels outside it from which no path of 4-neighbours leads
        away. The frame of the slice does not close a stroke.
    stroke_tortuosity : float
        Length of the thinned stroke / the largest distance between two of its points: 1 for a
        straight line, 2 there and back, pi around a circle. (The distance between its two ends
        would be 0 for a loop and next to 0 for many open strokes.) NaN for a dot.
    """

    stroke_px: int
    stroke_length: float
    stroke_width: float
    stroke_closed: bool
    stroke_tortuosity: float


def measure_strokes(marks: BoolArray, *, spacing: tuple[float, float] = (1.0, 1.0)) -> list[Stroke]:
    """Measure every stroke, in raster order of their first pixels.

    Parameters
    ----------
    marks : ndarray of bool, shape (H, W)
        Annotated pixels of one class; every 8-connected component is a stroke.
    spacing : tuple of 2 floats
        (row, col) distances; their unit is that of the results.

    Returns
    -------
    strokes : list of Stroke
        Empty where nothing is annotated.
    """
    components, _ = ndimage.label(marks, EIGHT)
    return [
        _measure(components[box] == i, spacing)
        for i, box in enumerate(ndimage.find_objects(components), start=1)
    ]


def thin(stroke: BoolArray) -> BoolArray:
    """Thin one 8-connected stroke to a line (Guo and Hall 1989, as in scikit-image).

    Not by Zhang and Suen 1984, which shrinks stairs, two pixels wide along a diagonal, to a single
    pixel: a line drawn with single pixels holds such stairs.

    Returns
    -------
    line : ndarray of bool, shape (H, W)
        8-connected subset of `stroke` with its holes; empty only where `stroke` is.
    """
    return np.asarray(guo_hall(stroke), dtype=np.bool_)


def line_integral(
    line: BoolArray, density: Float64Array, *, spacing: tuple[float, float] = (1.0, 1.0)
) -> float:
    """Integrate `density` along a thin line.

    The line consists of the steps between its neighbouring pixels; a diagonal step counts only
    where no third pixel of the line makes it a corner. Each step adds its length times the mean
    of the density at its two ends.

    Parameters
    ----------
    line : ndarray of bool, shape (H, W)
        One pixel thin.
    density : ndarray of float64, shape (H, W)
    spacing : tuple of 2 floats
        (row, col) distances.
    """
    row, col = spacing
    first, last, every = slice(None, -1), slice(1, None), slice(None)
    total = row * _sum_of_means(density, line, (first, every), (last, every))
    total += col * _sum_of_means(density, line, (every, first), (every, last))
    falling, rising = ((first, first), (last, last)), ((first, last), (last, first))
    for (one, other), corners in ((falling, rising), (rising, falling)):
        straight = ~line[corners[0]] & ~line[corners[1]]
        total += math.hypot(row, col) * _sum_of_means(density, line, one, other, straight)
    return total


def line_length(line: BoolArray, *, spacing: tuple[float, float] = (1.0, 1.0)) -> float:
    """Return the length of a thin line: the sum of its steps (see `line_integral`)."""
    return line_integral(line, np.ones(line.shape), spacing=spacing)


def contour_length(mask: BoolArray, *, spacing: tuple[float, float] = (1.0, 1.0)) -> float:
    """Return the length of the contours of a mask, those of its holes included.

    The contour is that of marching squares at level 0.5: straight between the midpoints of the
    steps from pixels inside to pixels outside. Pixels that touch by a corner are kept apart, the
    frame of the array counts as outside. An empty mask has length 0.
    """
    row, col = spacing
    padded = np.pad(mask, 1).astype(np.int8)
    corners = padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    n_inside = sum(corners)
    halves = n_inside == 2
    n_diagonal = np.count_nonzero(halves & (corners[0] == corners[3]))
    n_corner = np.count_nonzero(n_inside % 2) + 2 * n_diagonal
    n_along_rows = np.count_nonzero(halves & (corners[0] == corners[1]))
    n_along_cols = np.count_nonzero(halves & (corners[0] == corners[2]))
    return n_corner * math.hypot(row, col) / 2 + n_along_rows * col + n_along_cols * row


def _measure(stroke: BoolArray, spacing: tuple[float, float]) -> Stroke:
    padded = np.pad(stroke, 1)
    line = thin(padded)
    length = line_length(line, spacing=spacing)
    clearance = ndimage.distance_transform_edt(padded)[line].mean()
    extent = _largest_distance(np.argwhere(line) * np.asarray(spacing))
    return Stroke(
        stroke_px=int(np.count_nonzero(stroke)),
        stroke_length=length,
        stroke_width=float(2.0 * clearance - 1.0) * math.sqrt(spacing[0] * spacing[1]),
        stroke_closed=bool(ndimage.label(~padded)[1] > 1),
        stroke_tortuosity=length / extent if extent > 0 else math.nan,
    )


def _sum_of_means(
    density: Float64Array,
    line: BoolArray,
    one: tuple[slice, slice],
    other: tuple[slice, slice],
    allowed: BoolArray | bool = True,
) -> float:
    """Return the sum of the mean density at both ends over the steps from `one` to `other`."""
    steps = line[one] & line[other] & allowed
    return float(density[one][steps].sum() + density[other][steps].sum()) / 2


@compiled
def _largest_distance(points: Float64Array | IntArray) -> float:
    largest = 0.0
    for i in range(len(points)):
        for j in range(i):
            rows = points[i, 0] - points[j, 0]
            cols = points[i, 1] - points[j, 1]
            largest = max(largest, rows * rows + cols * cols)
    return float(np.sqrt(largest))
