"""Files that look like those of cases and belong to none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scribblebench.data.checking.case import CaseFacts
from scribblebench.data.checking.problems import Problem
from scribblebench.io.find import walk
from scribblebench.io.names import ending, is_nifti


@dataclass(frozen=True)
class Unused:
    """Files below the data set's folder that no case uses.

    Parameters
    ----------
    problems : tuple of Problem
        Of those that are called like labels or images of cases.
    others : tuple of Path
        All others of the same types, relative to the folder, sorted.
    """

    problems: tuple[Problem, ...]
    others: tuple[Path, ...]


def unused_files(cases: Sequence[CaseFacts], root: Path) -> Unused:
    """Find the files of a data set that no case uses, and judge them by their names.

    Two files are called alike if their paths are the same but for digits, or but for the name of
    the case or of its patient. A file that is called like a label or scribble is taken for one
    whose image is missing. One that is the same as an image's path but for digits is taken for an
    image whose labels are missing. Hidden files and those of other types are left out, and what a
    link leads to is the file that it leads to. Upper and lower case of endings are the same.
    """
    known = [facts for facts in cases if facts.files is not None]
    used = {_absolute(path) for facts in known if facts.files for path in facts.files.all()}
    if not used:
        return Unused((), ())
    base = _absolute(root)
    common = Path(os.path.commonpath([path.parent for path in used]))
    if common.is_relative_to(base):
        base = common
    suffixes = {_suffix(path) for path in used}
    real = {path.resolve() for path in used}
    candidates = [
        path
        for path in walk(base)
        if path not in used and _suffix(path) in suffixes and path.resolve() not in real
    ]
    labels, images = _patterns(known, base)
    told = [facts.case_id for facts in cases if facts.files is None]
    problems, others = [], []
    for path in candidates:
        if any(case_id in path.name for case_id in told):
            continue
        name = _plain(path.relative_to(base))
        if any(pattern.fullmatch(name) for pattern in labels):
            text = f"{path}: is called like the labels of a case, and there is no image for it"
            problems.append(Problem("error", "orphan", None, text))
        elif any(pattern.fullmatch(name) for pattern in images):
            text = f"{path}: is called like the image of a case, and there are no labels for it"
            problems.append(Problem("error", "orphan", None, text))
        else:
            others.append(path.relative_to(base))
    return Unused(tuple(problems), tuple(others))


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 # a link stays what it is called


def _suffix(path: Path) -> str:
    """Return the type of a file by its name; .nii.gz is the same type as .nii."""
    return ".nii" if is_nifti(path.name) else path.suffix.lower()


def _plain(path: Path) -> str:
    """Return a path with its type in place of its ending."""
    name = path.as_posix()
    end = ending(name) or path.suffix
    return name[: len(name) - len(end)] + _suffix(path)


def _patterns(
    cases: Iterable[CaseFacts], base: Path
) -> tuple[list[re.Pattern[str]], list[re.Pattern[str]]]:
    """Return patterns of how labels and images are called."""
    labels, images = set(), set()
    for facts in cases:
        assert facts.files is not None
        for path in facts.files.all():
            if not _absolute(path).is_relative_to(base):
                continue
            name = _plain(_absolute(path).relative_to(base))
            digits = r"\d+".join(re.escape(part) for part in re.split(r"\d+", name))
            if path in facts.files.images:
                images.add(digits)
            else:
                labels |= {digits, _with_any_name(name, facts)}
    return [re.compile(p) for p in sorted(labels)], [re.compile(p) for p in sorted(images)]


def _with_any_name(name: str, facts: CaseFacts) -> str:
    """Return the pattern of a path in which case and patient may have any name."""
    ids = "|".join(re.escape(known) for known in (facts.case_id, facts.patient_id) if known)
    parts = re.split(rf"(?<![A-Za-z0-9])(?:{ids})(?![A-Za-z0-9])", name)
    return "[^/]+".join(re.escape(part) for part in parts)
