"""One class, drawn in the way that a volume draws it."""

from functools import partial

import numpy as np

from scribblebench.scribbles import Pen, draw
from scribblebench.seeding import rng_for


def drawn(mask, form, amount, *, unit="pixels", seed=0, step=None, cost=None, **pen):
    return draw(
        mask,
        pen=Pen(form, **pen),
        amount=amount,
        unit=unit,
        stream=partial(rng_for, seed, "test"),
        step=step,
        cost=cost,
    )


def as_mask(drawing, shape):
    marks = np.zeros(shape, dtype=bool)
    marks[tuple(drawing.voxels.T)] = True
    return marks


def marks(mask, form, amount, **options):
    return as_mask(drawn(mask, form, amount, **options), mask.shape)
