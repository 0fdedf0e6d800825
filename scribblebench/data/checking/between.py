"""What is wrong between cases: in the split, classes and spacings, and images that come twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from nibabel.orientations import io_orientation

from scribblebench.data.checking.case import CaseFacts
from scribblebench.data.checking.problems import Problem
from scribblebench.data.preprocessing import MOST_OBLONG
from scribblebench.types import Float64Array, LabelSpec

ODD_FACTOR = 3.0
"""A spacing this many times larger or smaller than the median is odd: scans of one kind differ by
less, and a wrong unit or a swapped axis by more."""

EXAMPLES = 3
"""Cases that one problem names."""


def between_cases(
    cases: Sequence[CaseFacts], labels: LabelSpec, parts: Mapping[str, Sequence[str]]
) -> Iterator[Problem]:
    """Yield the problems that no case has by itself."""
    yield from split_problems(parts, {facts.case_id: facts.patient_id for facts in cases})
    yield from duplicates(cases, parts)
    yield from absent_classes(cases, labels)
    yield from odd_spacings(cases)
    yield from oblong_pixels(cases)
    yield from other_axes(cases)


def split_problems(
    parts: Mapping[str, Sequence[str]], patients: Mapping[str, str]
) -> Iterator[Problem]:
    """Yield patients and cases that are in several parts, and cases in none.

    Parameters
    ----------
    parts : mapping of str to sequence of str
        Case ids of each part.
    patients : mapping of str to str
        The patient of every case.
    """
    of_case, of_patient = defaultdict(list), defaultdict(set)
    for part, ids in parts.items():
        for case_id in ids:
            of_case[case_id].append(part)
            if case_id in patients:
                of_patient[patients[case_id]].add(part)
            else:
                text = f"part '{part}' has it, and the data set has not"
                yield Problem("error", "split", case_id, text)
    for patient, found in of_patient.items():
        if len(found) > 1:
            listed = ", ".join(f"'{part}'" for part in parts if part in found)
            yield Problem("error", "split", None, f"patient '{patient}' is in the parts {listed}")
    for case_id in patients:
        if len(of_case[case_id]) > len(set(of_case[case_id])):
            text = f"is twice in the part '{of_case[case_id][0]}'"
            yield Problem("error", "split", case_id, text)
        if not of_case[case_id]:
            yield Problem("warning", "split", case_id, "is in no part of the split")


def duplicates(cases: Sequence[CaseFacts], parts: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """Yield cases whose image, or label map without one, is an earlier one's to the last voxel.

    In two parts of the split that is an error, because what is scored was trained on. In one part
    it is a warning: the scan counts twice.
    """
    part_of = {case_id: part for part, ids in parts.items() for case_id in ids}
    first: dict[str, CaseFacts] = {}
    for facts in cases:
        if not facts.digest:
            continue
        one = first.setdefault(facts.digest, facts)
        if one is facts:
            continue
        what = "image" if facts.ranges else "labels"
        text = f"has the same {what} as {one.case_id}"
        if one.patient_id != facts.patient_id:
            text += ", called another patient"
        here, there = part_of.get(facts.case_id), part_of.get(one.case_id)
        if here == there:
            yield Problem("warning", "duplicate", facts.case_id, text)
        else:
            where = " and ".join(f"in the part '{p}'" if p else "in no part" for p in (there, here))
            yield Problem("error", "duplicate", facts.case_id, f"{text}; they are {where}")


def absent_classes(cases: Sequence[CaseFacts], labels: LabelSpec) -> Iterator[Problem]:
    """Yield the classes that occur in no case, neither densely nor in scribbles."""
    readable = [facts for facts in cases if facts.shape is not None]
    counts = [c for f in readable for c in (f.voxels, f.annotated) if c is not None]
    if not counts:
        return
    for class_id in labels.foreground:
        if not any(found[class_id] for found in counts):
            name = labels.class_names[class_id]
            text = f"class {class_id} '{name}' occurs in none of the cases that can be read"
            yield Problem("error", "labels", None, text)


def odd_spacings(cases: Sequence[CaseFacts]) -> Iterator[Problem]:
    """Yield cases whose spacing is far from the others', or is stated where the others' is not."""
    readable = [facts for facts in cases if facts.shape is not None]
    stated = [facts.spacing_mm for facts in readable if facts.spacing_mm is not None]
    if not stated:
        return
    median = np.median(stated, axis=0)
    for facts in readable:
        if facts.spacing_mm is None:
            text = f"states no spacing, as {len(stated)} other cases do"
            yield Problem("warning", "spacing", facts.case_id, text)
            continue
        ratio = facts.spacing_mm / median
        if max(ratio.max(), 1 / ratio.min()) > ODD_FACTOR:
            got, usual = (" x ".join(f"{v:.3g}" for v in s) for s in (facts.spacing_mm, median))
            text = f"its spacing is {got} mm (plane, row, col), the median of all cases {usual}"
            yield Problem("warning", "spacing", facts.case_id, text)


def oblong_pixels(cases: Sequence[CaseFacts]) -> Iterator[Problem]:
    """Yield one warning of cases whose pixels are more than `MOST_OBLONG` times as long as wide."""
    stated = [facts for facts in cases if facts.spacing_mm is not None]
    found = []
    for facts in stated:
        _, *sides = facts.spacing_mm or ()
        if max(sides) > MOST_OBLONG * min(sides):
            found.append(facts)
    if found:
        plane, row, col = found[0].spacing_mm or ()
        text = (
            f"planes do not lie along the third axis in {len(found)} of {len(stated)} cases "
            f"({_examples(found)}): rows {row:.3g} mm, columns {col:.3g} mm and planes {plane:.3g} "
            "mm apart; no network takes them so"
        )
        yield Problem("warning", "spacing", None, text)


def other_axes(cases: Sequence[CaseFacts]) -> Iterator[Problem]:
    """Yield one warning for each way in which images are stored turned against most others.

    Scans are tilted a little from patient to patient, and the names of oblique axes change with
    that. So axes are compared with the mean directions of the most frequent way: they are the
    same where each axis lies nearest to its own.
    """
    stated = [(facts, _directions(facts.affine)) for facts in cases if facts.affine is not None]
    if not stated:
        return
    directions = [matrix for _, matrix in stated]
    ways = [_way(matrix, directions[0]) for matrix in directions]
    usual = Counter(ways).most_common(1)[0][0]
    mean = np.sum([m for m, way in zip(directions, ways, strict=True) if way == usual], axis=0)
    groups = defaultdict(list)
    for facts, matrix in stated:
        groups[_way(matrix, mean)].append(facts)
    own = groups.pop(_way(mean, mean), [])
    for found in groups.values():
        text = (
            f"images have their axes to {_usual_axes(found)} in {len(found)} of {len(stated)} "
            f"cases ({_examples(found)}) and to {_usual_axes(own)} in {len(own)}: a network sees "
            "them turned or mirrored"
        )
        yield Problem("warning", "axes", None, text)


def _directions(affine: Float64Array) -> Float64Array:
    """Return where the axes go to, a unit vector a column; the third is made up if it has none."""
    columns = affine[:3, :3].T
    if not columns[2].any():
        columns = np.array([*columns[:2], np.cross(columns[0], columns[1])])
    directions: Float64Array = (columns / np.linalg.norm(columns, axis=1, keepdims=True)).T
    return directions


def _way(directions: Float64Array, reference: Float64Array) -> tuple[tuple[float, ...], ...]:
    """Return which axis of the reference each axis goes along, and in which direction."""
    step = np.eye(4)
    step[:3, :3] = reference.T @ directions
    return tuple(tuple(row) for row in io_orientation(step).tolist())


def _usual_axes(cases: Sequence[CaseFacts]) -> str:
    return str(Counter(facts.axes for facts in cases).most_common(1)[0][0])


def _examples(cases: Sequence[CaseFacts]) -> str:
    names = [facts.case_id for facts in cases[:EXAMPLES]]
    return ", ".join([*names, "..."] if len(cases) > EXAMPLES else names)
