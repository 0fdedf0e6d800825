"""What there is to know of one case, and what is wrong with it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from nibabel.orientations import aff2axcodes

from scribblebench.data.checking.files import (
    absent_files,
    faulty_files,
    headers_of,
    odd_geometry,
)
from scribblebench.data.checking.problems import Problem
from scribblebench.data.dataset import CaseFiles, Dataset
from scribblebench.errors import CombinedError, InputError
from scribblebench.types import (
    IGNORE_LABEL,
    Case,
    Float64Array,
    LabelArray,
    LabelSpec,
    SpacingMm,
)


@dataclass(frozen=True)
class CaseFacts:
    """What was found in one case; of a case that cannot be read, only its problems.

    Parameters
    ----------
    case_id, patient_id : str
    problems : tuple of Problem
    files : CaseFiles or None
        None where the data set cannot say which they are.
    shape : tuple of 4 int, or None
        (C, P, H, W) of the image; None where the case cannot be read. C is 0 without an image.
    spacing_mm : tuple of 3 floats, or None
        (plane, row, col).
    affine : ndarray of float64, shape (4, 4), or None
        Voxel (col, row, plane) to world, as of `Case`; None where no spacing is stated.
    image_types, label_types : tuple of str
        Data types of the voxels on the disk; empty where the files do not say.
    ranges : tuple of (float, float)
        Least and greatest intensity of each channel.
    voxels : dict of int to int, or None
        Voxels of each class in the dense labels; None where there are none.
    annotated : dict of int to int, or None
        Voxels of each class in the scribbles; None where there are none.
    contradicting : int
        Annotated voxels that the dense labels give another class.
    digest : str
        The same for two images if and only if they have the same shape and voxels; of label maps
        without images, for two of these.
    """

    case_id: str
    patient_id: str
    problems: tuple[Problem, ...]
    files: CaseFiles | None = None
    shape: tuple[int, int, int, int] | None = None
    spacing_mm: SpacingMm | None = None
    image_types: tuple[str, ...] = ()
    label_types: tuple[str, ...] = ()
    ranges: tuple[tuple[float, float], ...] = ()
    voxels: dict[int, int] | None = None
    annotated: dict[int, int] | None = None
    contradicting: int = 0
    digest: str = field(default="", repr=False)
    affine: Float64Array | None = field(default=None, repr=False, compare=False)

    @property
    def axes(self) -> str | None:
        """Where columns, rows and planes go to, such as "RAS"; the nearest of an oblique image.

        None where no spacing is stated: the affine means nothing then.
        """
        if self.affine is None:
            return None
        return "".join(code or "?" for code in aff2axcodes(self.affine))


def inspect_case(dataset: Dataset, case_id: str) -> CaseFacts:
    """Read one case and look at it from all sides.

    Nothing that is wrong with the case raises: it becomes a problem. Of a case that cannot be read,
    everything that keeps it from being read is named, and every file is read by itself, so that
    each one that is damaged or lies elsewhere is named whatever the data set says.
    """
    facts = CaseFacts(case_id, dataset.patient_id(case_id), ())
    try:
        files = dataset.files(case_id)
    except InputError as error:
        return replace(facts, problems=(Problem("error", "labels", case_id, str(error)),))
    facts = replace(facts, files=files)
    absent = tuple(absent_files(files, case_id))
    try:
        case = dataset.load(case_id)
        headers = headers_of(files)
    except Exception as error:  # whatever an adapter raises must not stop the other cases
        several = error.errors if isinstance(error, CombinedError) else (error,)
        told = [Problem("error", "case", case_id, _one_line(one)) for one in several]
        known = _with_the_others(absent, told)
        return replace(facts, problems=_with_the_others(known, faulty_files(files, case_id)))
    if absent:
        return replace(facts, problems=absent)
    facts = replace(
        _measured(facts, case, dataset.labels),
        image_types=_distinct(headers[path].dtype for path in files.images if path in headers),
        label_types=_distinct(h.dtype for path, h in headers.items() if path not in files.images),
    )
    geometry = odd_geometry(headers, files.images[0], case_id) if files.images else ()
    return replace(facts, problems=(*geometry, *_odd_content(facts)))


def _one_line(error: Exception) -> str:
    text = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def _with_the_others(known: tuple[Problem, ...], others: Iterable[Problem]) -> tuple[Problem, ...]:
    """Add the problems of files that no known one begins with."""
    files = {problem.text.split(": ")[0] for problem in known}
    return (*known, *(other for other in others if other.text.split(": ")[0] not in files))


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _measured(facts: CaseFacts, case: Case, labels: LabelSpec) -> CaseFacts:
    c, p, h, w = case.image.shape
    contradicting = 0
    if case.label_map is not None and case.scribble is not None:
        marked = case.scribble != IGNORE_LABEL
        contradicting = int((marked & (case.scribble != case.label_map)).sum())
    image = case.image
    content = case.label_map if not c and case.label_map is not None else image
    digest = hashlib.sha256(str(content.shape).encode())
    digest.update(np.ascontiguousarray(content).tobytes())
    return replace(
        facts,
        shape=(c, p, h, w),
        spacing_mm=case.spacing_mm,
        affine=None if case.spacing_mm is None else case.affine,
        ranges=tuple((float(channel.min()), float(channel.max())) for channel in image),
        voxels=None if case.label_map is None else _counts(case.label_map, labels),
        annotated=None if case.scribble is None else _counts(case.scribble, labels),
        contradicting=contradicting,
        digest=digest.hexdigest(),
    )


def _counts(label_map: LabelArray, labels: LabelSpec) -> dict[int, int]:
    """Return the number of voxels of each class, 0 where a class does not occur."""
    counts = np.bincount(label_map.ravel(), minlength=IGNORE_LABEL + 1)
    return {c: int(counts[c]) for c in range(labels.n_classes)}


def _odd_content(facts: CaseFacts) -> Iterator[Problem]:
    """Yield what is wrong with the voxels of a case that can be read."""
    case_id = facts.case_id
    for number, (least, greatest) in enumerate(facts.ranges):
        which = f"channel {number} of the image" if len(facts.ranges) > 1 else "the image"
        if not (math.isfinite(least) and math.isfinite(greatest)):
            yield Problem("error", "image", case_id, f"{which} holds NaN or infinity")
        elif least == greatest:
            text = f"{which} is constant, every voxel is {least:g}"
            yield Problem("error", "image", case_id, text)
    if facts.voxels is None and facts.annotated is None:
        text = "comes without labels: there are neither dense ones nor scribbles"
        yield Problem("error", "labels", case_id, text)
    if facts.voxels is not None and not any(n for c, n in facts.voxels.items() if c):
        yield Problem("error", "labels", case_id, "the dense labels are empty: background only")
    if facts.annotated is not None:
        n = sum(facts.annotated.values())
        if not n:
            yield Problem("error", "labels", case_id, "the scribbles mark no voxel")
        elif facts.contradicting:
            text = f"scribbles contradict the dense labels in {facts.contradicting} of {n} voxels"
            share = f"({100 * facts.contradicting / n:.2g} %)"
            yield Problem("warning", "contradiction", case_id, f"{text} {share}")
