"""Annotators: how a person draws, as habits that vary from case to case and slice to slice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from scribblebench.errors import InputError
from scribblebench.scribbles.annotator_error import AnnotatorError
from scribblebench.scribbles.budget import SliceChoice
from scribblebench.scribbles.cost import CostModel
from scribblebench.scribbles.distance import distance_to_false
from scribblebench.scribbles.habits import Habit, Ring
from scribblebench.scribbles.jobs import Job, Layers
from scribblebench.scribbles.region import bounding_box
from scribblebench.seeding import rng_for
from scribblebench.types import BACKGROUND, BoolArray

SHARED = 0.8
"""Share of the variance between cases that all habits of an annotator have in common: who draws
much in one class does so in the others. In the ACDC expert scribbles, the correlations between
foreground classes are .77 to .84."""


MOST_OFF_CENTRE = 0.8
"""A ring is not nearer on one side than this leaves of its distance."""

CLEAR = 3.0
"""Voxels that stay free between the ends of two strokes at least."""


@dataclass(frozen=True)
class Annotator:
    """A person who draws scribbles.

    Parameters
    ----------
    habits : mapping of int to tuple of Habit
        For each class id, with the background, what is drawn in it, one after the other.
    in_voxels : bool
        Whether all lengths are in voxels also where their size is known, as where the scribbles
        that the habits imitate came without it.
    slices, axis, cost, error
        As for `scribblebench.scribbles.settings.ScribbleSettings`.
    """

    habits: Mapping[int, tuple[Habit, ...]]
    in_voxels: bool = False
    slices: SliceChoice = field(default_factory=SliceChoice)
    axis: int = 0
    cost: CostModel = field(default_factory=CostModel)
    error: AnnotatorError | None = None
    three_d: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if self.axis not in (0, 1, 2):
            raise ValueError(f"axis must be 0, 1 or 2, got {self.axis}")
        for class_id, habits in self.habits.items():
            if len({habit.amount.unit for habit in habits}) > 1:
                raise ValueError(f"habits of class {class_id} must have amounts in one unit")

    def jobs(self, layers: Layers, chosen: Sequence[int], *, seed: int, case_id: str) -> list[Job]:
        """Draw the numbers that habits leave open, and list the jobs."""
        jobs = []
        of_case = rng_for(seed, "habit", case_id)
        person = float(of_case.normal()), float(of_case.random())
        for class_id in (BACKGROUND, *layers.classes):
            if class_id not in self.habits:
                known = ", ".join(map(str, self.habits))
                raise InputError(f"annotator must have a habit for class {class_id}; has {known}")
            for part, habit in enumerate(self.habits[class_id]):
                case = _OfCase.drawn(
                    habit, *person, rng_for(seed, "habit", case_id, class_id, part)
                )
                if case is None:
                    continue
                for layer in chosen:
                    rng = rng_for(seed, "habit", case_id, class_id, part, layer)
                    job = _job(layers, layer, class_id, habit, case, rng)
                    jobs += [] if job is None else [replace(job, part=part)]
        return jobs


@dataclass(frozen=True)
class _OfCase:
    """What of a habit is the same in all slices of a case: standard normal numbers, a width."""

    amount: float
    depth: float
    ring: float
    width: float | None

    @classmethod
    def drawn(
        cls, habit: Habit, generous: float, lot: float, rng: np.random.Generator
    ) -> _OfCase | None:
        """Draw them; None where the habit is not followed in the case.

        Two numbers of the case go into all its habits: how generous the annotator is, standard
        normal, and the lot that decides about the pen, uniform in [0, 1).
        """
        amount, depth, ring = rng.normal(size=3).tolist()
        if rng.random() >= habit.probability:
            return None
        amount = math.sqrt(SHARED) * generous + math.sqrt(1.0 - SHARED) * amount
        width = habit.pen.width
        for candidate, probability in habit.widths:
            width = candidate
            lot -= probability
            if lot < 0.0:
                break
        return cls(amount, depth, ring, width)


def _job(
    layers: Layers, layer: int, class_id: int, habit: Habit, case: _OfCase, rng: np.random.Generator
) -> Job | None:
    """Return what is drawn of one class in one slice, if it is there."""
    of_amount, of_depth, of_ring = rng.normal(size=3).tolist()
    n_strokes = 1 + int(np.searchsorted(np.cumsum(habit.strokes[:-1]), rng.random(), "right"))
    whole = layers.labels[layer] == class_id
    class_px = int(whole.sum())
    law, mask = habit.amount, whole
    voxel = min(layers.step)
    if habit.ring is None:
        turn = habit.turn * math.sqrt(class_px)
        size = class_px * (math.prod(layers.step) if law.unit == "length" else 1.0)
    else:
        mask, length = _in_ring(habit.ring, whole, layers, layer, case.ring, of_ring, rng)
        turn = length / voxel
        size = length if law.unit == "length" else turn
    if not mask.any():
        return None
    more = law.case_sd * case.amount + law.slice_sd * of_amount
    amount = law.scale * size**law.exponent * math.exp(more)
    options = dict(habit.pen.options)
    if habit.depth is not None:
        options["depth"] = habit.depth.of(size, more, case.depth, of_depth)
    if n_strokes > 1:
        width = max((case.width or 0.0) / voxel, 1.0)
        steps = amount / (width if law.unit == "pixels" else voxel)
        options["arc"] = steps / n_strokes
        options["gap"] = max(CLEAR + width, (turn - steps) / n_strokes)
    if law.unit == "pixels":
        amount = float(max(1, round(amount)))
    pen = replace(habit.pen, width=case.width, options=options)
    return Job(layer, class_id, class_px, mask, whole, (0, 0), pen, amount, law.unit)


def _in_ring(
    ring: Ring,
    background: BoolArray,
    layers: Layers,
    layer: int,
    of_case: float,
    of_slice: float,
    rng: np.random.Generator,
) -> tuple[BoolArray, float]:
    """Return the background in which a slice's ring lies, and the length of a turn around.

    All of the background where there is no foreground, in this slice or another, or where so much
    of the ring lies outside the slice that no turn is left.
    """
    off_centre = min(abs(ring.off_centre * rng.normal()), MOST_OFF_CENTRE)
    direction = 2.0 * math.pi * rng.random()
    distance = ring.distance * math.exp(ring.case_sd * of_case + ring.slice_sd * of_slice)
    foreground, step = layers.around(layer), np.array(layers.step)
    box = bounding_box(foreground)
    if box is None:
        return background, float((np.array(background.shape) * step).sum())
    reach = distance * ring.band[1] * (1.0 + MOST_OFF_CENTRE)
    window = tuple(  # nothing outside is in the ring
        slice(max(b.start - int(reach / s) - 2, 0), b.stop + int(reach / s) + 2)
        for b, s in zip(box, step, strict=True)
    )
    hull = cv2.convexHull(np.argwhere(foreground[window])[:, ::-1].astype(np.int32))
    filled = np.zeros(foreground[window].shape, dtype=np.uint8)
    cv2.fillConvexPoly(filled, hull, 1)
    corners = hull[:, 0, ::-1] * step
    middle = corners.mean(axis=0)
    rows, cols = (np.ogrid[: len(filled), : len(filled.T)][axis] * step[axis] for axis in (0, 1))
    angle = np.arctan2(rows - middle[0], cols - middle[1])
    away = distance_to_false(filled == 0, layers.step)
    away /= distance * (1.0 + off_centre * np.cos(angle - direction))
    mask = np.zeros_like(background)
    mask[window] = (away >= ring.band[0]) & (away <= ring.band[1])
    mask &= background
    sides = np.sqrt(((corners - np.roll(corners, 1, axis=0)) ** 2).sum(axis=1))
    length = float(sides.sum()) + 2.0 * math.pi * distance
    roomy = np.count_nonzero(mask) >= length / float(step.min())
    return (mask if roomy else background), length
