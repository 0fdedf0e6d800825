"""Images and labels of one's own, in a folder; what they are is said in a few lines of YAML."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scribblebench.data.dataset import DATASETS, CaseFiles, DatasetFacts, Split
from scribblebench.data.default_split import SPLIT_FACT, hash_split
from scribblebench.data.files import data_folder, read_case
from scribblebench.data.folder_settings import FolderSettings, read_mapping, read_settings
from scribblebench.data.given_split import listed_split, split_of
from scribblebench.data.patterns import Pattern, by_stem, list_names
from scribblebench.errors import InputError
from scribblebench.io.formats import read_channels
from scribblebench.types import Case, LabelSpec

COLOURS = ("red", "green", "blue")


class Folder:
    """Images, dense labels and scribbles in a folder, as NIfTI, TIFF or pictures.

    Options are keys of `dataset.yaml` in the folder, too; an option goes before the file. Only
    `classes` has to be given. See `FolderSettings` for the keys and `Pattern` for the patterns.

    A case is what an image pattern stands for: `{case}`, with `{patient}` before it where the
    pattern has both and the case's name does not begin with it. With `{channel}` its channels are
    files of their own, in the order of their names or of `channels`. With `{part}` the split is
    that of the folders; else it is `split`, and else a fixed one by patient. Where two parts have
    a case of one name, all cases have their part before their names: `train_0` and `val_0`.

    A label map whose name fits the images' pattern is no image. Where the patterns of images and
    labels are the same, the label maps stand for images, too: enough to draw on and to score by.

    Parameters
    ----------
    root : Path
        The folder.
    images, labels, scribbles : str
        Patterns.
    classes : list of str, or mapping of str to int
    ignore : int
    channels : list of str
    patient : str
    split : str, or mapping of str to list of str

    Raises
    ------
    InputError
        If there is no folder, no image in it, two files for one case, or a setting does not fit.
    """

    name = "folder"
    facts = DatasetFacts(
        title="Your own images and labels in a folder",
        modality="any",
        channels=(),
        n_patients=None,
        split=f"yours, by folders or lists; else {SPLIT_FACT}",
        licence="yours",
        citation="",
        url="",
    )

    def __init__(
        self,
        root: Path | None,
        *,
        images: str | None = None,
        labels: str | None = None,
        scribbles: str | None = None,
        classes: Any = None,
        ignore: int | None = None,
        channels: Sequence[str] | None = None,
        patient: str | None = None,
        split: Any = None,
    ) -> None:
        self._root = data_folder(root, self.name)
        given = {"images": images, "labels": labels, "scribbles": scribbles, "classes": classes}
        given |= {"ignore": ignore, "channels": channels, "patient": patient, "split": split}
        self._settings = read_settings(self._root, given)
        names = ("images", "labels", "scribbles")
        self._patterns = {name: Pattern(getattr(self._settings, name), name) for name in names}
        values = self._settings.values
        self.labels = LabelSpec(tuple(values.values()))
        self._values = {value: class_id for class_id, value in enumerate(values)}
        self._find_cases()
        self._patients = {case_id: self._patient(case_id) for case_id in self._found}
        self._split = self._divide(self._settings)
        self.facts = dataclasses.replace(self.facts, channels=self._channels())

    def _find_cases(self) -> None:
        """Look for the images, and remember the placeholders of each case and its channels."""
        self._found: dict[str, dict[str, str]] = {}
        self._beside: dict[str, tuple[Path, Path]] = {}
        files: dict[tuple[str, str], Path] = {}
        matches = self._matches()
        parts = {(found.get("part"), _case_id(found)) for _, found, _ in matches}
        with_part = len({case_id for _, case_id in parts}) < len(parts)
        for path, found, beside in matches:
            case_id, channel = _case_id(found, with_part=with_part), found.get("channel", "")
            if (there := files.setdefault((case_id, channel), path)) != path:
                raise InputError(f"{path}: has the same case as {there}, '{case_id}'")
            before = self._found.setdefault(case_id, found)
            if before.get("part") != found.get("part"):
                raise InputError(f"{path}: case '{case_id}' is in '{before['part']}' too")
            self._beside.setdefault(case_id, beside)
        if not files:
            raise InputError(f"{self._root}: holds no {self._patterns['images'].text} (images)")
        self._files = files
        self._suffixes = sorted({channel for _, channel in files})
        asked = self._settings.channels
        if asked and self._suffixes != [""] and set(asked) == set(self._suffixes):
            self._suffixes = [*asked]

    def _matches(self) -> list[tuple[Path, dict[str, str], tuple[Path, Path]]]:
        """Return the images with what placeholders stand for, and their labels and scribbles."""
        names = list_names(self._root)
        stems = by_stem(names)

        def chosen(kind: str, found: dict[str, str]) -> Path:
            pattern = self._patterns[kind]
            return pattern.choose(self._root, stems.get(pattern.fill(found), ()), found)

        matches = [
            (path, found, (chosen("labels", found), chosen("scribbles", found)))
            for path, found in self._patterns["images"].find(self._root, names)
        ]
        # Label maps whose names fit the images' pattern too.
        others = {file for path, _, beside in matches for file in beside if file != path}
        return [match for match in matches if match[0] not in others]

    def _patient(self, case_id: str) -> str:
        """Return the patient of a case, by the placeholder or the regular expression."""
        rule, found = self._settings.patient, self._found[case_id]
        if rule is None:
            return found.get("patient", case_id)
        match = re.search(rule, case_id)
        if match is None or not match[match.re.groups]:
            raise InputError(f"{self._root}: patient: '{rule}' does not fit case '{case_id}'")
        return str(match[match.re.groups])

    def _divide(self, settings: FolderSettings) -> Split:
        lists, where = settings.split, f"{self._root}: split"
        if isinstance(lists, str):
            path = self._root / lists
            content = read_mapping(path)
            lists, where = content.get("parts", content), str(path)
            fitting = isinstance(lists, dict) and all(isinstance(v, list) for v in lists.values())
            if not fitting:
                raise InputError(f"{path}: must hold parts with lists of cases, got {lists!r:.60}")
            lists = {part: [str(name) for name in names] for part, names in lists.items()}
        if lists is not None:
            return listed_split(lists, self._patients, where)
        parts = {case_id: found.get("part") for case_id, found in self._found.items()}
        by_folder = {case_id: part for case_id, part in parts.items() if part is not None}
        if by_folder:
            return split_of(by_folder, self._patients, f"{self._root}: images")
        return hash_split(self._patients, self.name)

    def _channels(self) -> tuple[str, ...]:
        """Return the channels that were named, or name those of the first image."""
        if self._settings.channels is not None:
            return tuple(self._settings.channels)
        if self._suffixes != [""]:
            return tuple(self._suffixes)
        for path in self._files.values():
            try:
                n = len(read_channels(path)[0])
            except InputError:
                continue  # what is wrong is told when the file's turn comes
            numbered = tuple(f"channel {i}" for i in range(n))
            return ("image",) if n == 1 else COLOURS if n == len(COLOURS) else numbered
        return ("image",)

    def case_ids(self) -> Sequence[str]:
        """Return all case ids, sorted."""
        return sorted(self._found)

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case."""
        return self._patients[case_id]

    def split(self) -> Split:
        """Return the split that was given, or a fixed one by patient; see `hash_split`."""
        return self._split

    def files(self, case_id: str) -> CaseFiles:
        """Return the files of one case; dense labels or scribbles may be missing, not both.

        Raises
        ------
        InputError
            If there are neither.
        """
        found = self._found[case_id]
        images = tuple(
            self._files.get((case_id, channel))
            or self._patterns["images"].choose(self._root, (), found | {"channel": channel})
            for channel in self._suffixes
        )
        label, scribble = self._beside[case_id]
        if not (label.is_file() or scribble.is_file()):
            raise InputError(f"{label}: no such file, and no scribbles of '{case_id}' either")
        return CaseFiles(
            images, label if label.is_file() else None, scribble if scribble.is_file() else None
        )

    def load(self, case_id: str) -> Case:
        """Read image, dense labels and scribbles, as far as there are any."""
        return read_case(
            self.files(case_id),
            case_id=case_id,
            patient_id=self.patient_id(case_id),
            labels=self.labels,
            channels=self.facts.channels,
            values=self._values,
            ignore=self._settings.ignored,
        )


def _case_id(found: dict[str, str], *, with_part: bool = False) -> str:
    case, patient = found.get("case"), found.get("patient")
    if case is None or patient is None:
        name = case or patient or ""
    else:
        name = case if case.startswith(patient) else f"{patient}_{case}"
    return f"{found['part']}_{name}" if with_part else name


DATASETS.add("folder", Folder)
