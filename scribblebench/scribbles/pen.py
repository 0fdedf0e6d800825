"""Pens: how one class is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scribblebench.scribbles.components import COMPONENTS, Components
from scribblebench.scribbles.form import FORMS


@dataclass(frozen=True)
class Pen:
    """How one class is drawn.

    Parameters
    ----------
    form : str
        A name in `FORMS`.
    randomness : float
        In [0, 1]; see `scribblebench.scribbles.form`.
    width : float or None
        Diameter of the pen in mm, or in voxels where their size is not known; None: one voxel.
    options : mapping of str to float
        The form's own settings.
    components : "every", "largest", "one", or float
        Which connected parts of the class are drawn in. "every": all of them, in proportion to
        their size; if there are more parts than voxels to mark, the largest ones. "largest": no
        other. "one": one by lot, in proportion to size; the next only when it is full. A number:
        each with this probability; the largest if none is.
    face_steps : bool
        Whether lines step from face to face only, as some annotation tools draw: a diagonal step
        then goes by the deeper of the two voxels beside it, if that is inside.
    """

    form: str
    randomness: float = 0.5
    width: float | None = None
    options: Mapping[str, float] = field(default_factory=dict)
    components: Components = "every"
    face_steps: bool = False

    def __post_init__(self) -> None:
        FORMS[self.form].check_options(list(self.options), self.form)
        if not 0.0 <= self.randomness <= 1.0:
            raise ValueError(f"randomness must be in [0, 1], got {self.randomness}")
        if self.width is not None and not self.width > 0.0:
            raise ValueError(f"width must be > 0, got {self.width}")
        if isinstance(self.components, str):
            if self.components not in COMPONENTS:
                raise ValueError(
                    f"components must be {', '.join(COMPONENTS)} or a probability, "
                    f"got '{self.components}'"
                )
        elif not 0.0 <= self.components <= 1.0:
            raise ValueError(f"components must be a probability in [0, 1], got {self.components}")
