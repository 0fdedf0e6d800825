"""Arrays, label lists and cases: the vocabulary that every other module shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scribblebench.errors import InputError

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
LabelArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
AnyArray = npt.NDArray[Any]
SpacingMm = tuple[float, ...]

IGNORE_LABEL = 255
"""Value of a pixel that is not annotated, in every label map inside the package."""

BACKGROUND = 0
"""Class id of the background, which is annotated like any other class."""


@dataclass(frozen=True)
class LabelSpec:
    """The classes of a data set, listed and never inferred from the labels that occur.

    Parameters
    ----------
    class_names : tuple of str
        Names in order of class id; the first is the background.
    """

    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.class_names) < 2:
            raise ValueError(f"class_names must hold 2 or more names, got {self.class_names}")
        if len(set(self.class_names)) != len(self.class_names):
            raise ValueError(f"class_names must differ, got {self.class_names}")
        if len(self.class_names) > IGNORE_LABEL:
            raise ValueError(f"class_names must hold at most {IGNORE_LABEL} names")

    @property
    def n_classes(self) -> int:
        """Number of classes, background included."""
        return len(self.class_names)

    @property
    def foreground(self) -> range:
        """Class ids without the background."""
        return range(1, self.n_classes)

    def check(self, label_map: AnyArray, where: str, *, sparse: bool = False) -> None:
        """Refuse values that are not class ids.

        Parameters
        ----------
        label_map : integer array of any shape
        where : str
            The file or case, for the message.
        sparse : bool
            Whether `IGNORE_LABEL` may occur (a scribble label map).

        Raises
        ------
        InputError
            Naming the values outside the class list and how many pixels hold them.
        """
        known = [*range(self.n_classes), *([IGNORE_LABEL] if sparse else [])]
        values, counts = np.unique(label_map, return_counts=True)
        bad = [f"{v} ({c} px)" for v, c in zip(values, counts, strict=True) if int(v) not in known]
        if bad:
            listed = ", ".join(f"{i} {name}" for i, name in enumerate(self.class_names))
            extra = f", {IGNORE_LABEL} not annotated" if sparse else ""
            raise InputError(
                f"{where}: label values must be among [{listed}{extra}], got {', '.join(bad)}"
            )


@dataclass(frozen=True)
class Case:
    """One patient study, or one time frame of it.

    Parameters
    ----------
    case_id : str
        Unique in the data set.
    patient_id : str
        Cases of one patient share it; splits and statistics go by patient.
    image : ndarray of float32, shape (C, P, H, W)
        Channels, planes, rows, columns; intensities as stored.
    label_map : ndarray of uint8, shape (P, H, W), or None
        Dense labels; None where the data set has none for this case.
    spacing_mm : tuple of 3 floats, or None
        (plane, row, col) distances; None where the file does not say.
    affine : ndarray of float64, shape (4, 4)
        Voxel (col, row, plane) to world, as NIfTI has it.
    scribble : ndarray of uint8, shape (P, H, W), or None
        Scribbles that come with the data set; `IGNORE_LABEL` where not annotated.
    """

    case_id: str
    patient_id: str
    image: FloatArray
    label_map: LabelArray | None
    spacing_mm: SpacingMm | None
    affine: Float64Array
    scribble: LabelArray | None = None

    def __post_init__(self) -> None:
        if self.image.ndim != 4:
            raise ValueError(f"image must be (C, P, H, W), got shape {self.image.shape}")
        for name, array in (("label map", self.label_map), ("scribble", self.scribble)):
            if array is not None and array.shape != self.image.shape[1:]:
                raise InputError(
                    f"{self.case_id}: {name} must have the image's shape "
                    f"{self.image.shape[1:]}, got {array.shape}"
                )

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns of a plane."""
        rows, cols = self.image.shape[2:]
        return rows, cols


def distance_unit(spacing_mm: Sequence[float] | None) -> str:
    """Return "mm" where the spacing is known and "px" where it is not."""
    return "px" if spacing_mm is None else "mm"
