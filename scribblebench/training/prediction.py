"""Inference: the same for every method that is compared."""

from __future__ import annotations

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from scipy import ndimage
from torch import Tensor, nn

from scribblebench.data.preprocessing import Slices
from scribblebench.data.restoring import restore
from scribblebench.training.device import autocast
from scribblebench.training.networks import memory_format
from scribblebench.training.settings import TrainingSettings
from scribblebench.types import FloatArray, LabelArray

FLIPS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))
"""Axes of the four flips of a slice. A volume has these with and without a flip of the planes."""

WINDOW_OVERLAP = 0.5
"""Share of a sliding window's side that the next one covers too, as nnU-Net has it."""


def predict_case(
    network: nn.Module,
    slices: Slices,
    settings: TrainingSettings,
    *,
    n_classes: int,
    device: torch.device,
) -> tuple[LabelArray, LabelArray]:
    """Predict the labels of a case on its own grid.

    There, and not in the field of view, components are filtered: it has no padding, in which a
    blob might be the largest component.

    Returns
    -------
    pred, raw : ndarray of uint8, shape (P, H, W)
        With and without the filter that the settings ask for.
    """
    probabilities = predict_slices(network, slices.image, settings, device=device)
    raw = restore(probabilities, slices)
    pred = keep_largest_components(raw, n_classes) if settings.largest_component else raw
    return pred, raw


@torch.inference_mode()
def predict_slices(
    network: nn.Module, images: FloatArray, settings: TrainingSettings, *, device: torch.device
) -> FloatArray:
    """Return the probability of every class at every pixel.

    A network for slices sees some planes at a time, one for volumes all at once. With sliding
    windows, the probabilities of a pixel in the windows that hold it are averaged, with Gaussian
    weights that favour windows in whose middle it lies.

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
    planes = torch.from_numpy(images)
    if settings.volume is None:
        chunks = torch.split(planes, settings.batch_size)
        found = [_probabilities(network, x.to(device), settings).cpu() for x in chunks]
        slices: FloatArray = torch.cat(found).numpy()
        return slices
    volume = planes.movedim(0, 1)[None].to(device)
    whole: FloatArray = _probabilities(network, volume, settings)[0].movedim(1, 0).cpu().numpy()
    return whole


def _probabilities(network: nn.Module, x: Tensor, settings: TrainingSettings) -> Tensor:
    """Return probabilities (B, K, *S) for images (B, C, *S), averaged over flips and windows."""
    size = settings.patch_size
    layout = memory_format(len(size))

    def probabilities_of(flipped: Tensor) -> Tensor:
        with autocast(x.device, settings.precision):
            logits: Tensor = network(flipped.contiguous(memory_format=layout))
        return logits.float().softmax(dim=1)

    flips = FLIPS if len(size) == 2 else (*FLIPS, *((-3, *axes) for axes in FLIPS))
    flips = flips if settings.test_time_flips else FLIPS[:1]
    total: Tensor | float = 0.0
    for axes in flips:
        if settings.window == "whole":
            flipped = probabilities_of(x.flip(axes))
        else:
            flipped = sliding_window_inference(
                x.flip(axes),
                roi_size=size,
                sw_batch_size=settings.batch_size,
                predictor=probabilities_of,
                overlap=WINDOW_OVERLAP,
                mode="gaussian",
            )
        total = total + flipped.flip(axes)
    assert isinstance(total, Tensor)
    return total / len(flips)


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
