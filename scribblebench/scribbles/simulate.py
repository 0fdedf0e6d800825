"""Scribble label maps: forms, budgets and seeds put together for slices and volumes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scribblebench.scribbles.form import FORMS
from scribblebench.seeding import rng_for
from scribblebench.types import BACKGROUND, IGNORE_LABEL, BoolArray, IntArray, LabelArray


@dataclass(frozen=True)
class ScribbleSettings:
    """How to draw.

    Parameters
    ----------
    form : str
        A name in `FORMS`.
    density : float
        Annotated share of each foreground class of a slice, in (0, 1].
    randomness : float
        In [0, 1]; see `scribblebench.scribbles.form`.
    background_density : float or None
        Annotated share of the background, in (0, 1]. None: as many pixels as the slice's
        foreground classes have together.
    """

    form: str
    density: float
    randomness: float
    background_density: float | None = None

    def __post_init__(self) -> None:
        FORMS[self.form]
        if not 0.0 < self.density <= 1.0:
            raise ValueError(f"density must be in (0, 1], got {self.density}")
        if not 0.0 <= self.randomness <= 1.0:
            raise ValueError(f"randomness must be in [0, 1], got {self.randomness}")
        if self.background_density is not None and not 0.0 < self.background_density <= 1.0:
            raise ValueError(f"background_density must be in (0, 1], got {self.background_density}")


@dataclass(frozen=True)
class Achieved:
    """What was asked for and what was drawn for one class of one slice, in pixels."""

    slice_index: int
    class_id: int
    class_px: int
    requested_px: int
    achieved_px: int


def class_budget(class_px: int, density: float) -> int:
    """Return max(1, round(density * class_px)), or 0 for a class that is not there."""
    return max(1, round(density * class_px)) if class_px else 0


def budgets(label_map: LabelArray, settings: ScribbleSettings, classes: Sequence[int]) -> IntArray:
    """Return how many pixels of each class to annotate in each slice.

    Each foreground class gets `class_budget` pixels. The background gets the same by its own
    density, if it has one; otherwise as many as the slice's foreground classes together, and in a
    slice without foreground the median over the volume's other slices, rounded, at least 1.

    Parameters
    ----------
    label_map : ndarray of uint8, shape (P, H, W)
    settings : ScribbleSettings
    classes : sequence of int
        Foreground class ids.

    Returns
    -------
    requested : ndarray of int64, shape (P, 1 + len(classes))
        Background first, then `classes` in their order.
    """
    n_planes = len(label_map)
    requested = np.zeros((n_planes, 1 + len(classes)), dtype=np.int64)
    for plane in range(n_planes):
        for column, class_id in enumerate(classes, start=1):
            size = int((label_map[plane] == class_id).sum())
            requested[plane, column] = class_budget(size, settings.density)
    if settings.background_density is not None:
        for plane in range(n_planes):
            size = int((label_map[plane] == BACKGROUND).sum())
            requested[plane, 0] = class_budget(size, settings.background_density)
        return requested
    requested[:, 0] = requested.sum(axis=1)
    drawn = [int(n) for n in requested[:, 0] if n > 0]
    typical = max(1, round(statistics.median(drawn))) if drawn else 1
    requested[requested[:, 0] == 0, 0] = typical
    return requested


def draw_class(
    mask: BoolArray, *, n_pixels: int, settings: ScribbleSettings, rng: np.random.Generator
) -> BoolArray:
    """Draw the scribble of one class of one slice.

    The form sees only the bounding box of `mask`, so the drawing moves with the class and does
    not depend on how much else the slice holds.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W), not empty
    n_pixels : int
        In [1, pixels of mask].

    Returns
    -------
    scribble : ndarray of bool, shape (H, W)
        Subset of `mask` with exactly `n_pixels` pixels.
    """
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = np.s_[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    form = FORMS[settings.form]
    pixels = form(
        np.ascontiguousarray(mask[box]),
        n_pixels=n_pixels,
        randomness=settings.randomness,
        rng=rng,
    )
    scribble = np.zeros(mask.shape, dtype=np.bool_)
    scribble[pixels[:, 0] + rows[0], pixels[:, 1] + cols[0]] = True
    return scribble


def simulate_volume(
    label_map: LabelArray,
    settings: ScribbleSettings,
    *,
    classes: Sequence[int],
    seed: int,
    case_id: str,
) -> tuple[LabelArray, list[Achieved]]:
    """Draw scribbles on every slice of a dense label map.

    Every class of every slice has its own random stream, named by seed, case, slice, class and
    form: it does not depend on the order of the work or on the other classes. With the same seed
    the scribble at a lower density is a subset of that at a higher one.

    Parameters
    ----------
    label_map : ndarray of uint8, shape (P, H, W)
        Dense labels. Pixels that hold neither the background nor one of `classes` are never
        annotated.
    settings : ScribbleSettings
    classes : sequence of int
        Foreground class ids.
    seed : int
    case_id : str
        Name of the volume in the random streams.

    Returns
    -------
    scribble : ndarray of uint8, shape (P, H, W)
        Class ids on annotated pixels, `IGNORE_LABEL` elsewhere.
    achieved : list of Achieved
        One entry for each slice and class that is there. `achieved_px` is less than
        `requested_px` only where the background has fewer pixels than it should get.

    Raises
    ------
    ValueError
        If `label_map` is not 3-D uint8 or `classes` holds the background or the ignore label.
    """
    if label_map.ndim != 3 or label_map.dtype != np.uint8:
        raise ValueError(f"label_map must be 3-D uint8, got {label_map.ndim}-D {label_map.dtype}")
    if {BACKGROUND, IGNORE_LABEL} & set(classes) or len(set(classes)) != len(classes):
        raise ValueError(f"classes must be distinct foreground ids, got {list(classes)}")
    scribble = np.full(label_map.shape, IGNORE_LABEL, dtype=np.uint8)
    achieved = []
    requested = budgets(label_map, settings, classes)
    for plane, labels in enumerate(label_map):
        for class_id, n_requested in zip(
            (BACKGROUND, *classes), requested[plane].tolist(), strict=True
        ):
            mask = labels == class_id
            size = int(mask.sum())
            if not size:
                continue
            rng = rng_for(seed, "scribble", case_id, plane, class_id, settings.form)
            n_pixels = min(n_requested, size)
            drawn = draw_class(mask, n_pixels=n_pixels, settings=settings, rng=rng)
            scribble[plane][drawn] = class_id
            achieved.append(Achieved(plane, class_id, size, n_requested, int(drawn.sum())))
    return scribble, achieved
