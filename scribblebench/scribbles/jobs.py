"""Jobs: what is to be drawn in a volume, class by class and slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from scribblebench.scribbles.annotator_error import AnnotatorError
from scribblebench.scribbles.background import nearest_content
from scribblebench.scribbles.budget import SliceChoice, Unit
from scribblebench.scribbles.cost import CostModel
from scribblebench.scribbles.pen import Pen
from scribblebench.scribbles.region import bounding_box
from scribblebench.types import BACKGROUND, IGNORE_LABEL, BoolArray, IntArray, LabelArray


@dataclass(frozen=True, eq=False)
class Job:
    """One pen's work on one class of one slice or volume.

    Parameters
    ----------
    layer : int
        Index of the slice; 0 where a volume is drawn in at once.
    class_id : int
    class_px : int
        Voxels of the class.
    mask : ndarray of bool
        Where the middle of the pen may go.
    within : ndarray of bool, same shape
        What it may mark.
    origin : tuple of int
        Where these two begin in the slice.
    pen : Pen
    amount : float
        What is to be spent, in `unit`.
    unit : str
        "pixels", "length" or "seconds".
    part : int
        Tells jobs of the same class and slice apart.
    """

    layer: int
    class_id: int
    class_px: int
    mask: BoolArray
    within: BoolArray
    origin: tuple[int, ...]
    pen: Pen
    amount: float
    unit: Unit
    part: int = 0


@dataclass(frozen=True, eq=False)
class Layers:
    """A volume as it is drawn in: slice by slice, or as one layer of three axes.

    Parameters
    ----------
    labels : ndarray of uint8, shape (L, H, W) or (1, P, H, W)
        Dense labels.
    classes : sequence of int
        Foreground class ids.
    step : tuple of float
        Size of a voxel along each axis of a layer, in mm, or 1.
    """

    labels: LabelArray
    classes: Sequence[int]
    step: tuple[float, ...]

    @cached_property
    def foreground(self) -> BoolArray:
        """Where one of `classes` is."""
        found = np.zeros(self.labels.shape, dtype=np.bool_)
        for class_id in self.classes:  # faster than a look-up table
            found |= self.labels == class_id
        return found

    @cached_property
    def labelled(self) -> LabelArray:
        """`labels` with `IGNORE_LABEL` where they are neither the background nor of a class."""
        known = self.foreground | (self.labels == BACKGROUND)
        return np.where(known, self.labels, np.uint8(IGNORE_LABEL))

    @cached_property
    def content(self) -> IntArray:
        """Foreground voxels of each layer."""
        return np.array([np.count_nonzero(layer) for layer in self.foreground], dtype=np.int64)

    @cached_property
    def _nearest(self) -> list[int | None]:
        return nearest_content(self.content > 0)

    def around(self, layer: int) -> BoolArray:
        """Return the foreground to which the background of a layer refers.

        It is the layer's own, or that of the nearest layer that has some.
        """
        near = self._nearest[layer]
        return np.asarray(self.foreground[layer if near is None else near])

    @cached_property
    def boxes(self) -> list[tuple[slice, ...] | None]:
        """The smallest box around the foreground of each layer; None where there is none."""
        return [bounding_box(foreground) for foreground in self.foreground]


class Settings(Protocol):
    """What decides which jobs there are: `ScribbleSettings`, or a person's habits."""

    @property
    def slices(self) -> SliceChoice:
        """Which slices are annotated."""
        ...

    @property
    def axis(self) -> int:
        """Axis of the volume across which slices lie."""
        ...

    @property
    def three_d(self) -> bool:
        """Whether the volume is drawn in at once."""
        ...

    @property
    def in_voxels(self) -> bool:
        """Whether all lengths are in voxels also where their size is known."""
        ...

    @property
    def cost(self) -> CostModel:
        """For budgets in seconds."""
        ...

    @property
    def error(self) -> AnnotatorError | None:
        """What the annotator does wrong."""
        ...

    def jobs(self, layers: Layers, chosen: Sequence[int], *, seed: int, case_id: str) -> list[Job]:
        """List what is to be drawn in the chosen layers."""
        ...
