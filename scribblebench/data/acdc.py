"""ACDC: cine MRI of 100 patients at end diastole and end systole.

Source: Bernard et al. 2018, IEEE TMI 37(11), doi 10.1109/TMI.2018.2837502; licence
CC BY-NC-SA 4.0. Expert scribbles: Valvano et al. 2021, IEEE TMI 40(8),
doi 10.1109/TMI.2021.3069634.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from scribblebench.data.dataset import DATASETS, CaseFiles, DatasetFacts, Split
from scribblebench.data.files import data_folder, read_case
from scribblebench.errors import InputError
from scribblebench.types import Case, LabelSpec

SCRIBBLE_IGNORE = 4
"""What the published scribble files hold where nothing is annotated."""

IMAGE_NAME = re.compile(r"(?P<patient>patient\d{3})_frame\d{2}\.nii(\.gz)?")
PATIENTS_PER_GROUP = 20
"""The training patients' ids run in groups of 20, one group a diagnosis."""

GROUPS = ("DCM", "HCM", "MINF", "NOR", "RV")
"""Diagnoses of the training patients in order of their ids, as the files Info.cfg call them."""


class Acdc:
    """ACDC in its official layout, with expert scribbles where they lie beside the images.

    The layout is `patientNNN/patientNNN_frameFF.nii.gz` with `_gt` for dense labels and
    `_scribble` for expert scribbles; `root` holds the patients' folders itself, or in `acdc/`,
    `training/` or `database/training/`.

    Parameters
    ----------
    root : Path
        Folder of the data set.

    Raises
    ------
    InputError
        If there is no root or no patient in it.
    """

    name = "acdc"
    facts = DatasetFacts(
        title="Automated Cardiac Diagnosis Challenge",
        modality="cine MRI, short axis, at end diastole and end systole",
        channels=("cine MRI",),
        n_patients=100,
        split="by patient within each diagnosis: 7/16 train, 7/16 pool, 1/8 val",
        licence="CC BY-NC-SA 4.0",
        citation="Bernard et al., Deep Learning Techniques for Automatic MRI Cardiac Multi-"
        "structures Segmentation and Diagnosis: Is the Problem Solved?, IEEE TMI 37(11), 2018, "
        "doi 10.1109/TMI.2018.2837502; scribbles: Valvano et al., Learning to Segment from "
        "Scribbles using Multi-scale Adversarial Attention Gates, IEEE TMI 40(8), 2021, "
        "doi 10.1109/TMI.2021.3069634",
        url="https://www.creatis.insa-lyon.fr/Challenge/acdc/",
    )
    labels = LabelSpec(("background", "RV", "myocardium", "LV"))

    def __init__(self, root: Path | None) -> None:
        root = data_folder(root, self.name)
        places = [root, root / "acdc", root / "training", root / "database" / "training"]
        images = [p for place in places for p in sorted(place.glob("patient*/*_frame*.nii*"))]
        self._images: dict[str, Path] = {}
        for path in images:
            if IMAGE_NAME.fullmatch(path.name):
                self._images.setdefault(path.name.split(".")[0], path)
        if not self._images:
            raise InputError(f"{root}: holds no patientNNN/patientNNN_frameFF.nii.gz (ACDC layout)")

    def case_ids(self) -> Sequence[str]:
        """Return all case ids (`patientNNN_frameFF`), sorted."""
        return sorted(self._images)

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case (`patientNNN`)."""
        return case_id.split("_")[0]

    def group(self, patient_id: str) -> str:
        """Return the diagnosis of a patient by Info.cfg beside the images, else by the id.

        Raises
        ------
        InputError
            If there is no Info.cfg with it and the patient is none of the 100 for training.
        """
        folder = next(p.parent for c, p in self._images.items() if self.patient_id(c) == patient_id)
        info = folder / "Info.cfg"
        if info.is_file():
            found = re.search(r"^Group:\s*(\w+)", info.read_text(encoding="utf-8"), re.MULTILINE)
            if found:
                return found[1]
        number = (int(patient_id.removeprefix("patient")) - 1) // PATIENTS_PER_GROUP
        if not 0 <= number < len(GROUPS):
            raise InputError(f"{info}: must hold the patient's Group")
        return GROUPS[number]

    def split(self) -> Split:
        """Divide the patients of each diagnosis into 7/16 train, 7/16 pool and 1/8 validation.

        Diagnoses are told by the ids, which run in groups of 20. Within a group, patients go in
        order of id: first train, then pool (kept for later use), the last ones validation. With
        the 16 patients a group that this was made for, that is 7, 7 and 2.
        """
        parts: dict[str, list[str]] = {"train": [], "pool": [], "val": []}
        groups: dict[int, list[str]] = {}
        for patient in sorted({self.patient_id(c) for c in self._images}):
            number = int(patient.removeprefix("patient"))
            groups.setdefault((number - 1) // PATIENTS_PER_GROUP, []).append(patient)
        part_of: dict[str, str] = {}
        for patients in groups.values():
            n = len(patients)
            n_val = max(1, round(n / 8)) if n > 1 else 0
            n_train = max(1, round(n * 7 / 16))
            for position, patient in enumerate(patients):
                last = position >= n - n_val
                part_of[patient] = "train" if position < n_train else "val" if last else "pool"
        for case_id in self.case_ids():
            parts[part_of[self.patient_id(case_id)]].append(case_id)
        return Split({name: tuple(cases) for name, cases in parts.items()})

    def files(self, case_id: str) -> CaseFiles:
        """Return the files of one case; dense labels are always expected, scribbles are not."""
        path = self._images[case_id]
        label, scribble = (
            path.with_name(path.name.replace(".nii", f"_{kind}.nii")) for kind in ("gt", "scribble")
        )
        return CaseFiles((path,), label, scribble if scribble.exists() else None)

    def load(self, case_id: str) -> Case:
        """Read image, dense labels and, where there are any, expert scribbles.

        The spacing is None where the copy has lost it (identity affine): real ACDC planes lie
        5 to 10 mm apart.
        """
        return read_case(
            self.files(case_id),
            case_id=case_id,
            patient_id=self.patient_id(case_id),
            labels=self.labels,
            channels=self.facts.channels,
            ignore=SCRIBBLE_IGNORE,
        )


DATASETS.add("acdc", Acdc)
