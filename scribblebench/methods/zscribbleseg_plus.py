"""What measurably helps expert scribbles, put together.

Chosen on 35 patients of ACDC that no protocol trains on or scores; `docs/methods.md` says what was
tried and what each part adds.
"""

from __future__ import annotations

from scribblebench.methods.method import METHODS, Method
from scribblebench.training.objective_settings import ObjectiveSettings

METHODS.add("zscribbleseg_plus", Method(ObjectiveSettings(dice=1.0, geometry=1.0)))
