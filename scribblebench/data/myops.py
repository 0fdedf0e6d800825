"""MyoPS 2020: cardiac MRI of three sequences, with scar and oedema of the myocardium.

Source: Li et al. 2023, Medical Image Analysis 87, arXiv 2201.03186; Zhuang 2019, IEEE TPAMI
41(12), doi 10.1109/TPAMI.2018.2869576; data of a challenge, for research.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from scribblebench.data.dataset import DATASETS, CaseFiles, DatasetFacts, Split
from scribblebench.data.default_split import SPLIT_FACT, hash_split
from scribblebench.data.files import chosen_classes, data_folder, read_case
from scribblebench.errors import InputError
from scribblebench.types import Case, LabelSpec

IMAGE_NAME = re.compile(r"(?P<case>myops_training_\d+)_C0(?P<suffix>\.nii(\.gz)?)")
SEQUENCES = ("C0", "DE", "T2")
"""bSSFP cine, LGE and T2-weighted: one file each, registered to one grid by the challenge."""

VALUES = {"LV": 500, "RV": 600, "myocardium": 200, "oedema": 1220, "scar": 2221}
"""What the label files hold; "myocardium" is the normal one, "LV" and "RV" are blood."""

DEFAULT = ("LV", "myocardium", "oedema", "scar")
"""The paper's task is scar and oedema, with LV and myocardium around them."""

WITHIN = {"oedema": "myocardium", "scar": "myocardium"}
"""What a class that is not asked for is part of; all others are background then."""


class Myops:
    """MyoPS 2020 in the layout of its download; the 25 patients with published labels.

    The layout is `train25/myops_training_NNN_C0.nii.gz`, `_DE` and `_T2`, and
    `train25_myops_gd/myops_training_NNN_gd.nii.gz`; `root` holds these folders itself, or in
    `myops/`, `myops2020/` or `MyoPS 2020 Dataset/`. The channels are in the order C0, DE, T2.

    Parameters
    ----------
    root : Path
        Folder of the data set.
    classes : list of str
        Some of LV, RV, myocardium, oedema and scar; class ids are in this order. Oedema and scar
        that are not asked for count as myocardium, all else as background.

    Raises
    ------
    InputError
        If there is no root, no patient in it, or a class is unknown.
    """

    name = "myops"
    facts = DatasetFacts(
        title="Myocardial Pathology Segmentation Challenge 2020 (MyoPS 2020)",
        modality="cardiac MRI of three sequences, short axis",
        channels=("bSSFP MRI", "LGE MRI", "T2 MRI"),
        n_patients=25,
        split=f"none is published: {SPLIT_FACT}",
        licence="for research, by the challenge's terms, after registration",
        citation="Li et al., MyoPS: A Benchmark of Myocardial Pathology Segmentation Combining "
        "Three-Sequence Cardiac Magnetic Resonance Images, Medical Image Analysis 87, 2023, arXiv "
        "2201.03186; Zhuang, Multivariate Mixture Model for Myocardial Segmentation Combining "
        "Multi-Source Images, IEEE TPAMI 41(12), 2019, doi 10.1109/TPAMI.2018.2869576",
        url="https://zmiclab.github.io/zxh/0/myops20/",
    )
    labels = LabelSpec(("background", *DEFAULT))

    def __init__(self, root: Path | None, *, classes: Sequence[str] = DEFAULT) -> None:
        root = data_folder(root, self.name)
        asked = chosen_classes(classes, tuple(VALUES), "classes")
        self.labels = LabelSpec(("background", *asked))
        names = self.labels.class_names
        wanted = {name: name if name in names else WITHIN.get(name, "") for name in VALUES}
        self._values = {0: 0} | {
            value: names.index(wanted[name]) if wanted[name] in names else 0
            for name, value in VALUES.items()
        }
        places = [root, *(root / name for name in ("myops", "myops2020", "MyoPS 2020 Dataset"))]
        self._images: dict[str, tuple[Path, str]] = {}
        self._labels: dict[str, Path] = {}
        for place in places:
            for path in sorted(place.glob("train25/**/*.nii*")):
                if match := IMAGE_NAME.fullmatch(path.name):
                    self._images.setdefault(match["case"], (path.parent, match["suffix"]))
            for path in sorted(place.glob("train25_myops_gd/**/*_gd.nii*")):
                self._labels.setdefault(path.name.split("_gd.")[0], path)
        if not self._images:
            raise InputError(
                f"{root}: holds no train25/myops_training_NNN_C0.nii.gz (MyoPS 2020 layout)"
            )

    def case_ids(self) -> Sequence[str]:
        """Return all case ids (`myops_training_NNN`), sorted."""
        return sorted(self._images)

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case, whose only case it is."""
        return case_id

    def split(self) -> Split:
        """Return a fixed split by patient, as none is published; see `hash_split`."""
        return hash_split({case_id: case_id for case_id in self._images}, self.name)

    def files(self, case_id: str) -> CaseFiles:
        """Return the files of one case: three images and, always expected, dense labels."""
        folder, suffix = self._images[case_id]
        images = tuple(folder / f"{case_id}_{sequence}{suffix}" for sequence in SEQUENCES)
        expected = folder.parent / "train25_myops_gd" / f"{case_id}_gd{suffix}"
        return CaseFiles(images, self._labels.get(case_id, expected), None)

    def load(self, case_id: str) -> Case:
        """Read the three sequences, which must be on one grid, and the dense labels."""
        return read_case(
            self.files(case_id),
            case_id=case_id,
            patient_id=self.patient_id(case_id),
            labels=self.labels,
            channels=self.facts.channels,
            values=self._values,
        )


DATASETS.add("myops", Myops)
