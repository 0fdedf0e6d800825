"""Statistics of any scribble label map: ours, another tool's or a person's.

Everything is measured slice by slice, for each class with the background. Without dense labels,
what needs them is NaN; so is what has no meaning, such as the width of no stroke.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields

import numpy as np
import pandas as pd

from scribblebench.scribbles.against_labels import against_class, bounding_box, depth, ring
from scribblebench.scribbles.stroke_shape import Stroke, contour_length, measure_strokes
from scribblebench.types import BACKGROUND, IGNORE_LABEL, LabelArray, distance_unit


@dataclass(frozen=True)
class ClassStatistics:
    """Annotation of one class in one slice; distances in mm, or in pixels without a spacing.

    Parameters
    ----------
    class_id : int
        0 is the background.
    annotated_px : int
        Pixels that the scribble gives this class.
    class_px : float
        Pixels of the class; NaN without dense labels.
    share : float
        Annotated pixels inside the class / pixels of the class.
    missed : float
        1 where the class is there and not annotated, else 0.
    n_strokes : int
        8-connected components of the annotated pixels.
    length : float
        Sum of `Stroke.stroke_length`; 0 where nothing is annotated.
    length_per_perimeter : float
        `length` / length of the class's contours (see `contour_length`). NaN for the background,
        whose contour is for the most part the frame.
    depth, class_depth : float
        Distance to the edge of the class (to the nearest pixel outside it, the frame counting
        as outside) / its maximum over the class in this slice: mean over the annotated pixels
        inside the class, and over the class. NaN for the background.
    coverage_mean, coverage_p95 : float
        Mean and 95th percentile of the distance from the class's pixels to the nearest annotated
        pixel of the class, along paths inside it (see `distance_within`). Components
        without annotation are left out and counted in the next two.
    unreached_parts, unreached_fraction : float
        8-connected components of the class without annotation; their share of its pixels.
    spill : float
        Share of the annotated pixels that lie outside the class.
    spill_median, spill_p95 : float
        Median and 95th percentile of those pixels' distances to the class; NaN where there are
        none or the class is absent.
    ring_distance, ring_sd : float
        Background only: median and standard deviation, over its annotated pixels, of the
        distance to the nearest pixel of the foreground. NaN without foreground.
    ring_encircled : float
        Background only: share of `N_DIRECTIONS` directions around the centroid of the
        foreground in which there is an annotated background pixel at some distance.
    strokes : tuple of Stroke
    """

    class_id: int
    annotated_px: int
    n_strokes: int
    length: float
    class_px: float = math.nan
    share: float = math.nan
    missed: float = math.nan
    length_per_perimeter: float = math.nan
    depth: float = math.nan
    class_depth: float = math.nan
    coverage_mean: float = math.nan
    coverage_p95: float = math.nan
    unreached_parts: float = math.nan
    unreached_fraction: float = math.nan
    spill: float = math.nan
    spill_median: float = math.nan
    spill_p95: float = math.nan
    ring_distance: float = math.nan
    ring_sd: float = math.nan
    ring_encircled: float = math.nan
    strokes: tuple[Stroke, ...] = field(default=(), repr=False)


CLASS_COLUMNS = tuple(f.name for f in fields(ClassStatistics) if f.name != "strokes")
STROKE_COLUMNS = ("class_id", *(f.name for f in fields(Stroke)))


def slice_statistics(
    scribble: LabelArray,
    label_map: LabelArray | None = None,
    *,
    spacing_mm: tuple[float, float] | None = None,
) -> list[ClassStatistics]:
    """Measure the scribble of one slice.

    Parameters
    ----------
    scribble : ndarray of uint8, shape (H, W)
        Class ids on annotated pixels, `IGNORE_LABEL` elsewhere.
    label_map : ndarray of uint8, shape (H, W), or None
        Dense labels.
    spacing_mm : tuple of 2 floats, or None
        (row, col) distances; None: measured in pixels.

    Returns
    -------
    statistics : list of ClassStatistics
        In order of class id, for each class that is annotated or, by the dense labels, there.

    Raises
    ------
    ValueError
        If a shape, dtype or spacing does not fit, or `label_map` holds `IGNORE_LABEL`.
    """
    _check(scribble, label_map, spacing_mm)
    spacing = (1.0, 1.0) if spacing_mm is None else spacing_mm
    counts = np.bincount(scribble.ravel(), minlength=IGNORE_LABEL + 1)
    if label_map is not None:
        counts += np.bincount(label_map.ravel(), minlength=IGNORE_LABEL + 1)
    ids = np.flatnonzero(counts[:IGNORE_LABEL]).tolist()
    return [_measure(class_id, scribble, label_map, spacing) for class_id in ids]


def volume_statistics(
    scribble: LabelArray,
    label_map: LabelArray | None = None,
    *,
    spacing_mm: tuple[float, float] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the scribbles of a volume, slice by slice.

    Parameters
    ----------
    scribble, label_map : ndarrays of uint8, shape (P, H, W)
        See `slice_statistics`.
    spacing_mm : tuple of 2 floats, or None
        (row, col) distances in the slices.

    Returns
    -------
    classes, strokes : pandas.DataFrame
        A row for each slice and class (`slice_index`, `distance_unit`, `CLASS_COLUMNS`) and one
        for each stroke (`slice_index`, `distance_unit`, `STROKE_COLUMNS`).
    """
    class_rows, stroke_rows = [], []
    for plane in range(len(scribble)):
        dense = None if label_map is None else label_map[plane]
        for found in slice_statistics(scribble[plane], dense, spacing_mm=spacing_mm):
            row = {"slice_index": plane, "distance_unit": distance_unit(spacing_mm)}
            class_rows.append(row | {name: getattr(found, name) for name in CLASS_COLUMNS})
            for stroke in found.strokes:
                stroke_rows.append(row | {"class_id": found.class_id} | asdict(stroke))
    before = ["slice_index", "distance_unit"]
    return (
        pd.DataFrame(class_rows, columns=[*before, *CLASS_COLUMNS]),
        pd.DataFrame(stroke_rows, columns=[*before, *STROKE_COLUMNS]),
    )


