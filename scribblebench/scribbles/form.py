"""What a form is: a rule that draws lines in a region, without knowing when it will be stopped.

A form lists lines in the order in which it draws them; the budget decides where the drawing ends
(see `drawing`). So every form meets every budget in the same way, and with the same random
stream the scribble for a smaller budget is part of that for a larger one.

`randomness` means the same for all forms. 0 is the form's canonical drawing, which does not depend
on the stream. 1 is the most random drawing that still is this form. In between, chance has a part
in each of the form's decisions that grows with randomness; each form says how. What it does to
the scribbles is measured by `scribblebench.scribbles.randomness.variability`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from scribblebench.registry import Registry, did_you_mean
from scribblebench.scribbles.compiled import compiled
from scribblebench.scribbles.region import Region, framed, regions_of
from scribblebench.types import Float64Array, IntArray

LARGEST_OPTION = 1_000_000
"""No setting means anything beyond it, and corners or strokes without end do not fit memory."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines in the order in which they are drawn.

    Parameters
    ----------
    voxels : ndarray of int64, shape (n,)
        Flat indices into a region's grid, line after line. Within a line each voxel is a
        neighbour of the one before it; a voxel may occur more than once.
    starts : ndarray of int64, shape (n_lines + 1,)
        Where each line begins in `voxels`; the last entry is n.
    anchors : ndarray of int64, shape (n_lines,)
        Where in `voxels` the drawing of each line begins. From there it grows at both ends in
        turn, so that what a small budget draws of a line is the piece around its anchor.
    """

    voxels: IntArray
    starts: IntArray
    anchors: IntArray

    @classmethod
    def of(cls, lines: Sequence[tuple[IntArray, int]]) -> Lines:
        """Put lines together, each given with the index of its anchor in it."""
        starts = np.cumsum([0, *(len(line) for line, _ in lines)], dtype=np.int64)
        anchors = np.array([anchor for _, anchor in lines], dtype=np.int64) + starts[:-1]
        parts = [line for line, _ in lines]
        return cls(np.concatenate(parts) if parts else starts[:0], starts, anchors)

    @classmethod
    def from_ends(cls, voxels: IntArray, starts: IntArray) -> Lines:
        """Return lines that are drawn from their first voxel on."""
        return cls(voxels, starts, starts[:-1])

    def __add__(self, later: Lines) -> Lines:
        return Lines(
            np.concatenate([self.voxels, later.voxels]),
            np.concatenate([self.starts, self.starts[-1] + later.starts[1:]]),
            np.concatenate([self.anchors, self.starts[-1] + later.anchors]),
        )


class Rule(Protocol):
    """Draw lines in one region."""

    def __call__(
        self, region: Region, *, n_voxels: int, randomness: float, rng: np.random.Generator
    ) -> Lines:
        """List lines in the order of drawing.

        Parameters
        ----------
        region : Region
            What may be marked: one connected part of a class.
        n_voxels : int
            How many distinct voxels the lines should hold, at least 1. Lines for a smaller
            number are the beginning of those for a larger one.
        randomness : float
            In [0, 1].
        rng : numpy.random.Generator
            Source of every draw; advanced in place.

        Returns
        -------
        lines : Lines
            Inside `region`, with at least `n_voxels` distinct voxels or else all of the region.
        """
        ...


@dataclass(frozen=True)
class Form:
    """A way to draw.

    Parameters
    ----------
    rule : Rule
        Its own settings are keyword arguments with defaults, beside those that every rule has.
    three_d : bool
        Whether it draws in volumes as well as in slices.
    """

    rule: Rule
    three_d: bool

    @property
    def options(self) -> dict[str, float]:
        """The form's own settings with their defaults."""
        parameters = inspect.signature(self.rule).parameters.values()
        return {p.name: p.default for p in parameters if p.default is not p.empty}

    def check_options(self, names: Sequence[str], form: str) -> None:
        """Raise `ValueError` for a setting that the form does not have."""
        for name in names:
            if name not in self.options:
                known = did_you_mean(name, list(self.options)) or " It has none."
                raise ValueError(f"options: form '{form}' has no option '{name}'.{known}")

    def check_values(self, options: Mapping[str, float]) -> None:
        """Raise `ValueError` for settings out of range, by drawing with them in a small square."""
        for name, value in options.items():
            if not math.isfinite(value):
                raise ValueError(f"{name} must be finite, got {value}")
            if isinstance(self.options[name], int) and value != int(value):
                raise ValueError(f"{name} must be a whole number, got {value}")
            if abs(value) > LARGEST_OPTION:
                raise ValueError(f"{name} must be at most {LARGEST_OPTION:g}, got {value:g}")
        region = regions_of(np.ones((5, 5), dtype=np.bool_), (1.0, 1.0))[0]
        rng = np.random.default_rng(0)
        self.rule(region, n_voxels=1, randomness=0.5, rng=rng, **options)


