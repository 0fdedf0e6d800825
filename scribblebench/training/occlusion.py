"""Where an image is occluded: one square, or cube, at random."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor


def draw_holes(n: int, size: Sequence[int], *, side: int, generator: Generator) -> Tensor:
    """Draw the place of one hole for each of `n` images.

    Every place where the hole lies wholly in the image is equally likely (a cutout, DeVries and
    Taylor 2017, arXiv 1708.04552, that is never cut off by the edge, so that all holes have the
    same size).

    Parameters
    ----------
    n : int
    size : sequence of int
        Of the images, in pixels along each axis.
    side : int
        Of the hole in pixels, >= 1. Along an axis that is shorter the hole is as long as the axis.
    generator : torch.Generator
        On the CPU, so that a run draws the same holes on every device.

    Returns
    -------
    corners : Tensor of int64, shape (n, axes)
        The hole's first pixel, on the CPU.

    Raises
    ------
    ValueError
        If `side` is less than 1.
    """
    if side < 1:
        raise ValueError(f"side must be at least 1 pixel, got {side}")
    places = [length - min(side, length) + 1 for length in size]
    return torch.stack([torch.randint(p, (n,), generator=generator) for p in places], dim=1)


def hole_mask(corners: Tensor, size: Sequence[int], *, side: int) -> Tensor:
    """Mark the pixels of the holes.

    Parameters
    ----------
    corners : Tensor of int64, shape (n, axes)
        As `draw_holes` returns them, on any device.
    size : sequence of int
    side : int

    Returns
    -------
    inside : Tensor of bool, shape (n, *size)
        True in the hole; on the device of `corners`.
    """
    n, n_axes = corners.shape
    inside = torch.ones((n, *size), dtype=torch.bool, device=corners.device)
    for axis, length in enumerate(size):
        offset = torch.arange(length, device=corners.device) - corners[:, axis, None]
        shape = [n, *[1] * axis, length, *[1] * (n_axes - 1 - axis)]
        inside = inside & ((offset >= 0) & (offset < side)).reshape(shape)
    return inside
