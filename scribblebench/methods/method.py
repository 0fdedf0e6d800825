"""What a method is: a named way to turn labels into a loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scribblebench.registry import Registry
from scribblebench.training.batch import LossTerms

Supervision = Literal["dense", "scribbles"]


@dataclass(frozen=True)
class Method:
    """One row of a comparison.

    Parameters
    ----------
    terms : LossTerms
        The loss.
    supervision : {"dense", "scribbles"}
        Which labels it learns from. A method for dense labels is trained on the form `dense`
        only, one for scribbles on every other form.
    """

    terms: LossTerms
    supervision: Supervision


METHODS: Registry[Method] = Registry("method")
