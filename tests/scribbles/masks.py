"""Masks that a form meets in practice and at the edges of practice."""

import numpy as np


def _disc(size, radius, hole=0.0):
    row, col = np.ogrid[:size, :size]
    r = np.hypot(row - size / 2 + 0.5, col - size / 2 + 0.5)
    return (r <= radius) & (r >= hole)


def _nine_squares():
    mask = np.zeros((30, 30), dtype=bool)
    for row in range(3):
        for col in range(3):
            mask[2 + 10 * row : 6 + 10 * row, 1 + 10 * col : 6 + 10 * col] = True
    return mask


REGIONS = {
    "empty": np.zeros((4, 5), dtype=bool),
    "one_pixel": np.ones((1, 1), dtype=bool),
    "two_by_two": np.ones((2, 2), dtype=bool),
    "row": np.ones((1, 17), dtype=bool),
    "diagonal": np.eye(12, dtype=bool),
    "disc": _disc(24, 11),
    "ring": _disc(30, 14, hole=9),
    "crescent": _disc(32, 14) & ~np.roll(_disc(32, 14), 8, axis=1),
    "full_frame": np.ones((20, 26), dtype=bool),
    "nine_squares": _nine_squares(),
}
