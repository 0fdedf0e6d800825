"""What is compared within one data set: the same patients under every cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scribblebench.errors import InputError
from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.efficiency.resampling import patient_weights
from scribblebench.report.scores import CELL, cells_of, patient_scores, seed_scores, wide
from scribblebench.types import Float64Array

CURVE = ["form", "method", "randomness", "dataset", "split"]
"""Columns that name a curve: its cells differ in density alone."""

FULL_FORM = "dense"
FULL_METHOD = "full"


@dataclass(frozen=True)
class Panel:
    """Scores of one part of one data set.

    Parameters
    ----------
    name : str
        Data set and split, for messages.
    scores : DataFrame
        Patients (rows, sorted) by cells (columns): Dice, averaged over classes, frames and seeds.
        Only patients that every cell has.
    by_seed : list of DataFrame
        The same of each seed alone, with columns for the cells that were run with it.
    cells : DataFrame
        Indexed by cell: `CELL`, then the means of `annotated_fraction`, `annotation_s` and
        `coverage` (NaN where unknown) and `n_seeds`.
    weights : ndarray of float64, shape (R, n)
        The resamples of the patients.
    n_left_out : int
        Patients that only some cells have.
    """

    name: str
    scores: pd.DataFrame
    by_seed: list[pd.DataFrame]
    cells: pd.DataFrame
    weights: Float64Array
    n_left_out: int

    @property
    def n_patients(self) -> int:
        """Patients that are compared."""
        return len(self.scores)

    def curve_cells(self) -> Iterator[tuple[dict[str, Any], list[int]]]:
        """Yield the key of each curve and its cells from sparse to dense, two or more."""
        drawn = self.cells[self.cells["density"].notna() & (self.cells["form"] != FULL_FORM)]
        for key, group in drawn.groupby(CURVE, dropna=False):
            if len(group) > 1:
                cells = group.sort_values("density").index
                yield dict(zip(CURVE, key, strict=True)), [int(cell) for cell in cells]

    def full_cell(self, reference_method: str | None = None) -> int | None:
        """Return the cell of full supervision, None if there is none, or none with a Dice above 0.

        Parameters
        ----------
        reference_method : str, optional
            Its method, where several were run on dense labels; `full` by default.

        Raises
        ------
        InputError
            If there are several and none of them has that method.
        """
        dense = self.cells[self.cells["form"] == FULL_FORM]
        # A share of nothing cannot be stated.
        learned = [cell for cell in dense.index if self.scores[cell].mean() > 0.0]
        dense = dense.loc[learned]
        named = dense[dense["method"] == (reference_method or FULL_METHOD)]
        if len(named) == 1:
            return int(named.index[0])
        if reference_method is None and len(dense) == 1:
            return int(dense.index[0])
        if len(dense) == 0 or (reference_method is not None and len(named) == 0):
            return None
        methods = ", ".join(f"'{name}'" for name in dense["method"])
        raise InputError(f"{self.name}: full supervision must be one of {methods}; name one")

    def remarks(self) -> list[str]:
        """Say if patients are left out."""
        if not self.n_left_out:
            return []
        return [
            f"{self.name}: {self.n_left_out} of {self.n_left_out + self.n_patients} patients are "
            f"left out of annotation efficiency, since not every cell has them."
        ]


def panels(rows: pd.DataFrame) -> list[Panel]:
    """Split a table by data set and split; the order of its rows does not matter.

    Parameters
    ----------
    rows : DataFrame
        The tidy table of `scribblebench.report.collect`, with variants named in `method`
        (`scribblebench.report.collect.arms`). `annotation_s` and `coverage` may be missing.

    Returns
    -------
    panels : list of Panel
        In alphabetical order; a part of which no patient is in every cell is left out.
    """
    measures = ["annotated_fraction", "annotation_s", "coverage"]
    rows = rows.reindex(columns=[*rows.columns, *(m for m in measures if m not in rows)])
    # Sums depend on their order in the last digit; a report must not.
    rows = rows.sort_values([*CELL, "seed", "patient_id", "case_id", "class_name"])
    found = []
    for (dataset, split), part in rows.groupby(["dataset", "split"]):
        scores = wide(patient_scores(part)).sort_index()
        complete = scores.dropna()
        if complete.empty:
            continue
        grouped = part.groupby(part.groupby(CELL, dropna=False, sort=False).ngroup())
        cells = cells_of(part).join(grouped[measures].mean())
        found.append(
            Panel(
                name=f"{dataset} {split}",
                scores=complete,
                by_seed=_by_seed(part, complete.index),
                cells=cells.assign(n_seeds=grouped["seed"].nunique()),
                weights=patient_weights(len(complete)),
                n_left_out=len(scores) - len(complete),
            )
        )
    return found


def _by_seed(part: pd.DataFrame, patients: pd.Index) -> list[pd.DataFrame]:
    """Return patients by cells of each seed, without cells in which a patient has no score."""
    scores = seed_scores(part)
    average = scores[scores["class_name"] == AVERAGE_NAME]
    tables = [wide(group) for _, group in average.groupby("seed")]
    return [table.reindex(patients).dropna(axis=1) for table in tables]


def means(table: pd.DataFrame, cells: list[int]) -> Float64Array:
    """Return the mean over patients of each cell, shape (len(cells),)."""
    values: Float64Array = table[cells].to_numpy(dtype=np.float64)
    return np.asarray(values.mean(axis=0))
