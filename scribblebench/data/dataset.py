"""What a data set is to the rest of the package."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from scribblebench.registry import Registry
from scribblebench.types import Case, FloatArray, LabelSpec


@dataclass(frozen=True)
class Split:
    """A partition of cases; the cases of one patient are always on one side.

    Parameters
    ----------
    parts : mapping of str to tuple of str
        Case ids of each part ("train", "val", "test", "pool"), sorted.
    """

    parts: Mapping[str, tuple[str, ...]]

    def __getitem__(self, part: str) -> tuple[str, ...]:
        return self.parts[part]


@dataclass(frozen=True)
class DatasetFacts:
    """What a user needs to know of a data set before there is a copy of it.

    Parameters
    ----------
    title : str
        Its name in full.
    modality : str
        What the images are, such as "cine MRI".
    channels : tuple of str
        Names of an image's channels, in order.
    n_patients : int or None
        Patients with labels in the official download; None where anything may come.
    split : str
        What the default split is and where it comes from, in a sentence.
    licence : str
    citation : str
        Authors, title, journal, year, DOI.
    url : str
        Where to get it; empty for what is embedded or a user's own.
    intensity_range : tuple of 2 floats, or None
        What intensities are cut to before they are normalised, where a protocol says nothing else;
        None leaves them.
    """

    title: str
    modality: str
    channels: tuple[str, ...]
    n_patients: int | None
    split: str
    licence: str
    citation: str
    url: str
    intensity_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class CaseFiles:
    """The files that one case is read from.

    Parameters
    ----------
    images : tuple of Path
        One file with all channels or one a channel; empty for a case that is computed.
    label, scribble : Path or None
        Dense labels and scribbles; None where the case comes without.
    """

    images: tuple[Path, ...]
    label: Path | None
    scribble: Path | None

    def all(self) -> tuple[Path, ...]:
        """Return every file once: images, dense labels, scribbles."""
        labels = (path for path in (self.label, self.scribble) if path is not None)
        return tuple(dict.fromkeys((*self.images, *labels)))


class Dataset(Protocol):
    """Cases with one class list and a default split."""

    name: str
    facts: DatasetFacts
    labels: LabelSpec

    def case_ids(self) -> Sequence[str]:
        """Return all case ids, sorted."""
        ...

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case."""
        ...

    def split(self) -> Split:
        """Return the default split by patient."""
        ...

    def files(self, case_id: str) -> CaseFiles:
        """Return the files of one case; none of them is opened."""
        ...

    def load(self, case_id: str) -> Case:
        """Read one case; an `InputError` names the file at fault."""
        ...


class DatasetFactory(Protocol):
    """Opens a data set, and tells what there is to know before."""

    facts: DatasetFacts

    def __call__(self, *root: Any, **options: Any) -> Dataset:
        """Take the data set's folder (None: embedded) and, by name, its own options."""
        ...


DATASETS: Registry[DatasetFactory] = Registry("data set")


def fingerprint(cases: Iterable[Case], images: Iterable[FloatArray] | None = None) -> str:
    """Hash everything that a result may depend on: ids, voxels, labels, scribbles, geometry.

    Parameters
    ----------
    cases : iterable of Case
    images : iterable of ndarray, or None
        What stands for the voxels of each case, in the same order; None: the voxels.

    Returns
    -------
    str
        16 hexadecimal digits of a SHA-256, independent of the order of the cases.
    """
    cases = list(cases)
    digests = []
    for case, image in zip(cases, images or (c.image for c in cases), strict=True):
        digest = hashlib.sha256(f"{case.case_id}\0{case.patient_id}\0{case.spacing_mm}".encode())
        for array in (image, case.label_map, case.affine, case.scribble):
            if array is not None:
                digest.update(str((array.dtype.str, array.shape)).encode())
                digest.update(np.ascontiguousarray(array).tobytes())
            digest.update(b"\0")
        digests.append(digest.digest())
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()[:16]
