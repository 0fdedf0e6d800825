"""Scores of one case: every foreground class, all metrics, with their unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scribblebench.metrics.overlap import dice
from scribblebench.metrics.surface import (
    average_symmetric,
    hausdorff,
    hausdorff95,
    surface_distances,
)
from scribblebench.types import LabelArray, LabelSpec, SpacingMm, distance_unit


@dataclass(frozen=True)
class ClassScore:
    """The metrics of one class of one case.

    Parameters
    ----------
    class_id : int
    class_name : str
    dsc : float
        Dice similarity coefficient, in [0, 1].
    hd, hd95, assd : float
        Surface distances in `distance_unit`, infinite where `failed`.
    distance_unit : str
        "mm", or "px" where the spacing is unknown.
    failed : bool
        Whether exactly one of prediction and target holds the class: it was missed or invented.
    """

    class_id: int
    class_name: str
    dsc: float
    hd: float
    hd95: float
    assd: float
    distance_unit: str
    failed: bool


def score_case(
    pred: LabelArray, target: LabelArray, *, labels: LabelSpec, spacing_mm: SpacingMm | None
) -> list[ClassScore]:
    """Score a predicted label map against the dense labels, class by class.

    A volume of one plane is measured in two dimensions: in three, each of its voxels would
    touch the outside and count as surface, and the zeros of the inner voxels would pull HD95
    and ASSD down.

    Parameters
    ----------
    pred, target : ndarray of uint8, one shape, (P, H, W) or (H, W)
        Dense label maps. Not modified.
    labels : LabelSpec
        One score is returned for each of its foreground classes.
    spacing_mm : tuple of float, or None
        One for each axis. None: distances are in pixels with unit spacing, in the planes'
        direction too.

    Returns
    -------
    scores : list of ClassScore
        In order of class id. In neither map: DSC 1, distances 0. In exactly one: `failed`,
        DSC 0, distances infinite.

    Raises
    ------
    ValueError
        If shape, dtype or spacing does not fit, or a label is not a class id.
    """
    if pred.shape != target.shape:
        raise ValueError(f"pred must have the target's shape {target.shape}, got {pred.shape}")
    if pred.ndim not in (2, 3):
        raise ValueError(f"pred must be (H, W) or (P, H, W), got shape {pred.shape}")
    if spacing_mm is not None and len(spacing_mm) != pred.ndim:
        raise ValueError(f"spacing_mm must be {pred.ndim} numbers, got {spacing_mm}")
    for name, label_map in (("pred", pred), ("target", target)):
        if label_map.dtype.kind not in "ui":
            raise ValueError(f"{name} must be an array of integers, got {label_map.dtype}")
        labels.check(label_map, name)
    spacing: Sequence[float] = (1.0,) * pred.ndim if spacing_mm is None else spacing_mm
    if pred.ndim == 3 and len(pred) == 1:
        pred, target, spacing = pred[0], target[0], spacing[1:]
    unit = distance_unit(spacing_mm)
    return [
        _score_class(pred, target, class_id, labels.class_names[class_id], spacing, unit)
        for class_id in labels.foreground
    ]


def _score_class(
    pred: LabelArray,
    target: LabelArray,
    class_id: int,
    class_name: str,
    spacing: Sequence[float],
    unit: str,
) -> ClassScore:
    pred_mask, target_mask = pred == class_id, target == class_id
    distances = surface_distances(pred_mask, target_mask, spacing=spacing)
    return ClassScore(
        class_id=class_id,
        class_name=class_name,
        dsc=dice(pred_mask, target_mask),
        hd=hausdorff(distances),
        hd95=hausdorff95(distances),
        assd=average_symmetric(distances),
        distance_unit=unit,
        failed=bool(pred_mask.any()) != bool(target_mask.any()),
    )
