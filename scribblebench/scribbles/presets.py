"""Presets: annotators and their errors, fitted to scribbles that people drew.

docs/scribbles.md says how near each comes to the scribbles that it is fitted to.
"""

from __future__ import annotations

from math import exp

from scribblebench.registry import Registry
from scribblebench.scribbles.annotator import Amount, Annotator, Depth, Habit, Ring
from scribblebench.scribbles.annotator_error import AnnotatorError
from scribblebench.scribbles.drawing import Pen

PRESETS: Registry[Annotator] = Registry("preset")
"""People who draw."""

ERRORS: Registry[AnnotatorError] = Registry("error")
"""What people do wrong."""


def _by_pixels(randomness: float, inward: float) -> Pen:
    """Return a pen of one pixel that steps from face to face, as in the ACDC expert scribbles."""
    return Pen("spiral", randomness, options={"inward": inward}, face_steps=True)


PRESETS.add(
    "acdc_expert",
    # Valvano et al. (IEEE TMI 40(8), 2021): one stroke of one pixel in the right ventricle (1) and
    # the cavity (3), arcs in the myocardium (2), a ring around the heart. Sizes are in pixels,
    # as the spacing of the copy that was measured is lost.
    Annotator(
        {
            0: (
                Habit(
                    Amount(1.49, 1.0, 0.10, 0.10),
                    Pen(
                        "spiral",
                        0.7,
                        options={"depth": 0.0, "inward": 4.0},
                        components="largest",
                        face_steps=True,
                    ),
                    strokes=(0.95, 0.05),
                    ring=Ring(9.0, 0.415, 0.23, (0.3, 1.7), 0.6),
                ),
            ),
            1: (
                Habit(
                    Amount(exp(-0.81), 0.789, 0.227, 0.211),
                    _by_pixels(0.8, 0.364),
                    Depth(0.529, -0.073, -0.112, 0.037, 0.032),
                    strokes=(0.955, 0.045),
                ),
            ),
            2: (
                Habit(
                    Amount(exp(0.65), 0.60, 0.344, 0.172),
                    _by_pixels(0.8, 0.15),
                    Depth(0.6, -0.027, 0.0, 0.037, 0.05),
                    strokes=(0.40, 0.38, 0.175, 0.037, 0.01),
                    turn=3.6,
                ),
            ),
            3: (
                Habit(
                    Amount(exp(-0.656), 0.756, 0.245, 0.195),
                    _by_pixels(0.8, 0.30),
                    Depth(0.461, -0.06, -0.115, 0.037, 0.037),
                    strokes=(0.955, 0.045),
                ),
            ),
        }
    ),
)

FINE = ((1.46, 0.60), (2.2, 0.13), (2.93, 0.27))
"""Pens of the MSCMR experts in mm, 2, 3 and 4 pixels wide, and in which share of the cases."""

BROAD = ((2.9, 0.1), (3.7, 0.3), (5.1, 0.4), (5.9, 0.2))
"""Pens of their background."""

PRESETS.add(
    "mscmr_expert",
    # The scribbles of CycleMix and ZScribbleSeg (Zhang and Zhuang, CVPR 2022), in mm: loops near
    # the edge of the ventricles (1, 3), rings in the myocardium (2), a broad ring around the heart
    # and in half of the cases a fine one within it.
    Annotator(
        {
            0: (
                Habit(
                    Amount(2.0, 1.0, 0.15, 0.15, "length"),
                    Pen("spiral", 0.7, options={"depth": 0.0, "inward": 1.2}, components="largest"),
                    widths=BROAD,
                    ring=Ring(16.0, 0.2, 0.25, (0.4, 2.6), 0.5),
                ),
                Habit(
                    Amount(0.5, 1.0, 0.4, 0.5, "length"),
                    Pen("spiral", 0.7, options={"depth": 0.2, "inward": 0.8}, components="largest"),
                    strokes=(0.45, 0.35, 0.20),
                    widths=((1.46, 1.0),),
                    ring=Ring(4.0, 0.2, 0.2, (0.3, 2.0), 0.3),
                    probability=0.45,
                ),
            ),
            1: (
                Habit(
                    Amount(6.4, 0.5, 0.1, 0.35, "length"),
                    Pen("spiral", 0.75, options={"inward": 0.45}),
                    Depth(0.05, 0.0, 0.0, 0.05, 0.05),
                    strokes=(0.26, 0.37, 0.23, 0.08, 0.06),
                    turn=3.8,
                    widths=FINE,
                ),
            ),
            2: (
                Habit(
                    Amount(6.36, 0.5, 0.26, 0.26, "length"),
                    Pen("spiral", 0.5, options={"inward": 0.6}),
                    Depth(0.1, 0.0, 0.0, 0.05, 0.05),
                    strokes=(0.56, 0.21, 0.13, 0.06, 0.04),
                    turn=4.1,
                    widths=FINE,
                ),
            ),
            3: (
                Habit(
                    Amount(5.8, 0.5, 0.15, 0.2, "length"),
                    Pen("spiral", 0.6, options={"inward": 0.35}),
                    Depth(0.2, 0.0, 0.0, 0.05, 0.05),
                    strokes=(0.6, 0.25, 0.1, 0.03, 0.02),
                    turn=2.5,
                    widths=FINE,
                ),
            ),
        }
    ),
)

MEDSCRIBBLE = ERRORS.add(
    "medscribble",
    # A shaking hand, and now and then a long slip. Together with a pen three pixels wide that does
    # not stop at the edge, it spills next to nothing in wide structures and much in thin ones.
    AnnotatorError(spill=0.008, spill_spread=4.0, spill_distance=8.0, shake=0.3, shake_length=8.0),
)

PRESETS.add(
    "medscribble",
    # Wong et al. (ScribblePrompt, ECCV 2024): an object (1) of any shape, a pen of three pixels.
    Annotator(
        {
            0: (
                Habit(
                    Amount(3.4, 1.0, 0.0, 0.25),
                    Pen("spiral", 0.7, 3.0, options={"depth": 0.2, "inward": 2.0}),
                    ring=Ring(7.0, 0.0, 0.35, (0.4, 1.8), 0.4),
                ),
            ),
            1: (
                Habit(
                    Amount(exp(0.66), 0.722, 0.0, 0.5),
                    Pen("spiral", 0.8, 3.0, options={"inward": 0.35}, components="largest"),
                    Depth(0.42, -0.02, -0.1, 0.0, 0.05),
                    strokes=(0.45, 0.25, 0.12, 0.10, 0.08),
                ),
            ),
        },
        error=MEDSCRIBBLE,
    ),
)
