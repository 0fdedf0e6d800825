"""Full supervision: the ceiling that scribbles are held against."""

from __future__ import annotations

from scribblebench.methods.method import METHODS, Method
from scribblebench.training.objective_settings import ObjectiveSettings

FULL = Method(ObjectiveSettings(cross_entropy=1.0, dice=1.0), supervision="dense")
"""Cross-entropy and Dice loss against dense labels."""

METHODS.add("full", FULL)
