"""Medical Segmentation Decathlon: any of its tasks, three of them under names of their own.

Source: Antonelli et al. 2022, Nature Communications 13:4128, doi 10.1038/s41467-022-30695-9;
licence CC BY-SA 4.0.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scribblebench.data.dataset import DATASETS, CaseFiles, DatasetFacts, Split
from scribblebench.data.dataset_json import Description, read_description
from scribblebench.data.decathlon_tasks import TASKS, Task, find_task
from scribblebench.data.default_split import SPLIT_FACT, hash_split
from scribblebench.data.files import data_folder, read_case
from scribblebench.errors import InputError
from scribblebench.io.names import case_name, list_volumes
from scribblebench.types import Case, LabelSpec

IMAGES, LABELS = ("imagesTr",), ("labelsTr", "gt_segmentations")
"""Folders of the cases; label maps that come alone are also found where nnU-Net keeps them."""


def facts_of(task: Task) -> DatasetFacts:
    """Return what is known of a task before there is a copy of it."""
    return dataclasses.replace(
        Decathlon.facts,
        title=f"Medical Segmentation Decathlon, {task.folder}",
        modality=task.modality,
        channels=task.channels,
        n_patients=task.n_patients,
    )


class Decathlon:
    """A task of the Decathlon in its official layout, or anything else in that layout.

    The layout is `imagesTr/NAME.nii.gz`, with channels along the fourth axis,
    `labelsTr/NAME.nii.gz` and `dataset.json`. `root` holds these itself, or in a folder under the
    task's official or short name (`Task04_Hippocampus`, `hippocampus`). A case is a patient.

    The cases are those that `dataset.json` lists under `training`; without that list, the files
    of `imagesTr`. Of the ten official tasks `dataset.json` may be missing. Names of their classes
    and channels are ours, so that they are the same in every copy.

    Parameters
    ----------
    root : Path
        Folder of the data set.
    task : str, int or None
        Number or name of an official task (4, `Task04_Hippocampus`, `hippocampus`), or the name of
        a folder in `root`. None: the task that `root` is, or the only one in it.
    images : bool
        False: the label maps of `labelsTr` or `gt_segmentations` alone, to be checked and drawn on.

    Raises
    ------
    InputError
        If there is no root, no such task in it, it has labels only, or `dataset.json` is damaged or
        is another task's.
    """

    name = "msd"
    facts = DatasetFacts(
        title="Medical Segmentation Decathlon, any task",
        modality="CT or MRI, by task",
        channels=(),
        n_patients=None,
        split=f"none is published: {SPLIT_FACT}",
        licence="CC BY-SA 4.0",
        citation="Antonelli et al., The Medical Segmentation Decathlon, Nature Communications 13, "
        "4128, 2022, doi 10.1038/s41467-022-30695-9",
        url="http://medicaldecathlon.com/",
    )
    labels: LabelSpec

    def __init__(
        self, root: Path | None, *, task: str | int | None = None, images: bool = True
    ) -> None:
        root = data_folder(root, self.name)
        if not isinstance(images, bool):
            raise InputError(f"images must be true or false, got {images!r}")
        known = None if task is None else find_task(str(task))
        places = IMAGES if images else LABELS
        folder = task_folder(root, known, None if task is None else str(task), places)
        if known is None and task is None:
            known = find_task(folder.name)
        path = folder / "dataset.json"
        described = read_description(path) if known is None or path.exists() else None
        if known is not None:
            if described is not None:
                check_task(described, known)
            self.labels = LabelSpec(known.class_names)
            self.facts = facts_of(known)
        elif described is not None:
            self.labels = LabelSpec(described.class_names)
            self.facts = dataclasses.replace(self.facts, channels=described.channels)
        self._alone = not images
        place = next(folder / name for name in places if (folder / name).is_dir())
        self._paths = {case_name(p): p for p in _listed(place, described)}

    def case_ids(self) -> Sequence[str]:
        """Return all case ids, which are the names of the files, sorted."""
        return sorted(self._paths)

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case, whose only case it is."""
        return case_id

    def split(self) -> Split:
        """Return a fixed split by patient, as none is published; see `hash_split`."""
        return hash_split({case_id: case_id for case_id in self._paths}, "decathlon")

    def files(self, case_id: str) -> CaseFiles:
        """Return the files of one case; dense labels are always expected."""
        path = self._paths[case_id]
        if self._alone:
            return CaseFiles((), path, None)
        return CaseFiles((path,), path.parents[1] / "labelsTr" / path.name, None)

    def load(self, case_id: str) -> Case:
        """Read an image with all its channels and its dense labels."""
        return read_case(
            self.files(case_id),
            case_id=case_id,
            patient_id=self.patient_id(case_id),
            labels=self.labels,
            channels=self.facts.channels,
        )


