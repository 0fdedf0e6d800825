"""Presets: annotators and their errors, fitted to scribbles that people drew.

docs/scribbles.md says how near each comes to the scribbles that it is fitted to.
"""

from __future__ import annotations

from dataclasses import replace

from scribblebench.registry import Registry
from scribblebench.scribbles.annotator import Annotator
from scribblebench.scribbles.annotator_error import AnnotatorError
from scribblebench.scribbles.habits import Amount, Depth, Habit, Ring
from scribblebench.scribbles.pen import Pen

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
                    Amount(1.54, 1.0, 0.10, 0.10),
                    replace(_by_pixels(0.8, 2.9), components="largest"),
                    Depth(0.0),
                    strokes=(0.875, 0.09, 0.025, 0.01),
                    ring=Ring(8.9, 0.33, 0.26, (0.34, 1.92), 0.68),
                ),
            ),
            1: (
                Habit(
                    Amount(0.447, 0.784, 0.235, 0.20),
                    _by_pixels(0.3, 0.35),
                    Depth(0.54, -0.076, -0.08, 0.037, 0.08),
                    strokes=(0.93, 0.06, 0.01),
                ),
            ),
            2: (
                Habit(
                    Amount(1.97, 0.599, 0.22, 0.17),
                    _by_pixels(0.6, 0.10),
                    Depth(0.53, 0.0, 0.0, 0.02, 0.0),
                    strokes=(0.316, 0.338, 0.189, 0.126, 0.031),
                    turn=5.5,
                ),
            ),
            3: (
                Habit(
                    Amount(0.515, 0.753, 0.195, 0.175),
                    _by_pixels(0.5, 0.23),
                    Depth(0.344, -0.005, -0.026, 0.037, 0.056),
                    strokes=(0.945, 0.05, 0.005),
                ),
            ),
        },
        in_voxels=True,
    ),
)

FINE = ((1.46, 0.62), (2.2, 0.12), (2.93, 0.26))
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
                    Amount(2.76, 1.0, 0.06, 0.09, "length"),
                    Pen(
                        "spiral", 0.7, options={"depth": 0.0, "inward": 0.78}, components="largest"
                    ),
                    widths=BROAD,
                    ring=Ring(18.0, 0.275, 0.25, (0.4, 2.6), 0.5),
                ),
                Habit(
                    Amount(0.71, 1.0, 0.4, 0.5, "length"),
                    Pen("spiral", 0.7, options={"depth": 0.2, "inward": 0.8}, components="largest"),
                    strokes=(0.40, 0.28, 0.18, 0.14),
                    widths=((1.46, 1.0),),
                    ring=Ring(3.2, 0.2, 0.2, (0.3, 2.0), 0.3),
                    probability=0.5,
                ),
            ),
            1: (
                Habit(
                    Amount(6.94, 0.5, 0.16, 0.33, "length"),
                    Pen("spiral", 0.71, options={"inward": 0.45}),
                    Depth(0.0, 0.0, 0.0, 0.05, 0.05),
                    strokes=(0.08, 0.21, 0.30, 0.24, 0.12, 0.05),
                    turn=6.2,
                    widths=FINE,
                ),
            ),
            2: (
                Habit(
                    Amount(6.49, 0.5, 0.21, 0.2, "length"),
                    Pen("spiral", 0.89, options={"inward": 0.7}),
                    Depth(0.01, 0.0, 0.0, 0.05, 0.05),
                    strokes=(0.5, 0.22, 0.14, 0.1, 0.03, 0.01),
                    turn=6.2,
                    widths=FINE,
                ),
            ),
            3: (
                Habit(
                    Amount(5.66, 0.5, 0.18, 0.23, "length"),
                    Pen("spiral", 0.81, options={"inward": 0.39}),
                    Depth(0.0, 0.0, 0.0, 0.05, 0.05),
                    strokes=(0.56, 0.24, 0.11, 0.052, 0.026, 0.009),
                    turn=2.9,
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
    AnnotatorError(
        spill=0.006, spill_spread=4.0, spill_distance=10.0, shake=0.8, shake_length=12.0
    ),
)

PRESETS.add(
    "medscribble",
    # Wong et al. (ScribblePrompt, ECCV 2024): an object (1) of any shape, a pen of three pixels.
    Annotator(
        {
            0: (
                Habit(
                    Amount(4.2, 1.0, 0.0, 0.35),
                    Pen("spiral", 0.7, 3.0, options={"depth": 0.2, "inward": 2.0}),
                    strokes=(0.35, 0.25, 0.20, 0.10, 0.10),
                    ring=Ring(13.0, 0.0, 0.65, (0.4, 1.8), 0.4),
                ),
            ),
            1: (
                Habit(
                    Amount(1.75, 0.722, 0.0, 0.45),
                    Pen("spiral", 0.8, 3.0, options={"inward": 0.35}, components="largest"),
                    Depth(0.42, -0.02, -0.1, 0.0, 0.05),
                    strokes=(0.45, 0.25, 0.12, 0.10, 0.08),
                ),
            ),
        },
        in_voxels=True,
        error=MEDSCRIBBLE,
    ),
)
