"""The Decathlon: imagesTr with channels along the fourth axis, labelsTr, dataset.json."""

import json

import numpy as np

from layouts.volumes import affine_of, image_of, labels_of, save

OFFICIAL = {
    1: (
        "Task01_BrainTumour",
        "BRATS",
        {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"},
        {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
    ),
    4: (
        "Task04_Hippocampus",
        "hippocampus",
        {"0": "MRI"},
        {"0": "background", "1": "Anterior", "2": "Posterior"},
    ),
    5: (
        "Task05_Prostate",
        "prostate",
        {"0": "T2", "1": "ADC"},
        {"0": "background", "1": "PZ", "2": "TZ"},
    ),
}
"""Folder, prefix of cases, and `modality` and `labels` as the official files spell them."""


def write_decathlon(root, task=4, *, n=10):
    """Write one task below `root` and return its folder; types of voxels differ by case."""
    name, prefix, modality, labels = OFFICIAL[task]
    folder = root / name
    training = []
    for number in range(1, n + 1):
        case = f"{prefix}_{number:03d}.nii.gz"
        dense = labels_of(len(labels), number)
        dtype = (np.float32, np.uint16, np.int16)[number % 3]
        channels = [image_of(dense, number, c, dtype) for c in range(len(modality))]
        image = channels[0] if len(channels) == 1 else np.stack(channels, axis=-1)
        save(folder / "imagesTr" / case, image, affine_of(number))
        stored = dense.astype((np.uint8, np.float32)[number % 2])
        save(folder / "labelsTr" / case, stored, affine_of(number))
        training.append({"image": f"./imagesTr/{case}", "label": f"./labelsTr/{case}"})
        for sub in ("imagesTr", "labelsTr"):
            (folder / sub / f"._{case}").write_bytes(b"\x00\x05\x16\x07")
    content = {
        "name": name.split("_")[1],
        "licence": "CC-BY-SA 4.0",
        "tensorImageSize": "4D" if len(modality) > 1 else "3D",
        "modality": modality,
        "labels": labels,
        "numTraining": n,
        "numTest": 1,
        "training": training,
        "test": [f"./imagesTs/{prefix}_900.nii.gz"],
    }
    (folder / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    return folder
