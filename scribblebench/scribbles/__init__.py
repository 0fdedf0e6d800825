"""The generator library: forms, one a file, and what makes scribble label maps of them."""

from scribblebench.scribbles import (  # fill FORMS
    centerline,
    chord,
    contour,
    curve,
    directed_walk,
    max_supervision,
    points,
    random_walk,
    skeleton,
    spiral,
)
from scribblebench.scribbles.annotator import Annotator
from scribblebench.scribbles.annotator_error import AnnotatorError
from scribblebench.scribbles.background import BackgroundPolicy
from scribblebench.scribbles.budget import Budget, SliceChoice
from scribblebench.scribbles.cost import CostModel
from scribblebench.scribbles.drawing import draw
from scribblebench.scribbles.form import FORMS
from scribblebench.scribbles.pen import Pen
from scribblebench.scribbles.presets import ERRORS, PRESETS
from scribblebench.scribbles.settings import ScribbleSettings
from scribblebench.scribbles.simulate import Achieved, Simulation, simulate_volume
from scribblebench.scribbles.strokes import Stroke

__all__ = [
    "ERRORS",
    "FORMS",
    "PRESETS",
    "Achieved",
    "Annotator",
    "AnnotatorError",
    "BackgroundPolicy",
    "Budget",
    "CostModel",
    "Pen",
    "ScribbleSettings",
    "Simulation",
    "SliceChoice",
    "Stroke",
    "centerline",
    "chord",
    "contour",
    "curve",
    "directed_walk",
    "draw",
    "max_supervision",
    "points",
    "random_walk",
    "simulate_volume",
    "skeleton",
    "spiral",
]