def task_folder(
    root: Path, known: Task | None, name: str | None, wanted: tuple[str, ...] = IMAGES
) -> Path:
    """Return the folder that holds one of `wanted`: `root` itself, or the task's in it.

    Raises
    ------
    InputError
        If there is none, or it holds labels only.
    """
    if known is not None:
        names = known.names
        if (other := find_task(root.name)) and other is not known:
            raise InputError(f"{root}: must be {known.folder}, got {other.folder} by its name")
    elif name is not None:
        names = (name,)
    else:
        names = tuple(sorted(p.name for p in root.glob("Task*") if _has(p, wanted)))
        if len(names) > 1 and not _has(root, wanted):
            raise InputError(f"{root}: holds several tasks; task must be one of {', '.join(names)}")
    places = [root / name for name in names]
    if name is None or root.name in names or not any(map(Path.is_dir, places)):
        places.insert(0, root)
    for place in places:
        if _has(place, wanted):
            return place
    for place in places:
        if _has(place, LABELS):
            raise InputError(
                f"{place}: holds label maps and no imagesTr; without images (option images=false) "
                "they can be checked and drawn on, and no more"
            )
    where = "" if not names else f", itself or in {' or '.join(names)}"
    raise InputError(f"{root}: holds no {' or '.join(wanted)}{where} (Decathlon layout)")


def _has(place: Path, wanted: tuple[str, ...]) -> bool:
    return any((place / name).is_dir() for name in wanted)


def check_task(described: Description, task: Task) -> None:
    """Refuse a `dataset.json` whose classes or channels are not those of the task.

    Raises
    ------
    InputError
    """
    for key, got, wanted in (
        ("labels", described.class_names, task.class_names),
        ("modality", described.channels, task.channels),
    ):
        if len(got) != len(wanted):
            raise InputError(
                f"{described.path}: {key}: must be those of {task.folder} ({', '.join(wanted)}), "
                f"got {', '.join(got)}"
            )


def _listed(folder: Path, described: Description | None) -> list[Path]:
    """Return the images or labels of all cases; those that are listed need not exist."""
    listed: Any = None if described is None else described.content.get("training")
    if described is None or listed is None:
        return list_volumes(folder)
    where = f"{described.path}: training"
    if not isinstance(listed, list) or not listed:
        raise InputError(f"{where}: must be a list of cases, got {listed!r:.40}")
    paths = []
    for i, entry in enumerate(listed):
        image = entry.get("image") if isinstance(entry, dict) else entry
        if not isinstance(image, str):
            raise InputError(f"{where}[{i}]: must have an image and a label, got {entry!r:.80}")
        if not Path(image).name.startswith("."):
            paths.append(folder / Path(image).name)
    if len({case_name(path) for path in paths}) < len(paths):
        raise InputError(f"{where}: lists a case twice")
    return paths


class BrainTumour(Decathlon):
    """Task01 of the Decathlon: gliomas in MRI of four channels; see `Decathlon`.

    Parameters
    ----------
    root : Path
    images : bool
    """

    name = "decathlon_brain_tumour"
    facts = facts_of(TASKS[0])
    labels = LabelSpec(TASKS[0].class_names)

    def __init__(self, root: Path | None, *, images: bool = True) -> None:
        super().__init__(root, task=1, images=images)


class Hippocampus(Decathlon):
    """Task04 of the Decathlon: small volumes of head MRI; see `Decathlon`.

    Parameters
    ----------
    root : Path
    images : bool
    """

    name = "decathlon_hippocampus"
    facts = facts_of(TASKS[3])
    labels = LabelSpec(TASKS[3].class_names)

    def __init__(self, root: Path | None, *, images: bool = True) -> None:
        super().__init__(root, task=4, images=images)


class Prostate(Decathlon):
    """Task05 of the Decathlon: zones of the prostate in T2 MRI and ADC maps; see `Decathlon`.

    Parameters
    ----------
    root : Path
    images : bool
    """

    name = "decathlon_prostate"
    facts = facts_of(TASKS[4])
    labels = LabelSpec(TASKS[4].class_names)

    def __init__(self, root: Path | None, *, images: bool = True) -> None:
        super().__init__(root, task=5, images=images)


for _dataset in (Decathlon, BrainTumour, Hippocampus, Prostate):
    DATASETS.add(_dataset.name, _dataset)
