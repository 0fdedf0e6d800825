"""MedScribble: 64 images of 14 tasks, each with scribbles that three people drew.

Source: Wong et al., ScribblePrompt, ECCV 2024, doi 10.1007/978-3-031-73661-2_12; images and masks
are those of other data sets, under their terms. Layout: the README of its folder in the
authors' repository.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scribblebench.data.dataset import DATASETS, CaseFiles, DatasetFacts, Split
from scribblebench.data.default_split import SPLIT_FACT, hash_split
from scribblebench.data.files import chosen_classes, data_folder
from scribblebench.errors import InputError
from scribblebench.io.arrays import read_array
from scribblebench.io.values import whole_numbers
from scribblebench.types import BACKGROUND, IGNORE_LABEL, AnyArray, Case, LabelArray, LabelSpec

OBJECT = 1
"""Class id of what the masks show; what that is depends on the task."""

NAMES = ("image", "mask", "scribbles")
"""Arrays of an .npz file."""

SCRIBBLE_NAME = re.compile(r"scribble_(\d)\.npy")


@dataclass(frozen=True)
class _Place:
    """Where an image lies: a folder of .npy files, or one .npz file."""

    path: Path
    task: str


class MedScribble:
    """MedScribble as published, a folder an image, or as one .npz file an image.

    The published layout is `DATASET/TASK/NAME/` with `img.npy` (256, 256), `seg.npy` of the same
    shape and, for each annotator, `scribble_0.npy` and so on (2, 256, 256), the first plane on
    the object and the second on the background. Images that may not be passed on lack `img.npy`
    and `seg.npy`, and are left out as long as they do. In the other, `TASK_NN.npz` holds `image`,
    `mask` and `scribbles` (annotators, 2, 256, 256). `root` holds these itself, or in
    `MedScribble/` or `medscribble/`.

    A case is one image and its own patient. A pixel that an annotator marked as both is not
    annotated.

    Parameters
    ----------
    root : Path
        Folder of the data set.
    annotator : int
        Whose scribbles are taken, from 1; an image that this annotator left out has none.
    tasks : list of str or None
        Only these, such as `acdc`; None is all that are there.

    Raises
    ------
    InputError
        If there is no root, no image in it, or an option does not fit.
    """

    name = "medscribble"
    facts = DatasetFacts(
        title="MedScribble: scribbles by three annotators on images of many kinds",
        modality="MRI, CT, ultrasound, X-ray, OCT and photographs, by task; one plane",
        channels=("image",),
        n_patients=64,
        split=f"none is published: {SPLIT_FACT}",
        licence="by task, that of the images' own source",
        citation="Wong et al., ScribblePrompt: Fast and Flexible Interactive Segmentation for Any "
        "Biomedical Image, ECCV 2024, doi 10.1007/978-3-031-73661-2_12; and the sources of the "
        "images",
        url="https://github.com/halleewong/ScribblePrompt",
    )
    labels = LabelSpec(("background", "object"))

    def __init__(
        self, root: Path | None, *, annotator: int = 1, tasks: Sequence[str] | None = None
    ) -> None:
        root = data_folder(root, self.name)
        found: dict[str, _Place] = {}
        for place in (root / "MedScribble", root / "medscribble", root):
            found = found or _images(place)
        if not found:
            raise InputError(
                f"{root}: holds neither DATASET/TASK/NAME/img.npy nor TASK_NN.npz (MedScribble "
                "layouts)"
            )
        if tasks is not None:
            known = tuple(sorted({place.task for place in found.values()}))
            chosen = chosen_classes(tasks, known, "tasks")
            found = {case_id: place for case_id, place in found.items() if place.task in chosen}
        if isinstance(annotator, bool) or not isinstance(annotator, int) or annotator < 1:
            raise InputError(f"annotator must be 1 or more, got {annotator!r}")
        self._places = found
        self._annotator = annotator
        numbers = [
            int(match[1])
            for place in found.values()
            if place.path.is_dir()
            for path in place.path.iterdir()
            if (match := SCRIBBLE_NAME.fullmatch(path.name))
        ]
        self._first = min(numbers, default=0)

    def case_ids(self) -> Sequence[str]:
        """Return all case ids (`DATASET_NAME`, or the names of the .npz files), sorted."""
        return sorted(self._places)

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case, whose only case it is."""
        return case_id

    def group(self, patient_id: str) -> str:
        """Return the task of a case, by which a split may be stratified."""
        return self._places[patient_id].task

    def split(self) -> Split:
        """Return a fixed split by image, as none is published; see `hash_split`."""
        return hash_split({case_id: case_id for case_id in self._places}, self.name)

    def files(self, case_id: str) -> CaseFiles:
        """Return the files of one case; one file may hold everything."""
        path = self._places[case_id].path
        if path.is_file():
            return CaseFiles((path,), path, path)
        scribble = path / f"scribble_{self._annotator - 1 + self._first}.npy"
        return CaseFiles(
            (path / "img.npy",), path / "seg.npy", scribble if scribble.is_file() else None
        )

    def load(self, case_id: str) -> Case:
        """Read an image, its mask and what the annotator drew.

        Raises
        ------
        InputError
            Naming the file that is damaged, or holds another shape or values.
        """
        path = self._places[case_id].path
        files = self.files(case_id)
        if path.is_file():
            image, mask, scribbles = (read_array(path, name) for name in NAMES)
            if not 1 <= self._annotator <= len(scribbles):
                raise InputError(
                    f"{path}: annotator must be from 1 to {len(scribbles)}, got {self._annotator}"
                )
            drawn: AnyArray | None = scribbles[self._annotator - 1]
        else:
            image, mask = read_array(files.images[0]), read_array(path / "seg.npy")
            drawn = None if files.scribble is None else read_array(files.scribble)
        if image.ndim != 2 or mask.shape != image.shape:
            raise InputError(
                f"{files.label}: mask must have the image's shape {image.shape}, got {mask.shape}"
            )
        assert files.label is not None, "it is always expected"
        label_map = whole_numbers(mask, files.label)
        self.labels.check(label_map, str(files.label))
        return Case(
            case_id=case_id,
            patient_id=case_id,
            image=image[None, None].astype(np.float32),
            label_map=label_map[None].astype(np.uint8),
            spacing_mm=None,
            affine=np.eye(4),
            scribble=None if drawn is None else _scribble(drawn, image.shape, files.scribble),
        )


