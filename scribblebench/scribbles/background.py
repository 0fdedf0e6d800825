"""Background: where it may be annotated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scribblebench.scribbles.distance import distance_to_false
from scribblebench.scribbles.region import bounding_box
from scribblebench.types import BoolArray

Where = Literal["near", "far", "whole", "none"]
WHERE: tuple[Where, ...] = ("near", "far", "whole", "none")


@dataclass(frozen=True)
class BackgroundPolicy:
    """Where the background is annotated.

    Parameters
    ----------
    where : str
        "near": in a ring around the foreground, between the two distances in `ring`. "far":
        farther away than the ring. "whole": anywhere. "none": nowhere.
    ring : tuple of 2 floats
        Distances to the foreground, finite, in mm or, where the voxel size is not known, in voxels.
    empty_slices : bool
        Whether slices without foreground are annotated too; "near" and "far" then refer to the
        foreground of the nearest slice that has any.
    """

    where: Where = "near"
    ring: tuple[float, float] = (6.0, 14.0)
    empty_slices: bool = True

    def __post_init__(self) -> None:
        if self.where not in WHERE:
            raise ValueError(f"background must be one of {', '.join(WHERE)}, got '{self.where}'")
        if not (len(self.ring) == 2 and 0.0 <= self.ring[0] < self.ring[1] < math.inf):
            raise ValueError(
                f"background ring must be two distances, 0 <= near < far, got {self.ring}"
            )

    def mask(
        self, background: BoolArray, foreground: BoolArray, step: Sequence[float]
    ) -> BoolArray:
        """Return the background that may be annotated in one slice or volume.

        Parameters
        ----------
        background : ndarray of bool, shape (H, W) or (P, H, W)
        foreground : ndarray of bool, same shape
            What distances are measured to.
        step : sequence of float
            Size of a voxel along each axis.

        Returns
        -------
        mask : ndarray of bool
            Where there is no foreground, or no background at the wanted distance, all of the
            background.
        """
        if self.where == "none":
            return np.zeros_like(background)
        box = bounding_box(foreground)
        if self.where == "whole" or box is None:
            return background
        near, far = self.ring
        around = tuple(  # nothing outside this box is in the ring
            slice(max(b.start - int(far / s) - 1, 0), b.stop + int(far / s) + 1)
            for b, s in zip(box, step, strict=True)
        )
        distance = distance_to_false(~foreground[around], step)
        chosen = np.full(background.shape, self.where == "far")
        if self.where == "near":
            chosen[around] = (distance >= near) & (distance <= far)
        else:
            chosen[around] = distance > far
        chosen &= background
        return chosen if chosen.any() else background


def nearest_content(has_content: BoolArray) -> list[int | None]:
    """Return for every slice the nearest one with content, the lower of two; None if none has."""
    slices = np.flatnonzero(has_content)
    return [
        int(slices[np.argmin(np.abs(slices - i))]) if len(slices) else None
        for i in range(len(has_content))
    ]
