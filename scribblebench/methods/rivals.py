"""Simple rivals of ZScribbleSeg."""

from __future__ import annotations

from scribblebench.methods.method import METHODS, Method
from scribblebench.training.objective_settings import (
    CrfSettings,
    DualSettings,
    ObjectiveSettings,
    TeacherSettings,
)

METHODS.add("mean_teacher", Method(ObjectiveSettings(teacher=TeacherSettings())))
METHODS.add("dmpls", Method(ObjectiveSettings(dual=DualSettings())))
METHODS.add("gated_crf", Method(ObjectiveSettings(gated_crf=CrfSettings())))
METHODS.add("entropy", Method(ObjectiveSettings(entropy=0.1)))
METHODS.add("geometry", Method(ObjectiveSettings(geometry=1.0)))
