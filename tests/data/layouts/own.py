"""Folders of a user: pictures or volumes with labels beside them."""

import json

import numpy as np
import yaml
from PIL import Image

from layouts.volumes import affine_of, image_of, labels_of, save

SETTINGS = {"classes": ["background", "left", "right"]}


def write_settings(root, **settings):
    root.mkdir(parents=True, exist_ok=True)
    (root / "dataset.yaml").write_text(yaml.safe_dump(SETTINGS | settings), encoding="utf-8")


def scribble_of(labels, ignore):
    """Annotate every fourth row of labels (x, y, z) and nothing else."""
    marked = np.arange(labels.shape[1])[None, :, None] % 4 == 0
    return np.where(marked, labels, ignore).astype(np.uint8)


def write_folder(root, *, n=10, settings=True):
    """Write NIfTI volumes with equal names in images/, labels/ and scribbles/."""
    for number in range(n):
        dense, affine = labels_of(3, number), affine_of(number)
        name = f"P{number // 2}_{number % 2}.nii.gz"
        save(root / "images" / name, image_of(dense, number), affine)
        save(root / "labels" / name, dense, affine)
        save(root / "scribbles" / name, scribble_of(dense, 255), affine)
    if settings:
        write_settings(root)
    return root


def write_pictures(root, *, n=10, colour=False):
    """Write one plane a case as PNG; labels have a palette."""
    for number in range(n):
        dense = labels_of(3, number)[..., 0].T
        image = image_of(dense, number, dtype=np.uint8)
        picture = Image.fromarray(np.dstack([image, image // 2, image // 3]) if colour else image)
        labels = Image.fromarray(dense).convert("P")
        labels.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
        labels.putdata(dense.ravel().tolist())
        for folder, file in (("images", picture), ("labels", labels)):
            path = root / folder / f"s{number:02d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            file.save(path)
    write_settings(root)
    return root


def write_nnunet(root, *, n=10, n_test=0, ignore=False, channels=("T2", "ADC")):
    """Write Dataset501_Made in the raw format; with `ignore`, labels are scribbles."""
    folder = root / "Dataset501_Made"
    labels = {"background": 0, "left": 1, "right": 2} | ({"ignore": 3} if ignore else {})
    for number in range(n + n_test):
        kind = "Tr" if number < n else "Ts"
        dense, affine, case = labels_of(3, number), affine_of(number), f"made_{number:03d}"
        for channel in range(len(channels)):
            image = image_of(dense, number, channel)
            save(folder / f"images{kind}" / f"{case}_{channel:04d}.nii.gz", image, affine)
        sparse = ignore and kind == "Tr"
        stored = scribble_of(dense, 3) if sparse else dense
        save(folder / f"labels{kind}" / f"{case}.nii.gz", stored, affine)
    content = {
        "channel_names": {str(i): name for i, name in enumerate(channels)},
        "labels": labels,
        "numTraining": n,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    return folder
