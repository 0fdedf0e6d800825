"""MSCMRseg: late gadolinium enhanced (LGE) cardiac MRI of 45 patients, by CycleMix's split.

Source: Zhuang 2019, IEEE TPAMI 41(12), doi 10.1109/TPAMI.2018.2869576; data of a challenge, for
research. Expert scribbles and split: Zhang and Zhuang, CycleMix, CVPR 2022; ZScribbleSeg uses
the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scribblebench.data.dataset import DATASETS, CaseFiles, DatasetFacts, Split
from scribblebench.data.files import data_folder, read_case
from scribblebench.errors import InputError
from scribblebench.io.names import case_name, list_volumes
from scribblebench.types import Case, LabelSpec

VALUES = {0: 0, 1: 1, 2: 2, 3: 3, 600: 1, 200: 2, 500: 3}
"""Label values of CycleMix's files, which are class ids, and of the challenge's own."""

SCRIBBLE_IGNORE = 4
"""What the published scribble files hold where nothing is annotated."""

FOLDERS = {"train": "train", "val": "val", "test": "TestSet"}
"""Where the cases of each part of the split lie."""


class Mscmr:
    """MSCMRseg as CycleMix published it: a folder a part, scribbles or dense labels beside.

    The layout is `train/`, `val/` and `TestSet/`, each with `images/NAME.nii.gz` and, in
    `labels/`, `NAME_scribble.nii.gz` (the 25 of train), `NAME_manual.nii.gz` (the 5 of val and
    15 of TestSet) or both; `root` holds these folders itself, or in `mscmr/`.

    Parameters
    ----------
    root : Path
        Folder of the data set.

    Raises
    ------
    InputError
        If there is no root, none of the three folders in it, or a case in two of them.
    """

    name = "mscmr"
    facts = DatasetFacts(
        title="Multi-Sequence Cardiac MR Segmentation Challenge (MSCMRseg)",
        modality="LGE cardiac MRI, short axis",
        channels=("LGE MRI",),
        n_patients=45,
        split="by CycleMix's folders: 25 train, 5 val, 15 test",
        licence="for research, by the challenge's terms",
        citation="Zhuang, Multivariate Mixture Model for Myocardial Segmentation Combining "
        "Multi-Source Images, IEEE TPAMI 41(12), 2019, doi 10.1109/TPAMI.2018.2869576; scribbles "
        "and split: Zhang and Zhuang, CycleMix: A Holistic Strategy for Medical Image "
        "Segmentation from Scribble Supervision, CVPR 2022",
        url="https://zmiclab.github.io/zxh/0/mscmrseg19/",
    )
    labels = LabelSpec(("background", "RV", "myocardium", "LV"))

    def __init__(self, root: Path | None) -> None:
        root = data_folder(root, self.name)
        places = [
            place
            for place in (root, root / "mscmr")
            if any((place / folder / "images").is_dir() for folder in FOLDERS.values())
        ]
        if not places:
            raise InputError(
                f"{root}: holds none of train/images, val/images and TestSet/images (MSCMRseg "
                "layout of CycleMix)"
            )
        self._images: dict[str, Path] = {}
        self._parts: dict[str, tuple[str, ...]] = {}
        for part, folder in FOLDERS.items():
            images = places[0] / folder / "images"
            found = {case_name(p): p for p in list_volumes(images)} if images.is_dir() else {}
            for case_id in found.keys() & self._images.keys():
                raise InputError(f"{found[case_id]}: is also there as {self._images[case_id]}")
            self._images |= found
            self._parts[part] = tuple(sorted(found))

    def case_ids(self) -> Sequence[str]:
        """Return all case ids, which are the names of the image files, sorted."""
        return sorted(self._images)

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case, whose only case it is."""
        return case_id

    def split(self) -> Split:
        """Return the published split: 25 train, 5 val and 15 test."""
        return Split(self._parts)

    def files(self, case_id: str) -> CaseFiles:
        """Return the files of one case; dense labels or scribbles may be missing, not both.

        Raises
        ------
        InputError
            If there are neither.
        """
        path = self._images[case_id]
        folder = path.parents[1] / "labels"
        label, scribble = (
            folder / path.name.replace(".nii", f"_{kind}.nii") for kind in ("manual", "scribble")
        )
        if not (label.exists() or scribble.exists()):
            raise InputError(f"{folder}: holds neither {label.name} nor {scribble.name}")
        return CaseFiles(
            (path,), label if label.exists() else None, scribble if scribble.exists() else None
        )

    def load(self, case_id: str) -> Case:
        """Read image, dense labels and expert scribbles; one of the two may be missing.

        The geometry is that of the image: the label file of subject43 has lost its position.
        """
        return read_case(
            self.files(case_id),
            case_id=case_id,
            patient_id=self.patient_id(case_id),
            labels=self.labels,
            channels=self.facts.channels,
            values=VALUES,
            ignore=SCRIBBLE_IGNORE,
        )


DATASETS.add("mscmr", Mscmr)
