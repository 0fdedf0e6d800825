"""Data sets in nnU-Net's raw format (version 2), with or without its ignore label."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scribblebench.data.dataset import DATASETS, CaseFiles, DatasetFacts, Split
from scribblebench.data.dataset_json import read_description
from scribblebench.data.default_split import SPLIT_FACT, hash_split
from scribblebench.data.files import data_folder, read_case
from scribblebench.data.given_split import split_of
from scribblebench.errors import InputError
from scribblebench.io.names import ENDINGS, check_names, ending, without_ending
from scribblebench.types import IGNORE_LABEL, Case, LabelSpec

FOLDERS = {"Tr": "imagesTr", "Ts": "imagesTs"}

FIRST = "_0000"
"""Ends the name of the file of the first channel."""


class NnUnet:
    """A `DatasetNNN_Name` of nnU-Net: one file a channel, and `dataset.json`.

    The layout is `imagesTr/CASE_0000.nii.gz` with `_0001` and so on for further channels, and
    `labelsTr/CASE.nii.gz`; `imagesTs` counts as far as there is a `labelsTs`. Where no case has
    more than `_0000`, that file holds all channels, such as red, green and blue. `root` holds these
    folders itself, or in the only `Dataset*` folder.

    Where `dataset.json` has a label "ignore", the files of `labelsTr` are scribbles; one in which
    nothing is ignored is dense labels too. Those of `labelsTs` are dense.

    Parameters
    ----------
    root : Path
        Folder of the data set.
    patient : str or None
        Regular expression whose group is the patient in a case id. None: each case is a patient.

    Raises
    ------
    InputError
        If there is no root, no such data set in it, or `dataset.json` is damaged, has regions, or
        tells another number of cases or files that cannot be read here.
    """

    name = "nnunet"
    facts = DatasetFacts(
        title="A data set in nnU-Net's raw format",
        modality="any",
        channels=(),
        n_patients=None,
        split=f"labelsTs is test where it is there; else {SPLIT_FACT}",
        licence="yours",
        citation="format: Isensee et al., nnU-Net: a self-configuring method for deep "
        "learning-based biomedical image segmentation, Nature Methods 18, 203-211, 2021, "
        "doi 10.1038/s41592-020-01008-z",
        url="https://github.com/MIC-DKFZ/nnUNet",
    )

    def __init__(self, root: Path | None, *, patient: str | None = None) -> None:
        self._root = dataset_folder(data_folder(root, self.name))
        described = read_description(self._root / "dataset.json")
        self._ignore = described.ignore
        self.labels = LabelSpec(described.class_names)
        self.facts = dataclasses.replace(self.facts, channels=described.channels)
        where = str(described.path)
        self._ending = described.content.get("file_ending", ".nii.gz")
        if not isinstance(self._ending, str) or self._ending.lower() != ending(self._ending):
            raise InputError(
                f"{where}: file_ending: must be one of {', '.join(ENDINGS)}, got {self._ending!r}"
            )
        folders = (*FOLDERS.values(), *(f"labels{kind}" for kind in FOLDERS))
        self._there = {folder: self._names(folder) for folder in folders}
        self._cases = dict.fromkeys(self._with_image("Tr"), "Tr")
        self._check_number(described.content.get("numTraining", len(self._cases)), where)
        test = [c for c in self._with_image("Ts") if c in self._there["labelsTs"]]
        self._cases |= {c: "Ts" for c in test if c not in self._cases}
        if not self._cases:
            raise InputError(f"{self._root}: imagesTr holds no CASE_0000{self._ending}")
        self._one_file = not any(
            f"{case_id}_{channel:04d}" in self._there[FOLDERS[kind]]
            for case_id, kind in self._cases.items()
            for channel in range(1, len(described.channels))
        )
        self._patients = {case_id: _patient(case_id, patient) for case_id in self._cases}

    def _names(self, folder: str) -> dict[str, Path]:
        """Return the files of a folder that have the data set's ending, by names without it."""
        place = self._root / folder
        paths = [
            path
            for path in (sorted(place.iterdir()) if place.is_dir() else ())
            if ending(path.name) == self._ending.lower() and not path.name.startswith(".")
        ]
        check_names(paths, place)
        return {without_ending(path.name): path for path in paths}

    def _with_image(self, kind: str) -> list[str]:
        """Return the cases of a folder of images by their first channels."""
        names = self._there[FOLDERS[kind]]
        return [name.removesuffix(FIRST) for name in names if name.endswith(FIRST)]

    def _check_number(self, wanted: Any, where: str) -> None:
        """Refuse another number of cases than `dataset.json` tells, and say what is lacking."""
        if wanted == len(self._cases):
            return
        lacking = ""
        for name in self._there["labelsTr"]:
            if name not in self._cases:
                image = self._path("imagesTr", f"{name}{FIRST}")
                lacking = f"; {self._path('labelsTr', name)} has no image {image.name}"
                break
        raise InputError(
            f"{where}: numTraining: must be the number of cases in imagesTr, {len(self._cases)}, "
            f"got {wanted!r}{lacking}"
        )

    def _path(self, folder: str, name: str) -> Path:
        return self._there[folder].get(name, self._root / folder / f"{name}{self._ending}")

    def case_ids(self) -> Sequence[str]:
        """Return all case ids, sorted."""
        return sorted(self._cases)

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case."""
        return self._patients[case_id]

    def split(self) -> Split:
        """Return a fixed split by patient (see `hash_split`); test is labelsTs if it is there.

        With test cases of its own, a fifth of the other patients is val.
        """
        own = {c: p for c, p in self._patients.items() if self._cases[c] == "Tr"}
        split = hash_split(own, self.name)
        if len(own) == len(self._cases):
            return split
        part_of = {c: "val" if c in split["test"] else "train" for c in own}
        part_of |= {c: "test" for c in self._cases if c not in own}
        return split_of(part_of, self._patients, str(self._root))

    def files(self, case_id: str) -> CaseFiles:
        """Return the files of one case; labels are always expected."""
        kind = self._cases[case_id]
        n_files = 1 if self._one_file else len(self.facts.channels)
        images = tuple(
            self._path(FOLDERS[kind], f"{case_id}_{channel:04d}") for channel in range(n_files)
        )
        labels = self._path(f"labels{kind}", case_id)
        if self._ignore is None or kind == "Ts":
            return CaseFiles(images, labels, None)
        return CaseFiles(images, None, labels)

    def load(self, case_id: str) -> Case:
        """Read image and labels; scribbles that leave nothing out are dense labels too."""
        case = read_case(
            self.files(case_id),
            case_id=case_id,
            patient_id=self.patient_id(case_id),
            labels=self.labels,
            channels=self.facts.channels,
            ignore=IGNORE_LABEL if self._ignore is None else self._ignore,
        )
        if case.scribble is None or np.any(case.scribble == IGNORE_LABEL):
            return case
        return dataclasses.replace(case, label_map=case.scribble)


def dataset_folder(root: Path) -> Path:
    """Return the folder that holds `imagesTr`: `root`, or the only data set in it.

    Raises
    ------
    InputError
        If there is none, or there are several.
    """
    if (root / "imagesTr").is_dir():
        return root
    found = sorted(p for p in root.glob("Dataset*") if (p / "imagesTr").is_dir())
    if not found:
        raise InputError(f"{root}: holds no imagesTr (raw format of nnU-Net)")
    if len(found) > 1:
        names = ", ".join(p.name for p in found)
        raise InputError(f"{root}: holds several data sets, give the folder of one: {names}")
    return found[0]


def _patient(case_id: str, rule: str | None) -> str:
    """Return the patient of a case by a regular expression."""
    if rule is None:
        return case_id
    try:
        match = re.search(rule, case_id)
    except re.error as error:
        raise InputError(f"patient: must be a regular expression ({error})") from error
    if match is None:
        raise InputError(f"patient: '{rule}' does not fit case '{case_id}'")
    return match[min(1, match.re.groups)]


DATASETS.add("nnunet", NnUnet)
