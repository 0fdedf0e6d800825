"""Random walk: a hand that wanders inside the class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scribblebench.scribbles.form import FORMS, check_arguments, depth_px, preference
from scribblebench.types import BoolArray, IntArray

TURNS = (0, 1, -1, 2, -2, 3, -3, 4)
"""Changes of direction in eighths of a full turn, the smallest first."""

PATIENCE = 200
"""Steps without a new pixel after which the pen is lifted and a new stroke begun. In the heart of
8 ACDC patients, walks over 3 to 30 % of a class mark a new pixel every 1 to 3.6 steps on
average, so a walk that still has room is hardly ever cut off."""


def random_walk(
    mask: BoolArray, *, n_pixels: int, randomness: float, rng: np.random.Generator
) -> IntArray:
    """Mark pixels by a random walk that never leaves the class.

    The walk moves between 8-neighbours. With probability `randomness` it draws uniformly from
    the steps that stay inside; otherwise it goes on in its direction and, where that would leave
    the class, turns by the smallest angle that does not, to a pixel not yet marked if there is
    one. It marks what it visits, until `n_pixels` distinct pixels are marked. When
    `PATIENCE` steps brought nothing new, a new stroke begins.

    A stroke begins at the deepest pixel that is not marked (randomness 0), at a uniformly drawn
    one (randomness 1), or at a compromise of both. At randomness 1 this is a plain random walk.

    See `scribblebench.scribbles.form.Form` for parameters, result and errors.
    """
    check_arguments(mask, n_pixels, randomness)
    score = preference(mask, depth_px(mask), randomness=randomness, rng=rng)
    # A flat array with a frame of False: a neighbour is one addition and one look-up away.
    width = mask.shape[1] + 2
    inside = np.pad(mask, 1).ravel().tolist()
    flat_score = np.pad(score, 1, constant_values=-np.inf).ravel()
    steps = (-width, -width + 1, 1, width + 1, width, width - 1, -1, -width - 1)
    marked: dict[int, None] = {}
    draws: Iterator[float] = iter(())
    while len(marked) < n_pixels:
        position = int(np.argmax(flat_score))
        direction, idle = 2, 0
        while idle <= PATIENCE:
            if position in marked:
                idle += 1
            else:
                marked[position] = None
                flat_score[position] = -np.inf
                idle = 0
                if len(marked) == n_pixels:
                    break
            free = [k for k in range(8) if inside[position + steps[k]]]
            if not free:
                break
            draw = next(draws, None)
            if draw is None:
                draws = iter(rng.random(1024).tolist())
                draw = next(draws)
            if draw < randomness:
                direction = free[int(draw / randomness * len(free))]
            else:
                options = [(direction + turn) % 8 for turn in TURNS]
                possible = [k for k in options if inside[position + steps[k]]]
                if possible[0] != direction:
                    new = (k for k in possible if position + steps[k] not in marked)
                    direction = next(new, possible[0])
            position += steps[direction]
    flat = np.fromiter(marked, dtype=np.int64, count=n_pixels)
    return np.stack([flat // width - 1, flat % width - 1], axis=1)


FORMS.add("random_walk", random_walk)
