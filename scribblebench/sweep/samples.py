"""One slice of each scored case, kept for pictures."""

from __future__ import annotations

import numpy as np

from scribblebench.data.preprocessing import Slices
from scribblebench.types import AnyArray, LabelArray

WINDOW_PERCENT = (1.0, 99.0)
"""Percentiles of the slice's intensities that become black and white."""


def sample_plane(label_map: LabelArray) -> int:
    """Return the plane with the most foreground pixels, the middle one if there is none."""
    sizes = (label_map > 0).sum(axis=(1, 2))
    return int(sizes.argmax()) if sizes.any() else len(label_map) // 2


class Samples:
    """Collects image, dense label, scribble and prediction of one slice a case."""

    def __init__(self) -> None:
        self._case_ids: list[str] = []
        self._planes: dict[str, list[AnyArray]] = {
            "image": [],
            "label": [],
            "scribble": [],
            "pred": [],
        }

    def add(self, slices: Slices, scribble: LabelArray, pred: LabelArray) -> None:
        """Keep a slice of one case; all arrays within the field of view, first channel only."""
        assert slices.label_map is not None, "scored cases have dense labels"
        plane = sample_plane(slices.label_map)
        image = slices.image[plane, 0]
        low, high = np.percentile(image[slices.inside], WINDOW_PERCENT)
        grey = np.clip((image - low) / max(high - low, 1e-6), 0.0, 1.0)
        self._case_ids.append(slices.case.case_id)
        self._planes["image"].append((grey * 255).astype(np.uint8))
        self._planes["label"].append(slices.label_map[plane])
        self._planes["scribble"].append(scribble[plane])
        self._planes["pred"].append(pred[plane])

    def arrays(self) -> dict[str, AnyArray]:
        """Return `case_id` (N,) and `image`, `label`, `scribble`, `pred` as uint8 (N, S, S)."""
        arrays: dict[str, AnyArray] = {"case_id": np.array(self._case_ids)}
        return arrays | {name: np.stack(planes) for name, planes in self._planes.items()}
