"""Volumes that look a little like a scan: blobs of each class on a noisy ground, turned grids."""

import nibabel as nib
import numpy as np

SHAPE = (36, 32, 4)
"""(x, y, z)."""


def affine_of(number=0, spacing=(1.5, 1.25, 5.0)):
    """Return an affine with axes turned and flipped differently for each number."""
    angle = 0.3 * number
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    flips = np.diag([(-1) ** (number % 2), (-1) ** (number // 2 % 2), 1])
    affine = np.eye(4)
    affine[:3, :3] = turn @ flips @ np.diag(spacing)
    affine[:3, 3] = [12.5 + number, -30.25, 101.0 - 3 * number]
    return affine


def labels_of(n_classes, number=0, shape=SHAPE):
    """Return class ids (x, y, z): a bar of each class along y, in all planes but the last."""
    labels = np.zeros(shape, dtype=np.uint8)
    width = max(2, (shape[0] - 4) // n_classes)
    for class_id in range(1, n_classes):
        start = 2 + (class_id - 1) * width + number % 2
        labels[start : start + width - 1, 8 : shape[1] - 8, : shape[2] - 1] = class_id
    return labels


def image_of(labels, number=0, channel=0, dtype=np.int16):
    """Return intensities (x, y, z) that tell the classes, the channels and the cases apart."""
    rng = np.random.default_rng([number, channel])
    values = 40 + 60 * labels.astype(float) * (1 + channel) + rng.normal(0, 5, labels.shape)
    return values.astype(dtype)


def save(path, array, affine):
    """Write a NIfTI file and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)
    return path
