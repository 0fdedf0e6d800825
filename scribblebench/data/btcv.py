"""BTCV: abdominal CT of 30 patients with 13 organs.

Source: Landman et al. 2015, MICCAI Multi-Atlas Labeling Beyond the Cranial Vault - Workshop and
Challenge, doi 10.7303/syn3193805.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scribblebench.data.dataset import DATASETS, CaseFiles, DatasetFacts, Split
from scribblebench.data.default_split import SPLIT_FACT, hash_split
from scribblebench.data.files import chosen_classes, data_folder, read_case
from scribblebench.errors import InputError
from scribblebench.io.nifti import case_name, list_volumes
from scribblebench.types import Case, FloatArray, LabelSpec

ORGANS = (
    *("spleen", "right kidney", "left kidney", "gallbladder", "oesophagus", "liver", "stomach"),
    *("aorta", "inferior vena cava", "portal and splenic veins", "pancreas"),
    *("right adrenal gland", "left adrenal gland"),
)
"""In the order of the label values 1 to 13."""

SOFT_TISSUE = (40.0, 400.0)
"""Centre and width in HU of the usual window for the abdomen."""

LAYOUTS = (
    *(("RawData/Training/img", "RawData/Training/label"), ("Training/img", "Training/label")),
    *(("imagesTr", "labelsTr"), ("img", "label")),
)


class Btcv:
    """BTCV in the layout of its download, or with the folders of the Decathlon.

    The layout is `img/imgNNNN.nii.gz` and `label/labelNNNN.nii.gz` in `RawData/Training/`, or
    `imagesTr/` and `labelsTr/` with these names or equal ones; `root` holds these folders itself,
    or in `btcv/`, `BTCV/` or `Abdomen/`. The scans of `Testing/` have no labels and are left out.

    Parameters
    ----------
    root : Path
        Folder of the data set.
    organs : list of str
        Some of the 13; class ids are in the order of the list, all others are background.
    window : list of 2 floats, or None
        Centre and width in HU: intensities are cut to it on loading. None: all as they are.

    Raises
    ------
    InputError
        If there is no root, no scan in it, an organ is unknown or the window is none.
    """

    name = "btcv"
    facts = DatasetFacts(
        title="Multi-Atlas Labeling Beyond the Cranial Vault, abdomen (BTCV)",
        modality="abdominal CT, portal venous phase",
        channels=("CT",),
        n_patients=30,
        split=f"none is published: {SPLIT_FACT}",
        licence="by the terms of use of Synapse, after registration",
        citation="Landman et al., MICCAI Multi-Atlas Labeling Beyond the Cranial Vault - Workshop "
        "and Challenge, 2015, doi 10.7303/syn3193805",
        url="https://www.synapse.org/Synapse:syn3193805",
    )
    labels = LabelSpec(("background", *ORGANS))

    def __init__(
        self,
        root: Path | None,
        *,
        organs: Sequence[str] = ORGANS,
        window: Sequence[float] | None = SOFT_TISSUE,
    ) -> None:
        root = data_folder(root, self.name)
        chosen = chosen_classes(organs, ORGANS, "organs")
        self.labels = LabelSpec(("background", *chosen))
        self._values = {0: 0} | {
            value: chosen.index(organ) + 1 if organ in chosen else 0
            for value, organ in enumerate(ORGANS, start=1)
        }
        self._range = None if window is None else intensity_range(window)
        places = [root, *(root / name for name in ("btcv", "BTCV", "Abdomen"))]
        folders = [
            (place / images, place / labels)
            for place in places
            for images, labels in LAYOUTS
            if (place / images).is_dir()
        ]
        if not folders:
            raise InputError(
                f"{root}: holds neither RawData/Training/img nor imagesTr (BTCV layout)"
            )
        images, self._label_folder = folders[0]
        self._images = {re.sub(r"_0000$", "", case_name(p)): p for p in list_volumes(images)}

    def case_ids(self) -> Sequence[str]:
        """Return all case ids (`imgNNNN`), sorted."""
        return sorted(self._images)

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case, whose only case it is."""
        return case_id

    def split(self) -> Split:
        """Return a fixed split by patient, as none is published; see `hash_split`."""
        return hash_split({case_id: case_id for case_id in self._images}, self.name)

    def files(self, case_id: str) -> CaseFiles:
        """Return the files of one case; dense labels are always expected."""
        image = self._images[case_id]
        suffix = image.name.removeprefix(case_name(image))
        names = [case_id.replace("img", "label"), case_id]
        labels = [self._label_folder / f"{name}{suffix}" for name in names]
        return CaseFiles((image,), next((p for p in labels if p.exists()), labels[0]), None)

    def load(self, case_id: str) -> Case:
        """Read a scan, cut its intensities to the window, and read its dense labels."""
        case = read_case(
            self.files(case_id),
            case_id=case_id,
            patient_id=self.patient_id(case_id),
            labels=self.labels,
            channels=self.facts.channels,
            values=self._values,
        )
        if self._range is None:
            return case
        image: FloatArray = np.clip(case.image, *self._range)
        return dataclasses.replace(case, image=image)


def intensity_range(window: Sequence[float]) -> tuple[np.float32, np.float32]:
    """Return the least and greatest intensity of a window.

    Raises
    ------
    InputError
        If it is not two numbers, the second of them > 0.
    """
    numbers = isinstance(window, list | tuple) and all(
        isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in window
    )
    if not numbers or len(window) != 2 or window[1] <= 0:
        raise InputError(f"window must be [centre, width] with width > 0, got {window!r}")
    centre, width = window
    return np.float32(centre - width / 2), np.float32(centre + width / 2)


DATASETS.add("btcv", Btcv)
