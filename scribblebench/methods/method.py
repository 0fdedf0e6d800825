"""What a method is: a named objective and the labels it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scribblebench.registry import Registry
from scribblebench.training.objective_settings import ObjectiveSettings

Supervision = Literal["dense", "scribbles"]


@dataclass(frozen=True)
class Method:
    """One row of a comparison.

    Parameters
    ----------
    objective : ObjectiveSettings
        The terms of its loss; a protocol may change single settings of it.
    supervision : {"dense", "scribbles"}
        Which labels it learns from. A method for dense labels is trained on the form `dense`
        only, one for scribbles on every other form.
    """

    objective: ObjectiveSettings
    supervision: Supervision = "scribbles"


METHODS: Registry[Method] = Registry("method")
"""Methods by name."""