def _images(place: Path) -> dict[str, _Place]:
    """Return the images in a folder by the ids of their cases.

    An id is `DATASET_NAME`, or with `TASK` between them if two images would have the same one.
    """
    folders = sorted(path.parent for path in place.glob("*/*/*/img.npy"))
    if folders:
        parts = [folder.relative_to(place).parts for folder in folders]
        ids = [f"{dataset}_{name}" for dataset, _, name in parts]
        if len({*ids}) < len(ids):
            ids = ["_".join(names) for names in parts]
        return {
            case_id: _Place(folder, names[0].lower())
            for case_id, folder, names in zip(ids, folders, parts, strict=True)
        }
    return {
        path.stem: _Place(path, path.stem.rpartition("_")[0])
        for path in sorted(place.glob("*_*.npz"))
        if not path.name.startswith(".")
    }


def _scribble(drawn: AnyArray, shape: tuple[int, ...], path: Path | None) -> LabelArray:
    """Return a scribble label map, shape (1, H, W), of marks on the object and the background."""
    if drawn.shape != (2, *shape):
        raise InputError(f"{path}: scribbles must have the shape {(2, *shape)}, got {drawn.shape}")
    marks, others = (plane > 0 for plane in drawn)
    scribble = np.full(shape, IGNORE_LABEL, dtype=np.uint8)
    scribble[marks & ~others] = OBJECT
    scribble[others & ~marks] = BACKGROUND
    return scribble[None]


DATASETS.add("medscribble", MedScribble)
