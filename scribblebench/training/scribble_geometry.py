"""What the scribbles' own geometry says about pixels that nobody annotated.

Three rules, each from the way people annotate:

- *absent*: a class without a scribble in an annotated slice is not in the slice;
- *wall*: the background scribble runs around the foreground, so what it cuts off from every
  foreground scribble is background;
- *reach*: where that line is open, so is what lies further from the foreground scribbles than
  closed ones let it.

None holds for every way of annotating. `check_geometry` tells from the scribbles alone which of
them a data set supports; the others are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from scribblebench.types import BACKGROUND, IGNORE_LABEL, BoolArray, LabelArray

GAP_PX = 6
"""Gaps of a wall that are bridged. 85 % of ACDC's walls are closed then, 55 % without."""

REACH_PERCENTILE = 75
"""Of the reaches that closed walls let: 25 px on ACDC, where no foreground lies further than 24."""

MIN_CLOSED = 0.5
"""Share of slices with a closed wall that `wall` and `reach` need."""

MAX_MISSED = 0.02
"""Share of missing annotations that `absent` bears."""


@dataclass(frozen=True)
class GeometryCheck:
    """What a data set's scribbles support, measured without dense labels.

    Parameters
    ----------
    n_slices : int
        Slices with a foreground scribble.
    closed_fraction : float
        Share of these in which the background scribble encloses every foreground scribble.
    missed_fraction : float
        Share of slices in which a class has no scribble though both neighbours have one: what
        `absent` would get wrong, as far as the scribbles can tell. NaN where no slice has two such
        neighbours; then nothing speaks for `absent`, and it does not hold.
    reach_px : float
        The `REACH_PERCENTILE` of the largest distance from a foreground scribble within closed
        walls, in pixels; infinite without any.
    """

    n_slices: int
    closed_fraction: float
    missed_fraction: float
    reach_px: float

    @property
    def absent_holds(self) -> bool:
        """Whether a class without a scribble may be taken to be absent."""
        return self.n_slices > 0 and self.missed_fraction <= MAX_MISSED  # never so for NaN

    @property
    def wall_holds(self) -> bool:
        """Whether the background scribble may be taken as a wall."""
        return self.n_slices > 0 and self.closed_fraction >= MIN_CLOSED

    def record(self) -> dict[str, float | int | bool | None]:
        """Return the measures and the rules that hold, as JSON has them."""
        return {
            "n_slices": self.n_slices,
            "closed_fraction": round(self.closed_fraction, 4),
            "missed_fraction": (
                None if np.isnan(self.missed_fraction) else round(self.missed_fraction, 4)
            ),
            "reach_px": round(self.reach_px, 2) if np.isfinite(self.reach_px) else None,
            "absent_holds": self.absent_holds,
            "wall_holds": self.wall_holds,
        }


@dataclass(frozen=True)
class ScribbleGeometry:
    """Which classes each unannotated pixel may have.

    Parameters
    ----------
    background : ndarray of bool, shape (N, H, W)
        Pixels that can only be background.
    present : ndarray of bool, shape (N, K)
        Classes that a slice may hold; the background always.
    check : GeometryCheck
    """

    background: BoolArray
    present: BoolArray
    check: GeometryCheck


def enclosed(scribble: LabelArray) -> tuple[BoolArray, bool]:
    """Return what the background scribble does not cut off from the foreground scribbles.

    The wall is the background scribble thickened by half of `GAP_PX`, so that it bridges gaps up
    to that. What it leaves falls into components (4-connected, so that diagonal strokes are
    tight); those that hold a foreground scribble, grown back by what the wall was thickened, are
    inside.

    Parameters
    ----------
    scribble : ndarray of uint8, shape (H, W)

    Returns
    -------
    inside : ndarray of bool, shape (H, W)
        Empty without a foreground scribble.
    closed : bool
        Whether the inside stays away from the border of the image.
    """
    foreground = (scribble != BACKGROUND) & (scribble != IGNORE_LABEL)
    background = scribble == BACKGROUND
    half = GAP_PX / 2
    open_ground = np.ones_like(background)
    if background.any():
        open_ground = (ndimage.distance_transform_edt(~background) > half) | foreground
    parts, _ = ndimage.label(open_ground)
    inside: BoolArray = np.isin(parts, np.unique(parts[foreground])) & (parts > 0)
    if not inside.any():
        return inside, False
    border = np.ones_like(inside)
    border[1:-1, 1:-1] = False
    closed = not (inside & border).any()
    grown = ndimage.distance_transform_edt(~inside) <= half + 1
    return (grown & ~background) | foreground, closed


def check_geometry(volumes: Sequence[LabelArray], n_classes: int) -> GeometryCheck:
    """Measure which rules the scribbles of a training set support.

    Parameters
    ----------
    volumes : sequence of ndarray of uint8, shape (P, H, W)
        Scribble label maps; slices in anatomical order.
    n_classes : int
    """
    closed, reaches = [], []
    n_missed = n_between = 0
    for volume in volumes:
        for scribble in volume:
            foreground = (scribble != BACKGROUND) & (scribble != IGNORE_LABEL)
            if foreground.any():
                inside, is_closed = enclosed(scribble)
                closed.append(is_closed)
                if is_closed:
                    reaches.append(ndimage.distance_transform_edt(~foreground)[inside].max())
        annotated = (volume != IGNORE_LABEL).any(axis=(1, 2))
        for class_id in range(1, n_classes):
            has = (volume == class_id).any(axis=(1, 2))
            between = has[:-2] & has[2:] & annotated[1:-1]
            n_between += int(between.sum())
            n_missed += int((between & ~has[1:-1]).sum())
    return GeometryCheck(
        n_slices=len(closed),
        closed_fraction=float(np.mean(closed)) if closed else 0.0,
        missed_fraction=n_missed / n_between if n_between else np.nan,
        reach_px=float(np.percentile(reaches, REACH_PERCENTILE)) if reaches else np.inf,
    )


def scribble_geometry(volumes: Sequence[LabelArray], n_classes: int) -> ScribbleGeometry:
    """Return which classes each pixel may have, by the rules that the scribbles support.

    Nothing is said about slices without any annotation.

    Parameters
    ----------
    volumes : sequence of ndarray of uint8, shape (P, H, W)
        Scribble label maps of the training set; N planes in all.
    n_classes : int
    """
    check = check_geometry(volumes, n_classes)
    scribbles = np.concatenate(list(volumes))
    background = np.zeros(scribbles.shape, dtype=bool)
    present = np.ones((len(scribbles), n_classes), dtype=bool)
    for index, scribble in enumerate(scribbles):
        foreground = (scribble != BACKGROUND) & (scribble != IGNORE_LABEL)
        if check.absent_holds and (scribble != IGNORE_LABEL).any():
            present[index, 1:] = [(scribble == k).any() for k in range(1, n_classes)]
        if check.wall_holds and foreground.any():
            inside, closed = enclosed(scribble)
            background[index] = ~inside
            if not closed:
                background[index] |= ndimage.distance_transform_edt(~foreground) > check.reach_px
    return ScribbleGeometry(background, present, check)
