"""Patches that are placed where the foreground is annotated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from scribblebench.seeding import rng_for
from scribblebench.types import BACKGROUND, IGNORE_LABEL, IntArray, LabelArray

MOST_VOXELS = 10_000
"""Voxels of a class that are remembered of each slice or volume; nnU-Net keeps as many."""


class ForegroundPlaces:
    """Centres for a share of the patches: annotated voxels of the foreground.

    A patch is aimed at one of the foreground classes that are annotated in its slice or volume, all
    being equally likely, and at one of the annotated voxels of this class. It is centred there, or
    as near to there as lets it lie in the field of view; near the edge, a rotation or a zoom may
    turn the voxel out of it again. A slice or volume without any is left to chance, and so are the
    other patches. What is drawn for a step depends on the seed, the step and the annotation alone.

    Parameters
    ----------
    targets : ndarray of uint8, shape (N, S, S) or (N, P, S, S)
        Dense labels or scribbles.
    share : float
        Of the patches that are aimed, in [0, 1].
    patch : sequence of int
        Sides of a patch, in the order of the axes.
    seed : int
    """

    def __init__(
        self, targets: LabelArray, *, share: float, patch: Sequence[int], seed: int
    ) -> None:
        self._share = share
        self._seed = seed
        self._shape = targets.shape[1:]
        self._patch = np.array(patch)
        self._voxels = [self._of(target, number) for number, target in enumerate(targets)]

    def _of(self, target: LabelArray, number: int) -> list[IntArray]:
        """Return positions of annotated voxels, shape (n, 2) or (n, 3), for each class there is."""
        found = []
        for class_id in np.unique(target):
            if class_id in (BACKGROUND, IGNORE_LABEL):
                continue
            voxels = np.flatnonzero(target == class_id)
            if len(voxels) > MOST_VOXELS:
                rng = rng_for(self._seed, "remembered voxels", number, int(class_id))
                voxels = rng.choice(voxels, MOST_VOXELS, replace=False)
            found.append(np.stack(np.unravel_index(voxels, self._shape), axis=-1))
        return found

    def aim(self, offset: Tensor, chosen: Sequence[int], step: int) -> Tensor:
        """Return where the patches of a step lie.

        Parameters
        ----------
        offset : Tensor, shape (B, 2) or (B, 3)
            Where they lie by chance, see `Transform`.
        chosen : sequence of B int
            Slices or volumes that they are cut from.
        step : int

        Returns
        -------
        offset : Tensor, shape of `offset`
        """
        rng = rng_for(self._seed, "foreground patches", step)
        room = np.array(self._shape) - self._patch
        aimed = offset.clone()
        for i, number in enumerate(chosen):
            is_aimed, which, where = rng.random(3)
            classes = self._voxels[number]
            if is_aimed >= self._share or not classes:
                continue
            voxels = classes[int(which * len(classes))]
            # The first voxel of the patch is a whole one: sampling half-way between two would take
            # every other one twice. An axis without room has one place, whatever the offset is.
            first = np.clip(voxels[int(where * len(voxels))] - self._patch // 2, 0, room)
            place = 2 * first / np.maximum(room, 1) - 1
            aimed[i] = torch.from_numpy(place[::-1].copy())
        return aimed
