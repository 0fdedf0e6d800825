"""Partial cross-entropy: learn from the annotated pixels and leave the others alone."""

from __future__ import annotations

from scribblebench.methods.method import METHODS, Method
from scribblebench.training.objective_settings import ObjectiveSettings

METHODS.add("pce", Method(ObjectiveSettings()))
