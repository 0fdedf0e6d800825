"""What methods cannot do with volumes."""

from __future__ import annotations

import math

from scribblebench.training.mixup import most_blocks
from scribblebench.training.objective_settings import ObjectiveSettings
from scribblebench.training.settings import TrainingSettings

MOST_HIDDEN = 0.5
"""Largest share of a patch that a hole may hide; in the paper's slices it hides a fiftieth."""


def check_fits_volume(objective: ObjectiveSettings, training: TrainingSettings, where: str) -> None:
    """Refuse a mixup that cannot be done in 3D, and holes that hide much of a patch.

    Parameters
    ----------
    objective : ObjectiveSettings
    training : TrainingSettings
        Nothing is refused if it is on slices.
    where : str
        Begins the message.

    Raises
    ------
    ValueError
    """
    view = objective.view
    if training.volume is None or view is None:
        return
    most = most_blocks(dims=3)
    if view.mixup and min(view.mixup.blocks) > most:
        raise ValueError(
            f"{where}options.view.mixup.blocks: must hold {most} where training.volume is given, "
            f"got {view.mixup.blocks}"
        )
    if view.occlusion:
        side, sides = view.occlusion.side, training.patch_size
        hidden = math.prod(min(side, n) for n in sides) / math.prod(sides)
        if hidden > MOST_HIDDEN:
            patch = " x ".join(map(str, sides))
            raise ValueError(
                f"{where}options.view.occlusion.side: must hide at most {100 * MOST_HIDDEN:.0f} % "
                f"of a patch of {patch} where training.volume is given, got {side}, which hides "
                f"{100 * hidden:.0f} %"
            )
