"""MyoPS 2020: three sequences a patient in files of their own, labels up to 2221."""

import numpy as np

from layouts.volumes import affine_of, image_of, labels_of, save

VALUES = np.array([0, 500, 600, 200, 1220, 2221], dtype=np.int16)
"""LV, RV, myocardium, oedema and scar, in the order of the bars of `labels_of`."""


def write_myops(root, *, n=10):
    """Write the training patients, 101 and following; the LGE image has its first axis reversed."""
    for number in range(101, 101 + n):
        case, dense, affine = f"myops_training_{number}", labels_of(6, number), affine_of(number)
        flip = np.diag([-1.0, 1.0, 1.0, 1.0])
        flip[0, 3] = dense.shape[0] - 1
        for channel, sequence in enumerate(("C0", "DE", "T2")):
            image = image_of(dense, number, channel)
            turned = sequence == "DE"
            save(
                root / "train25" / f"{case}_{sequence}.nii.gz",
                image[::-1] if turned else image,
                affine @ flip if turned else affine,
            )
        save(root / "train25_myops_gd" / f"{case}_gd.nii.gz", VALUES[dense], affine)
        save(root / "test20" / f"myops_test_{number + 100}_C0.nii.gz", image, affine)
    return root
