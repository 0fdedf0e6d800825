"""The training set on its device, and the batches that a run draws from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Generator, Tensor

from scribblebench.seeding import rng_for, seed_for
from scribblebench.training.augmentation import apply_transform, draw_transform
from scribblebench.training.batch import Batch
from scribblebench.training.device import to_device
from scribblebench.training.networks import memory_format
from scribblebench.training.patch_placement import ForegroundPlaces
from scribblebench.training.scribble_geometry import ScribbleGeometry
from scribblebench.training.settings import TrainingSettings
from scribblebench.types import IGNORE_LABEL, BoolArray, FloatArray, LabelArray


@dataclass(frozen=True)
class TrainingData:
    """All training slices of a trial, or all of its volumes.

    Parameters
    ----------
    images : ndarray of float32, shape (N, C, S, S) or (N, C, P, S, S)
    targets : ndarray of uint8, shape (N, S, S) or (N, P, S, S)
        Dense labels or scribbles; `IGNORE_LABEL` where there is no label.
    n_classes : int
    inside : ndarray of bool, shape of `targets`, or None
        False in padding; None if there is none.
    geometry : ScribbleGeometry, or None
        Of the N slices, or of the N * P slices of the volumes, one volume after the other. Needed
        by the objectives that use it.
    dense : ndarray of uint8, shape of `targets`, or None
        Dense labels to audit class ratios with, and for the oracle; never trained on.
    """

    images: FloatArray
    targets: LabelArray
    n_classes: int
    inside: BoolArray | None = None
    geometry: ScribbleGeometry | None = None
    dense: LabelArray | None = None


def _forbidden(geometry: ScribbleGeometry, shape: tuple[int, ...]) -> dict[str, BoolArray]:
    """Return a map for each foreground class: where volumes of `shape` (N, P, S, S) lack it.

    What a slice lacks is a matter of its plane, of which a patch has many: so it becomes a map.
    """
    maps = {}
    for class_id in range(1, geometry.present.shape[1]):
        absent = ~geometry.present[:, class_id, None, None]
        maps[f"not {class_id}"] = (geometry.background | absent).reshape(shape)
    return maps


class Batches:
    """Draws the batch of any step.

    Every slice, or volume, comes once before any comes again. Order and augmentation of a step
    come from streams named by the seed and the step and by nothing else: trials that differ in
    form, density or method share them, and a run can go on from any step.

    Parameters
    ----------
    data : TrainingData
    settings : TrainingSettings
    seed : int
    device : torch.device
        The whole training set is kept there.
    """

    def __init__(
        self, data: TrainingData, settings: TrainingSettings, *, seed: int, device: torch.device
    ) -> None:
        self._settings = settings
        self._seed = seed
        self._device = device
        self._images = torch.from_numpy(data.images).to(device)
        inside = np.ones_like(data.targets) if data.inside is None else data.inside
        maps = {"targets": data.targets, "inside": inside}
        self._present: Tensor | None = None
        if data.geometry is not None and data.targets.ndim == 3:
            maps["background"] = data.geometry.background
            self._present = torch.from_numpy(data.geometry.present).to(device)
        elif data.geometry is not None:
            maps |= _forbidden(data.geometry, data.targets.shape)
        if data.dense is not None:
            maps["dense"] = data.dense
        self._names = list(maps)
        stacked = np.stack([m.astype(np.uint8) for m in maps.values()], axis=1)
        self._maps = torch.from_numpy(stacked).to(device)
        fill = [IGNORE_LABEL if name in ("targets", "dense") else 0 for name in maps]
        self._fill = torch.tensor(fill, device=device)
        self._permutation = lru_cache(maxsize=2)(self._draw_permutation)
        self._places: ForegroundPlaces | None = None
        if settings.foreground_patches:
            self._places = ForegroundPlaces(
                data.targets,
                share=settings.foreground_patches,
                patch=settings.patch_size,
                seed=seed,
            )

    def _draw_permutation(self, epoch: int) -> list[int]:
        rng = rng_for(self._seed, "order", epoch)
        return [int(i) for i in rng.permutation(len(self._images))]

    def chosen(self, step: int) -> Sequence[int]:
        """Return the slices or volumes of a step, counted from 0."""
        n, first = len(self._images), step * self._settings.batch_size
        return [
            self._permutation(i // n)[i % n]
            for i in range(first, first + self._settings.batch_size)
        ]

    def batch(self, step: int) -> Batch:
        """Return the augmented batch of a step, counted from 0."""
        numbers = self.chosen(step)
        chosen = to_device(torch.tensor(numbers), self._device)
        drawing = Generator().manual_seed(seed_for(self._seed, "augmentation", step))
        noise = Generator(self._device).manual_seed(seed_for(self._seed, "noise", step))
        patch = self._settings.patch_size
        transform = draw_transform(
            len(chosen), self._settings.augmentation, dims=len(patch), generator=drawing
        )
        if self._places is not None:
            offset = self._places.aim(transform.offset, numbers, step)
            transform = replace(transform, offset=offset)
        images, maps = apply_transform(
            self._images[chosen],
            self._maps[chosen],
            transform.to(self._device),
            patch=patch,
            fill=self._fill,
            generator=noise,
        )
        named = dict(zip(self._names, maps.unbind(1), strict=True))
        allowed: Tensor | None = None
        if self._present is not None:
            allowed = self._present[chosen][:, :, None, None] & ~named["background"].bool()[:, None]
            allowed[:, 0] = True
        elif forbidden := [named[name].bool() for name in self._names if name.startswith("not ")]:
            allowed = ~torch.stack([torch.zeros_like(forbidden[0]), *forbidden], dim=1)
        return Batch(
            images=images.contiguous(memory_format=memory_format(len(patch))),
            targets=named["targets"],
            inside=named["inside"].bool(),
            allowed=allowed,
            dense=named.get("dense"),
        )
