"""Inference: the same for every method that is compared."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn

from scribblebench.training.device import autocast
from scribblebench.training.settings import TrainingSettings
from scribblebench.types import FloatArray, LabelArray

FLIPS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))
"""Axes of the four flips of a slice."""


@torch.inference_mode()
def predict_slices(
    network: nn.Module, images: FloatArray, settings: TrainingSettings, *, device: torch.device
) -> FloatArray:
    """Return the probability of every class at every pixel.

    Parameters
    ----------
    network : nn.Module
        Left in evaluation mode.
    images : ndarray of float32, shape (P, C, S, S)
        The planes of one case.

    Returns
    -------
    probabilities : ndarray of float32, shape (P, K, S, S)
        Softmax, averaged over the flips; sums to 1 over the classes.
    """
    network.eval()
    flips = FLIPS if settings.test_time_flips else FLIPS[:1]
    planes = []
    for chunk in torch.split(torch.from_numpy(images), settings.batch_size):
        x = chunk.to(device)
        total: Tensor | float = 0.0
        for axes in flips:
            with autocast(device, settings.precision):
                logits = network(x.flip(axes).contiguous(memory_format=torch.channels_last))
            total = total + logits.float().softmax(dim=1).flip(axes)
        assert isinstance(total, Tensor)
        planes.append((total / len(flips)).cpu())
    probabilities: FloatArray = torch.cat(planes).numpy()
    return probabilities


def keep_largest_components(pred: LabelArray, n_classes: int) -> LabelArray:
    """Set all but the largest component of each foreground class to background.

    Parameters
    ----------
    pred : ndarray of uint8, shape (P, H, W)
        Components are 3D; voxels that share a corner are connected.
    n_classes : int

    Returns
    -------
    filtered : ndarray of uint8, shape (P, H, W)
    """
    filtered = np.zeros_like(pred)
    for class_id in range(1, n_classes):
        components, n = ndimage.label(pred == class_id, np.ones((3, 3, 3)))
        if n:
            sizes = np.bincount(components.ravel())[1:]
            filtered[components == 1 + int(sizes.argmax())] = class_id
    return filtered
