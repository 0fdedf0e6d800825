"""Predictions of a trial on the disk, so that a crash in scoring costs no training."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scribblebench.io.atomic import atomic_path
from scribblebench.types import LabelArray

UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)
"""What NumPy raises for damaged and foreign files."""


@dataclass(frozen=True)
class Prediction:
    """What a network makes of one case, on the case's own grid.

    Parameters
    ----------
    case_id : str
    pred, raw : ndarray of uint8, shape (P, H, W)
        With and without the filter of components; the same where the settings ask for none.
    """

    case_id: str
    pred: LabelArray
    raw: LabelArray


@dataclass(frozen=True)
class PredictionFile:
    """A file of all predictions of a trial.

    Parameters
    ----------
    path : Path
        Replaced as a whole. An `.npz` with `identity`, `case_id` (N,), and `pred_<i>` and
        `raw_<i>` (P, H, W) for each case.
    identity : str
        Trial, data and code; predictions of anything else are not taken up.
    """

    path: Path
    identity: str

    def write(self, predictions: Sequence[Prediction]) -> None:
        """Write the predictions, compressed."""
        arrays = {"identity": np.array(self.identity)}
        arrays["case_id"] = np.array([p.case_id for p in predictions])
        for i, prediction in enumerate(predictions):
            arrays[f"pred_{i}"], arrays[f"raw_{i}"] = prediction.pred, prediction.raw
        with atomic_path(self.path) as temporary:
            np.savez_compressed(temporary, allow_pickle=False, **arrays)

    def read(self) -> list[Prediction] | None:
        """Return the predictions, or None if there are none of this identity."""
        try:
            with np.load(self.path, allow_pickle=False) as arrays:
                if str(arrays["identity"]) != self.identity:
                    return None
                return [
                    Prediction(str(case_id), arrays[f"pred_{i}"], arrays[f"raw_{i}"])
                    for i, case_id in enumerate(arrays["case_id"])
                ]
        except UNREADABLE:
            return None