def _check(
    scribble: LabelArray, label_map: LabelArray | None, spacing_mm: tuple[float, float] | None
) -> None:
    if scribble.ndim != 2 or scribble.dtype != np.uint8:
        raise ValueError(f"scribble must be 2-D uint8, got {scribble.ndim}-D {scribble.dtype}")
    if label_map is not None:
        if label_map.shape != scribble.shape or label_map.dtype != np.uint8:
            raise ValueError(
                f"label_map must be uint8 of shape {scribble.shape}, "
                f"got {label_map.dtype} {label_map.shape}"
            )
        if (label_map == IGNORE_LABEL).any():
            raise ValueError(f"label_map must be dense, got {IGNORE_LABEL}, not annotated")
    if spacing_mm is not None and (
        len(spacing_mm) != 2 or not all(math.isfinite(s) and s > 0 for s in spacing_mm)
    ):
        raise ValueError(f"spacing_mm must be (row, col), finite and > 0, got {spacing_mm}")


def _measure(
    class_id: int,
    scribble: LabelArray,
    label_map: LabelArray | None,
    spacing: tuple[float, float],
) -> ClassStatistics:
    marks = scribble == class_id
    n_marks = int(np.count_nonzero(marks))
    extent = bounding_box(marks) if n_marks else np.s_[:, :]
    strokes = tuple(measure_strokes(marks[extent], spacing=spacing))
    length = math.fsum(stroke.stroke_length for stroke in strokes)
    dense: dict[str, float] = {}
    if label_map is not None:
        mask = label_map == class_id
        box = bounding_box(mask | marks)
        dense = against_class(marks[box], mask[box], spacing)
        if class_id == BACKGROUND:
            dense |= ring(marks, label_map != BACKGROUND, spacing)
        elif mask.any():
            dense |= depth(marks[box], mask[box], spacing)
            dense["length_per_perimeter"] = length / contour_length(mask[box], spacing=spacing)
    return ClassStatistics(class_id, n_marks, len(strokes), length, **dense, strokes=strokes)
