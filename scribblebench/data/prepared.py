"""Prepared cases in one small file, for machines that do not have the data set.

The file is a compressed .npz: of each case its image as the network sees it, in levels, and
labels, scribbles and geometry as they were, so that scores are those on the case's own grid.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from scribblebench.data.dataset import Split
from scribblebench.data.intensity import IntensityClip
from scribblebench.data.levels import to_image, to_levels
from scribblebench.data.preprocessing import Slices, prepare
from scribblebench.errors import InputError
from scribblebench.io.atomic import atomic_path
from scribblebench.quiet_defaults import QuietDefaults
from scribblebench.types import AnyArray, Case, FloatArray, LabelSpec

UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, IndexError, TypeError, RuntimeError, MemoryError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What numpy raises for damaged and foreign files."""

FORMAT: Final = "scribblebench prepared"

STRICT = ConfigDict(extra="forbid", frozen=True)


class Preparation(QuietDefaults):
    """What was prepared, and how; a protocol must ask for the same."""

    model_config = STRICT
    QUIET: ClassVar[tuple[str, ...]] = ("planes", "plane_spacing_mm", "intensity")

    dataset: str
    options: dict[str, Any]
    field_of_view: int
    spacing_mm: float | None
    planes: int | None = None
    plane_spacing_mm: float | None = None
    intensity: IntensityClip | None = None

    def apply(self, case: Case, *, image: FloatArray | None = None) -> Slices:
        """Prepare a case; `image` is what comes of its image, if that is known already."""
        return prepare(
            case,
            field_of_view=self.field_of_view,
            spacing_mm=self.spacing_mm,
            planes=self.planes,
            plane_spacing_mm=self.plane_spacing_mm,
            intensity=self.intensity,
            image=image,
        )


class Entry(BaseModel):
    """What the header says of a case; its arrays are called after its place in the list."""

    model_config = STRICT

    case_id: str
    patient_id: str
    part: str
    shape: tuple[int, int, int, int]
    """(C, P, H, W) of the case's own image."""
    spacing_mm: tuple[float, float, float] | None


class Header(BaseModel):
    """All that is not an array."""

    model_config = STRICT

    format: Literal["scribblebench prepared"] = FORMAT
    version: Literal[1] = 1
    preparation: Preparation
    class_names: tuple[str, ...]
    largest_error: float
    """See `write_prepared`."""
    cases: list[Entry]


def write_prepared(
    path: Path,
    preparation: Preparation,
    labels: LabelSpec,
    cases: Iterable[tuple[str, Slices]],
) -> Header:
    """Write prepared cases, and return what the file says of itself.

    Parameters
    ----------
    path : Path
        Replaced as a whole, never half-written.
    preparation : Preparation
    labels : LabelSpec
    cases : iterable of (str, Slices)
        Each with its part of the split. One case at a time is kept in full.

    Returns
    -------
    header : Header
        `largest_error` is how far an intensity of the file is at most from what it was, in
        standard deviations of its volume.
    """
    arrays: dict[str, AnyArray] = {}
    entries: list[Entry] = []
    largest_error = 0.0
    for number, (part, slices) in enumerate(cases):
        case = slices.case
        levels, values = to_levels(slices.image, slices.inside)
        difference = to_image(levels, values, slices.inside) - slices.image
        largest_error = max(largest_error, float(np.abs(difference).max()))
        named: dict[str, AnyArray | None] = {
            "levels": levels,
            "values": values,
            "affine": case.affine,
            "label_map": case.label_map,
            "scribble": case.scribble,
        }
        arrays |= {f"{number}/{name}": a for name, a in named.items() if a is not None}
        entry = {
            "case_id": case.case_id,
            "patient_id": case.patient_id,
            "part": part,
            "shape": case.image.shape,
            "spacing_mm": case.spacing_mm,
        }
        entries.append(Entry.model_validate(entry))
    header = Header(
        preparation=preparation,
        class_names=labels.class_names,
        largest_error=largest_error,
        cases=entries,
    )
    text = np.array(header.model_dump_json())
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, header=text, **arrays)
    return header


class Prepared:
    """A file of prepared cases; it stands in for a data set whose cases need no preparation.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        Naming the file, if it is something else, is damaged or has another layout.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        text = _read_header(path)
        try:
            header = Header.model_validate_json(text)
            self.labels = LabelSpec(header.class_names)
        except ValueError as error:
            raise self._unreadable(error) from error
        self.preparation = header.preparation
        self.name = header.preparation.dataset
        self._entries = {e.case_id: (number, e) for number, e in enumerate(header.cases)}

    def case_ids(self) -> list[str]:
        """Return the ids of the cases that the file holds, sorted."""
        return sorted(self._entries)

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case."""
        return self._entries[case_id][1].patient_id

    def split(self) -> Split:
        """Return the parts that the file holds."""
        parts: dict[str, tuple[str, ...]] = {}
        for case_id, (_, entry) in self._entries.items():
            parts[entry.part] = (*parts.get(entry.part, ()), case_id)
        return Split(parts)

    def slices(self, case_id: str) -> Slices:
        """Read one case; `slices.case.image` has its shape but is NaN everywhere.

        Raises
        ------
        InputError
            Naming the file, if the case cannot be read.
        """
        number, entry = self._entries[case_id]
        size = self.preparation.field_of_view
        n_channels, n_planes, _, _ = entry.shape
        n_planes = self.preparation.planes or n_planes
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                found = {
                    name.split("/")[1]: arrays[name]
                    for name in arrays.files
                    if name.startswith(f"{number}/")
                }
            wanted = (n_planes, n_channels, size, size)
            if found["levels"].shape != wanted:
                raise ValueError(f"image of shape {found['levels'].shape} instead of {wanted}")
            case = Case(
                case_id=entry.case_id,
                patient_id=entry.patient_id,
                image=np.broadcast_to(np.float32(np.nan), entry.shape),
                label_map=found.get("label_map"),
                spacing_mm=entry.spacing_mm,
                affine=found["affine"],
                scribble=found.get("scribble"),
            )
            image = np.empty(wanted, dtype=np.float32)
            slices = self.preparation.apply(case, image=image)
            # Only now, because `prepare` says where the padding is.
            image[:] = to_image(found["levels"], found["values"], slices.inside)
        except UNREADABLE as error:
            raise self._unreadable(error) from error
        return slices

    def _unreadable(self, error: BaseException) -> InputError:
        reason = " ".join(str(error).split())
        if "allow_pickle" in reason:  # numpy's advice on how to read what could be dangerous
            reason = "it holds Python objects"
        return InputError(f"{self.path}: cannot be read as prepared cases ({reason})")


def _read_header(path: Path) -> str:
    """Return the header of a file of prepared cases, and refuse any other file."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a file of `scribblebench prepare`")
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with path.open("rb") as file:  # not below: a file that may not be read is no foreign one
        try:
            with np.load(file, allow_pickle=False) as arrays:
                text = str(arrays["header"])
            if json.loads(text).get("format") != FORMAT:
                raise ValueError("another format")
        except (*UNREADABLE, AttributeError) as error:
            raise InputError(
                f"{path}: is not a file of `scribblebench prepare`, or not a whole one"
            ) from error
    return text
