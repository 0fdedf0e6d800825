"""BTCV: abdominal CT of 30 patients with 13 organs.

Source: Landman et al. 2015, MICCAI Multi-Atlas Labeling Beyond the Cranial Vault - Workshop and
Challenge, doi 10.7303/syn3193805.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from scribblebench.data.dataset import DATASETS, CaseFiles, DatasetFacts, Split
from scribblebench.data.default_split import SPLIT_FACT, hash_split
from scribblebench.data.files import chosen_classes, data_folder, read_case
from scribblebench.errors import InputError
from scribblebench.io.names import case_name, list_volumes
from scribblebench.types import Case, LabelSpec

ORGANS = (
    *("spleen", "right kidney", "left kidney", "gallbladder", "oesophagus", "liver", "stomach"),
    *("aorta", "inferior vena cava", "portal and splenic veins", "pancreas"),
    *("right adrenal gland", "left adrenal gland"),
)
"""In the order of the label values 1 to 13."""

SOFT_TISSUE = (-160.0, 240.0)
"""The usual window for the abdomen: 400 HU wide about 40."""

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

    Raises
    ------
    InputError
        If there is no root, no scan in it, or an organ is unknown.
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
        intensity_range=SOFT_TISSUE,
    )
    labels = LabelSpec(("background", *ORGANS))

    def __init__(
        self,
        root: Path | None,
        *,
        organs: Sequence[str] = ORGANS,
    ) -> None:
        root = data_folder(root, self.name)
        chosen = chosen_classes(organs, ORGANS, "organs")
        self.labels = LabelSpec(("background", *chosen))
        self._values = {0: 0} | {
            value: chosen.index(organ) + 1 if organ in chosen else 0
            for value, organ in enumerate(ORGANS, start=1)
        }
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
        """Read a scan and its dense labels."""
        return read_case(
            self.files(case_id),
            case_id=case_id,
            patient_id=self.patient_id(case_id),
            labels=self.labels,
            channels=self.facts.channels,
            values=self._values,
        )


DATASETS.add("btcv", Btcv)