FORMS: Registry[Form] = Registry("form")
"""The forms that are drawn."""


def form(name: str, *, three_d: bool = False) -> Callable[[Rule], Rule]:
    """Register the rule that follows under `name`."""

    def register(rule: Rule) -> Rule:
        FORMS.add(name, Form(rule, three_d))
        return rule

    return register


def preference(region: Region, *, randomness: float, rng: np.random.Generator) -> Float64Array:
    """Return how much each voxel is preferred as a place to begin: depth against chance.

    (1 - randomness) * depth / max(depth) + randomness * U with U uniform in [0, 1) and drawn
    anew for every voxel; -inf outside. Flat. Its argmax is the deepest voxel at randomness 0
    (the first in raster order among equals) and a uniformly drawn one at randomness 1.
    """
    depth = region.depth[region.voxels]
    chance = rng.random(len(region))
    score = np.full(region.inside.size, -np.inf)
    score[region.voxels] = (1.0 - randomness) * depth / depth.max() + randomness * chance
    return score


def random_weight(region: Region, *, randomness: float, rng: np.random.Generator) -> Float64Array:
    """Return 1 - randomness * U for each voxel with U uniform in [0, 1); 0 outside. Flat."""
    weight = np.zeros(region.inside.size)
    weight[region.voxels] = 1.0 - randomness * rng.random(len(region))
    return weight


def smooth_noise(region: Region, *, cell: float, rng: np.random.Generator) -> Float64Array:
    """Return noise in [0, 1) that changes over a distance of about `cell`; 0 in the frame. Flat.

    Uniform draws on a coarse grid over the class's bounding box, interpolated linearly between
    its points. `cell` is in voxels.
    """
    box = [n - 2 * region.margin for n in region.grid.shape]
    noise = rng.random([int(n / cell) + 2 for n in box])
    if noise.ndim == 2:
        return framed(_between(noise, box[0], box[1], cell), region.margin).ravel()
    for axis, n in enumerate(box):
        at = np.arange(n) / cell
        below = at.astype(np.int64)
        share = (at - below).reshape([-1 if a == axis else 1 for a in range(len(box))])
        low = noise.take(below, axis=axis)
        noise = low + share * (noise.take(below + 1, axis=axis) - low)
    return framed(noise, region.margin).ravel()


@compiled
def _between(coarse: Float64Array, height: int, width: int, cell: float) -> Float64Array:
    """Return values on a fine grid between those on a coarse one, first along columns."""
    fine = np.empty((height, width))
    column = np.empty(coarse.shape[1])
    for row in range(height):
        i = int(row / cell)
        for j in range(column.size):
            column[j] = coarse[i, j] + (row / cell - i) * (coarse[i + 1, j] - coarse[i, j])
        for col in range(width):
            j = int(col / cell)
            fine[row, col] = column[j] + (col / cell - j) * (column[j + 1] - column[j])
    return fine
