"""Where a scribble lies by the dense labels: share, coverage, spill, depth and ring.

The functions take one class of one slice and return statistics by the names that they have in
`scribblebench.scribbles.statistics.ClassStatistics`, which defines them; what is undefined is left
out.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from scribblebench.scribbles.coverage import distance_within
from scribblebench.scribbles.stroke_shape import EIGHT
from scribblebench.types import BoolArray, Float64Array

N_DIRECTIONS = 72
"""Directions told apart around the foreground, 5 degrees each: up to 50 pixels from the centre, a
line of single pixels leaves none of them out by its stairs."""


def against_class(
    marks: BoolArray, mask: BoolArray, spacing: tuple[float, float]
) -> dict[str, float]:
    """Return share, coverage and spill."""
    n_mask, n_marks = np.count_nonzero(mask), np.count_nonzero(marks)
    n_inside = np.count_nonzero(marks & mask)
    found = {"class_px": float(n_mask), "missed": float(n_mask > 0 and n_marks == 0)}
    if n_mask:
        distance = distance_within(marks, mask, spacing=spacing)
        near = distance[np.isfinite(distance)]
        found["share"] = n_inside / n_mask
        found["unreached_parts"] = float(_n_parts(mask & np.isinf(distance)))
        found["unreached_fraction"] = 1.0 - len(near) / n_mask
        if len(near):
            found["coverage_mean"] = float(near.mean())
            found["coverage_p95"] = float(np.percentile(near, 95))
    if n_marks:
        found["spill"] = 1.0 - n_inside / n_marks
    if n_mask and n_inside < n_marks:
        distance = _distance_to(mask, spacing)[marks & ~mask]
        found["spill_median"] = float(np.median(distance))
        found["spill_p95"] = float(np.percentile(distance, 95))
    return found


def depth(marks: BoolArray, mask: BoolArray, spacing: tuple[float, float]) -> dict[str, float]:
    """Return the relative depth of the annotated pixels and of the class."""
    depth = _distance_to(~np.pad(mask, 1), spacing)[1:-1, 1:-1]
    depth /= depth.max()
    inside = marks & mask
    found = {"class_depth": float(depth[mask].mean())}
    return found | ({"depth": float(depth[inside].mean())} if inside.any() else {})


def ring(marks: BoolArray, foreground: BoolArray, spacing: tuple[float, float]) -> dict[str, float]:
    """Return where the annotated background lies about the foreground."""
    if not (marks.any() and foreground.any()):
        return {}
    box = bounding_box(marks | foreground)
    marks, foreground = marks[box], foreground[box]
    distance = _distance_to(foreground, spacing)[marks]
    around = (np.argwhere(marks) - np.argwhere(foreground).mean(axis=0)) * spacing
    turns = np.arctan2(around[:, 0], around[:, 1]) / (2 * np.pi) % 1.0
    return {
        "ring_distance": float(np.median(distance)),
        "ring_sd": float(distance.std()),
        "ring_encircled": len(np.unique((turns * N_DIRECTIONS).astype(int))) / N_DIRECTIONS,
    }


def _n_parts(mask: BoolArray) -> int:
    """Count the 8-connected components."""
    return int(ndimage.label(mask, EIGHT)[1]) if mask.any() else 0


def _distance_to(mask: BoolArray, spacing: tuple[float, float]) -> Float64Array:
    """Return every pixel's distance to the nearest pixel of `mask`."""
    return np.asarray(ndimage.distance_transform_edt(~mask, sampling=spacing), dtype=np.float64)


def bounding_box(mask: BoolArray) -> tuple[slice, slice]:
    """Return the smallest slices that hold the pixels of `mask`, which has some."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.s_[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
