"""MedScribble: published, a folder of arrays an image, or one .npz file an image."""

import numpy as np

from layouts.volumes import image_of, labels_of

SHAPE = (32, 36, 1)


def drawn_on(mask, annotator):
    """Mark every fourth row, from another one for each annotator: the object, the background."""
    marked = np.arange(mask.shape[0])[:, None] % 4 == annotator
    return np.stack([marked & (mask == 1), marked & (mask == 0)])


def pairs(n):
    """Yield names, images of 0 to 1 and masks, shape (H, W)."""
    for number in range(n):
        mask = labels_of(2, number, (36, 32, 2))[..., 0].T
        yield f"p{number}_axis2_maxslice", image_of(mask.astype(float), number) / 300, mask


def write_medscribble(root, *, n=6, first=0, tasks=("ACDC", "STARE")):
    """Write DATASET/TASK/NAME/ with img.npy, seg.npy and scribble_K.npy, K from `first`."""
    for number, (name, image, mask) in enumerate(pairs(n)):
        folder = root / "MedScribble" / tasks[number % len(tasks)] / "task" / name
        folder.mkdir(parents=True)
        np.save(folder / "img.npy", image)
        np.save(folder / "seg.npy", mask.astype(np.float32))
        for annotator in range(3):
            path = folder / f"scribble_{annotator + first}.npy"
            np.save(path, drawn_on(mask, annotator).astype(np.float64))
    return root / "MedScribble"


def write_archives(root, *, n=6):
    """Write the same as acdc_00.npz and so on."""
    root.mkdir(parents=True, exist_ok=True)
    for number, (_, image, mask) in enumerate(pairs(n)):
        scribbles = np.stack([drawn_on(mask, k) for k in range(3)]).astype(np.uint8)
        path = root / f"acdc_{number:02d}.npz"
        np.savez_compressed(path, image=image, mask=mask, scribbles=scribbles)
    return root
