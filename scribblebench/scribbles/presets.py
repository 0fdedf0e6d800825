"""Presets: annotators and their errors, fitted to scribbles that people drew."""

from __future__ import annotations

from scribblebench.registry import Registry
from scribblebench.scribbles.annotator import Amount, Annotator, Depth, Habit, Ring
from scribblebench.scribbles.annotator_error import AnnotatorError
from scribblebench.scribbles.drawing import Pen

PRESETS: Registry[Annotator] = Registry("preset")
"""People who draw. docs/scribbles.md says how near each comes to the scribbles it is fitted to."""

ERRORS: Registry[AnnotatorError] = Registry("error")
"""What people do wrong."""
