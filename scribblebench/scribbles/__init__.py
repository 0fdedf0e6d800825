"""The generator library: forms, one a file, and what makes scribble label maps of them."""

from scribblebench.scribbles import max_supervision, random_walk, skeleton  # fill FORMS
from scribblebench.scribbles.form import FORMS, Form
from scribblebench.scribbles.simulate import Achieved, ScribbleSettings, simulate_volume

__all__ = [
    "FORMS",
    "Achieved",
    "Form",
    "ScribbleSettings",
    "max_supervision",
    "random_walk",
    "simulate_volume",
    "skeleton",
]
