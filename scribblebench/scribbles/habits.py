"""Habits: laws of how a person draws one class."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from scribblebench.scribbles.budget import Unit
from scribblebench.scribbles.form import FORMS
from scribblebench.scribbles.pen import Pen


@dataclass(frozen=True)
class Amount:
    """How much is drawn: scale * size^exponent, times a log-normal factor.

    Parameters
    ----------
    scale, exponent : float
        Size is that of the class in the slice, in voxels where `unit` is "pixels" and in mm^2
        (or voxels) where it is "length". For a `Ring`, it is the length of the ring.
    case_sd, slice_sd : float
        Standard deviations of the factor's logarithm between cases, and between slices of a case.
    unit : str
        "pixels" or "length".
    """

    scale: float
    exponent: float
    case_sd: float
    slice_sd: float
    unit: Unit = "pixels"

    def __post_init__(self) -> None:
        if not (self.scale > 0.0 and self.case_sd >= 0.0 and self.slice_sd >= 0.0):
            raise ValueError(f"amount must have a scale > 0 and sds >= 0, got {self}")
        if self.unit not in ("pixels", "length"):
            raise ValueError(f"unit must be pixels or length, got '{self.unit}'")


@dataclass(frozen=True)
class Depth:
    """At which share of the largest depth a spiral begins.

    at_100 + by_size * ln(size / 100) + by_amount * ln(amount / usual), plus normal noise.
    """

    at_100: float
    by_size: float = 0.0
    by_amount: float = 0.0
    case_sd: float = 0.0
    slice_sd: float = 0.0

    def of(self, size: float, more: float, of_case: float, of_slice: float) -> float:
        """Return the depth for a size, ln(amount / usual), and two standard normal numbers."""
        depth = self.at_100 + self.by_size * math.log(size / 100.0) + self.by_amount * more
        depth += self.case_sd * of_case + self.slice_sd * of_slice
        return min(max(depth, 0.0), 1.0)


@dataclass(frozen=True)
class Ring:
    """Where the background is annotated: around the convex hull of the foreground.

    Parameters
    ----------
    distance : float
        To the hull, in mm or voxels: geometric mean over slices.
    case_sd, slice_sd : float
        Standard deviations of its logarithm.
    band : tuple of 2 floats
        The inner and outer edge of the band in which the ring lies, as multiples of the distance.
    off_centre : float
        By which share of the distance the ring is nearer on one side and farther on the other:
        standard deviation of a normal distribution, cut at `MOST_OFF_CENTRE`.
    """

    distance: float
    case_sd: float
    slice_sd: float
    band: tuple[float, float]
    off_centre: float = 0.0

    def __post_init__(self) -> None:
        if not (self.distance > 0.0 and 0.0 <= self.band[0] < self.band[1]):
            raise ValueError(f"ring must have a distance > 0 and a band 0 <= a < b, got {self}")


@dataclass(frozen=True)
class Habit:
    """How a person draws one class.

    Parameters
    ----------
    amount : Amount
    pen : Pen
        Form, randomness and options, as far as the next ones do not decide them.
    depth : Depth or None
        None: as the pen's options say.
    strokes : tuple of float
        Probabilities of 1, 2, ... strokes; pens are lifted after equal shares of the amount.
    turn : float
        Length of a turn of the spiral as a multiple of the square root of the class's size, from
        which gaps between strokes follow.
    widths : tuple of (float, float)
        Widths of pens with their probabilities; one lot for each case decides for all its classes.
        Without any, the pen's own.
    ring : Ring or None
        For the background.
    probability : float
        That the habit is followed in a case.
    """

    amount: Amount
    pen: Pen = field(default_factory=lambda: Pen("spiral"))
    depth: Depth | None = None
    strokes: tuple[float, ...] = (1.0,)
    turn: float = 2.5
    widths: tuple[tuple[float, float], ...] = ()
    ring: Ring | None = None
    probability: float = 1.0

    def __post_init__(self) -> None:
        if not self.strokes or min(self.strokes) < 0.0:
            raise ValueError(f"strokes must be probabilities, got {self.strokes}")
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"probability must be in [0, 1], got {self.probability}")
        needed = [*(["depth"] if self.depth else []), *(["arc", "gap"] * (len(self.strokes) > 1))]
        FORMS[self.pen.form].check_options(needed, self.pen.form)
