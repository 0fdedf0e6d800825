"""BTCV: CT in Hounsfield units with 13 organs; img0001 goes with label0001."""

import numpy as np

from layouts.volumes import affine_of, save

ORGAN_NUMBERS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)


def write_btcv(root, *, n=10, folders=("RawData/Training/img", "RawData/Training/label")):
    """Write scans with a square of each organ; air is -1000 and metal 3000."""
    for number in range(1, n + 1):
        labels = np.zeros((36, 32, 3), dtype=np.uint8)
        for organ in ORGAN_NUMBERS:
            row, col = divmod(organ - 1, 5)
            x, y = 3 + 6 * col, 3 + 9 * row
            labels[x : x + 5, y : y + 7, :2] = organ
        image = np.full(labels.shape, -1000, dtype=np.int16)
        image[2:-2, 2:-2] = np.random.default_rng(number).normal(0, 20, (32, 28, 3))
        image[labels > 0] = 30 + 15 * labels[labels > 0]
        image[0, 0] = 3000
        affine = affine_of(number, (0.75, 0.75, 3.0))
        save(root / folders[0] / f"img{number:04d}.nii.gz", image, affine)
        save(root / folders[1] / f"label{number:04d}.nii.gz", labels, affine)
    save(root / "RawData" / "Testing" / "img" / "img0061.nii.gz", image, affine)
    return root
