"""What a data set holds and what is wrong with it, put together from its cases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scribblebench.data.checking.between import between_cases
from scribblebench.data.checking.case import CaseFacts
from scribblebench.data.checking.orphans import Unused, unused_files
from scribblebench.data.checking.problems import Problem
from scribblebench.data.dataset import Dataset
from scribblebench.types import LabelSpec


@dataclass(frozen=True)
class Report:
    """The outcome of a check.

    Parameters
    ----------
    dataset : str
    labels : LabelSpec
    cases : tuple of CaseFacts
        In order of their ids; file names in their problems are relative to the folder.
    parts : mapping of str to tuple of str
        Case ids of each part of the split.
    problems : tuple of Problem
        All of them: first those of cases, in order of their ids, then the others.
    unused : tuple of str
        Files of the same types that no case uses, without those that are problems.
    """

    dataset: str
    labels: LabelSpec
    cases: tuple[CaseFacts, ...]
    parts: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...]
    unused: tuple[str, ...]

    def count(self, severity: str) -> int:
        """Return the number of errors or warnings."""
        return sum(problem.severity == severity for problem in self.problems)

    @property
    def readable(self) -> list[CaseFacts]:
        """The cases that could be read."""
        return [facts for facts in self.cases if facts.shape is not None]

    def counted(self, name: str) -> list[tuple[Any, int]]:
        """Return the distinct values of a field of readable cases, the most frequent first."""
        values: Iterable[Hashable] = (getattr(facts, name) for facts in self.readable)
        return sorted(Counter(values).items(), key=lambda item: (-item[1], str(item[0])))

    def class_voxels(self, name: str) -> dict[int, tuple[int, int]]:
        """Return voxels of each class, and in how many cases it occurs.

        Parameters
        ----------
        name : str
            "voxels", of dense labels, or "annotated", of scribbles.
        """
        found = [c for f in self.readable if (c := getattr(f, name)) is not None]
        if not found:
            return {}
        return {
            c: (sum(counts[c] for counts in found), sum(counts[c] > 0 for counts in found))
            for c in range(self.labels.n_classes)
        }

    def annotated_share(self, class_id: int) -> float | None:
        """Return scribble voxels per voxel of a class, over cases with scribbles and dense labels.

        None where there is no such case or the class does not occur in any.
        """
        both = [
            (facts.annotated[class_id], facts.voxels[class_id])
            for facts in self.readable
            if facts.annotated is not None and facts.voxels is not None
        ]
        n_voxels = sum(n for _, n in both)
        return sum(n for n, _ in both) / n_voxels if n_voxels else None


def make_report(
    dataset: Dataset,
    cases: Sequence[CaseFacts],
    root: Path | None,
    parts: Mapping[str, tuple[str, ...]],
) -> Report:
    """Put together what was found in the cases, and look at what is between them.

    Parameters
    ----------
    dataset : Dataset
    cases : sequence of CaseFacts
        All cases of the data set, in order.
    root : Path or None
        Folder of the data set, which is searched for files that no case uses; None where there is
        none. It is left out of the names of files.
    parts : mapping of str to tuple of str
        Case ids of each part of the split.
    """
    unused = Unused((), ()) if root is None else unused_files(cases, root)
    problems = [
        *(problem for facts in cases for problem in facts.problems),
        *between_cases(cases, dataset.labels, parts),
        *unused.problems,
    ]
    return Report(
        dataset=dataset.name,
        labels=dataset.labels,
        cases=tuple(cases),
        parts=parts,
        problems=tuple(_relative(problem, root) for problem in problems),
        unused=tuple(str(path) for path in unused.others),
    )


def _relative(problem: Problem, root: Path | None) -> Problem:
    if root is None:
        return problem
    text = problem.text
    for prefix in (root, root.absolute()):
        text = re.sub(rf"(?<![^\s(]){re.escape(str(prefix))}/", "", text)
    return replace(problem, text=text)
