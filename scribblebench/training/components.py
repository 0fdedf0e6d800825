"""The largest connected component of each class, on any device."""

from __future__ import annotations

import numpy as np
import torch
from skimage import measure
from torch import Tensor

from scribblebench.training.neighbours import flat_maps, half_window, map_of_flat
from scribblebench.types import BoolArray, IntArray


@torch.no_grad()
def largest_components(classes: Tensor, n_classes: int) -> Tensor:
    """Mark the pixels of the largest connected component of each foreground class of each image.

    Pixels of a class are connected if they share a corner (8 neighbours in 2D, 26 in 3D). Of
    components of one size, the one whose first pixel comes first in raster order is the largest.

    Parameters
    ----------
    classes : Tensor of int64, shape (B, H, W) or (B, D, H, W)
        In [0, n_classes); 0 is the background.
    n_classes : int

    Returns
    -------
    largest : Tensor of bool, shape of `classes`
        False on the background. A class that an image lacks has no component there.
    """
    if classes.device.type == "cpu":
        marked = [_largest_of_image(image, n_classes) for image in classes.numpy()]
        return torch.from_numpy(np.stack(marked))
    return _largest_without_host(classes, n_classes)


def _largest_of_image(classes: IntArray, n_classes: int) -> BoolArray:
    # Labels touching pixels of equal class, in the raster order of the components' first pixels.
    components, n = measure.label(classes, background=0, connectivity=classes.ndim, return_num=True)
    class_of = np.zeros(n + 1, dtype=np.int64)
    class_of[components] = classes
    sizes = np.bincount(components.ravel(), minlength=n + 1)
    keep = np.zeros(n + 1, dtype=bool)
    for class_id in range(1, n_classes):
        candidates = np.flatnonzero(class_of == class_id)
        if candidates.size:
            keep[candidates[sizes[candidates].argmax()]] = True
    largest: BoolArray = keep[components]
    return largest


def _largest_without_host(classes: Tensor, n_classes: int) -> Tensor:
    """Do the same with a number of tensor operations that depends on the shape alone."""
    n_images = classes.shape[0]
    flat = flat_maps(classes[:, None], radius=1)[0]
    root = _lowest_of_component(flat, classes.shape[1:])
    n = flat.numel()
    sizes = torch.zeros_like(root).scatter_add_(0, root, torch.ones_like(root))
    # Orders components by size, then by first pixel, which is the root.
    rank = sizes[root] * n - root
    image = torch.arange(n_images, device=flat.device).repeat_interleave(n // n_images)
    group = image * n_classes + flat
    best = torch.zeros(n_images * n_classes, dtype=rank.dtype, device=flat.device)
    best.scatter_reduce_(0, group, rank, "amax")
    largest = (rank == best[group]) & (flat > 0)
    return map_of_flat(largest[None], classes.shape, radius=1)[:, 0]


def _lowest_of_component(flat: Tensor, shape: torch.Size) -> Tensor:
    """Return for each pixel the index of the first pixel of its component.

    Pixels point to others of their component, at first to themselves. A round hooks every root
    onto the lowest root that its pixels are in touch with, then makes each pixel point at its
    tree's root by following pointers (algorithm S of Liu and Tarjan 2019, SOSA). Pointers only
    fall, so there is no cycle. The number of rounds is safe for every shape of component:

    - In two rounds the number of roots in an unfinished component halves at least. A root that
      touches a lower one hooks onto something. If a root touches only higher ones, each of them
      hooks, either onto it or onto one that is lower still, to which it then hooks in the second
      round. So after two rounds each tree holds two of the former at least.
    - Where a component has m roots, the hooked trees are at most m deep, and each pass of
      following pointers halves the depth: ceil(log2 m) passes flatten them.

    With L = ceil(log2 of an image's pixels), 2 L rounds thus suffice: the first two with L passes
    each, the next two with L - 1, and so on.

    Parameters
    ----------
    flat : Tensor of int64, shape (N,)
        Classes in the layout of `flat_maps` with radius 1; the background's pixels stay alone.
    shape : (H, W) or (D, H, W)

    Returns
    -------
    root : Tensor of int64, shape (N,)
    """
    n = flat.numel()
    links = [
        (step, (flat[: n - step] == flat[step:]) & (flat[step:] > 0))
        for step, _ in half_window(shape, radius=1)
    ]
    root = torch.arange(n, device=flat.device)
    for n_passes in range((shape.numel() - 1).bit_length(), 0, -1):
        for _ in range(2):
            lowest = root.clone()
            for step, linked in links:
                here, there = root[: n - step], root[step:]
                for part, other in ((lowest[: n - step], there), (lowest[step:], here)):
                    torch.minimum(part, torch.where(linked, other, n), out=part)
            root = root.scatter_reduce(0, root, lowest, "amin")
            for _ in range(n_passes):
                root = root[root]
    return root
