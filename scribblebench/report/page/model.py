"""What the page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scribblebench.types import IGNORE_LABEL, AnyArray, LabelArray, SpacingMm

Overlay = tuple[LabelArray, LabelArray | None]
"""Prediction and scribble label map of one trial and case, (planes, H, W); no scribble is None."""


@dataclass(frozen=True, eq=False)
class CaseVolume:
    """Image and dense label of a case, which all trials share.

    Parameters
    ----------
    case_id, patient_id : str
    image : ndarray of uint8, shape (P, H, W)
        Grey values as they are shown.
    label : ndarray of uint8, shape (P, H, W)
    spacing_mm : (plane, row, col), or None
        Size of a voxel; pixels are drawn square where it is unknown.

    Raises
    ------
    ValueError
        If an array is not uint8, not of three axes, empty, or shapes differ.
    """

    case_id: str
    patient_id: str
    image: AnyArray
    label: LabelArray
    spacing_mm: SpacingMm | None = None

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.size == 0:
            raise ValueError(f"image must be of shape (P, H, W), got {self.image.shape}")
        check_volume("image", self.image, self.image.shape)
        check_volume("label", self.label, self.image.shape)
        if self.spacing_mm is not None and len(self.spacing_mm) != 3:
            raise ValueError(f"spacing_mm must hold 3 numbers, got {self.spacing_mm}")


@dataclass(frozen=True, eq=False)
class Page:
    """All that stands on the page.

    Parameters
    ----------
    title : str
    remarks : sequence of str
        What a reader must know before the numbers: what is missing or mixed.
    findings : sequence of str
        Sentences.
    cells, summary : DataFrame
        Cells (index `cell`; the columns of `scribblebench.report.scores.CELL`, `label`,
        `is_complete`) and their scores by class: `cell`, `class_name`, `dsc_mean`, `dsc_low`,
        `dsc_high`, `n_patients`, `n_seeds`, `n_planned`, `collapse_rate`, `failure_rate`,
        `annotated_fraction`.
    curves : DataFrame
        Fitted lines: `form`, `method`, `randomness`, `dataset`, `density`, `fit`, `low`, `high`;
        `class_name` where there are lines for single classes, else they are of the average.
    trials : DataFrame
        A row for each planned trial: `trial_id`, then what is to be shown of it, in this order;
        see `scribblebench.report.page.trials`. `dsc` and `dsc_CLASS` are means over the patients,
        `hd95` and `hd95_CLASS` medians; `state` is "finished", "failed" or "missing".
    cases : sequence of CaseVolume
    overlays : mapping of trial id to mapping of case id to Overlay
    class_names : mapping of int to str
        By class id, background included.
    provenance : mapping
        See `scribblebench.report.write.provenance_summary`.
    failures : DataFrame
        A row for each trial that is not finished: `trial_id`, `label`, `state`, `error` (NaN
        where nothing was said).
    case_scores : DataFrame, or None
        `trial_id`, `case_id`, `class_name`, `dsc`, shown in the case viewer. None: Dice is
        computed from the volumes, which differs where they were cropped.

    Raises
    ------
    ValueError
        If case ids repeat, or an overlay does not fit its case or holds other classes.
    """

    title: str
    remarks: Sequence[str]
    findings: Sequence[str]
    cells: pd.DataFrame
    summary: pd.DataFrame
    curves: pd.DataFrame
    trials: pd.DataFrame
    cases: Sequence[CaseVolume]
    overlays: Mapping[str, Mapping[str, Overlay]]
    class_names: Mapping[int, str]
    provenance: Mapping[str, Any]
    failures: pd.DataFrame
    case_scores: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        ids = [case.case_id for case in self.cases]
        if len(set(ids)) != len(ids):
            raise ValueError(f"cases must have ids that differ, got {ids}")
        volumes = {case.case_id: case.label for case in self.cases}
        for case_id, label in volumes.items():
            self._check_classes(f"label of {case_id}", label)
        for trial_id, by_case in self.overlays.items():
            for case_id, (pred, scribble) in by_case.items():
                if case_id not in volumes:
                    raise ValueError(f"overlays must be of known cases, got '{case_id}'")
                for kind, array in (("prediction", pred), ("scribble", scribble)):
                    if array is not None:
                        name = f"{kind} of {trial_id}, {case_id}"
                        check_volume(name, array, volumes[case_id].shape)
                        self._check_classes(name, array)

    def _check_classes(self, name: str, array: LabelArray) -> None:
        held = np.flatnonzero(np.bincount(array.ravel(), minlength=256))
        if unknown := set(held.tolist()) - {*self.class_names, IGNORE_LABEL}:
            raise ValueError(f"{name} must hold classes of class_names, got {sorted(unknown)}")


def check_volume(name: str, array: AnyArray, shape: tuple[int, ...]) -> None:
    """Raise `ValueError` unless an array is uint8 and has a shape."""
    if array.dtype != np.uint8 or array.shape != shape:
        raise ValueError(
            f"{name} must be uint8 of shape {shape}, got {array.dtype} of shape {array.shape}"
        )
