"""Which cells are compared, ranked and held against full supervision, and the tables of that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.cells import DENSE, labels
from scribblebench.report.scores import (
    CELL,
    METRICS,
    Metric,
    centre,
    patient_scores,
    seed_scores,
    wide,
)
from scribblebench.report.statistics.datasets import RankTests, rank_tests
from scribblebench.report.statistics.equivalence import GAP, gap_table
from scribblebench.report.statistics.intervals import paired_differences
from scribblebench.report.statistics.paired import COMPARISONS, compare
from scribblebench.report.statistics.ranking import rank_cells

MOST_NAMED = 5
"""Patients that a remark names."""
MOST_RANKED = 40
"""Cells whose ranks are tested against each other: of more, nothing can be read."""
BY_SEED = ["seed_low", "seed_high"]
"""Columns: the smallest and the largest difference of a single seed."""
PLACE = ["dataset", "split"]
RANKING = ["dataset", "cell", "rank", "podium_1", "podium_2", "podium_3", "rank_low", "rank_high"]
STABILITY = ["dataset", "kendall_tau_median", "kendall_tau_low", "kendall_tau_high"]


def scribbled(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that are not full supervision."""
    return cells[cells["form"] != DENSE]


def with_all_patients(table: pd.DataFrame, cells: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out the cells that lack patients whom others of their data set have.

    Returns
    -------
    cells : DataFrame
    remarks : list of str
        Which ones are left out, and which patients they lack.
    """
    lacking, remarks = [], []
    for part in _places(cells):
        scores = _complete(table, part)
        for cell in part.index[scores.isna().any()]:
            lacking.append(cell)
            gone = scores.index[scores[cell].isna()].tolist()
            shown = ", ".join(map(str, gone[:MOST_NAMED])) + (
                ", ..." if len(gone) > MOST_NAMED else ""
            )
            remarks.append(
                f"{part.loc[cell, 'label']} has no scores of {len(gone)} of {len(scores)} patients "
                f"({shown}), and is neither ranked nor compared."
            )
    return cells.drop(index=lacking), remarks


def _places(cells: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for _, part in cells.groupby(PLACE, sort=False):
        yield part


def rankings(table: pd.DataFrame, cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rank the cells of each data set by Dice, and say how stable that is.

    Parameters
    ----------
    table : DataFrame
        Patients by cells, of Dice; see `scribblebench.report.scores.wide`.
    cells : DataFrame
        Those to be ranked; see `scribblebench.report.cells.cell_table`.

    Returns
    -------
    ranking, stability : DataFrame
        See `scribblebench.report.statistics.ranking.rank_cells`; of all data sets.
    """
    found = [
        rank_cells(
            _complete(table, part), metric=METRICS["dsc"], dataset=str(part["dataset"].iloc[0])
        )
        for part in _places(cells)
    ]
    tables, stability = [one.table for one in found], [one.stability for one in found]
    return _joined(tables, RANKING), _joined(stability, STABILITY)


def ranks_tested(table: pd.DataFrame, cells: pd.DataFrame) -> RankTests | None:
    """Test whether cells differ in rank: over data sets, or over the patients of the only one.

    None unless there are from 3 to `MOST_RANKED` cells that every data set has, and two data sets
    or patients. Parameters: see `rankings`.
    """
    parts = list(_places(cells))
    blocks: Literal["data set", "patient"] = "data set" if len(parts) > 1 else "patient"
    if len(parts) > 1:
        # What a cell is called in every data set.
        anywhere = cells.assign(dataset="", split="")
        kinds = anywhere.drop_duplicates(CELL)
        number = anywhere.groupby(CELL, dropna=False, sort=False).ngroup()
        names = number.map(dict(enumerate(labels(kinds))))
        means = {
            f"{part['dataset'].iloc[0]} {part['split'].iloc[0]}": pd.Series(
                _complete(table, part).mean().to_numpy(), index=names[part.index]
            )
            for part in parts
        }
        scores = pd.DataFrame(means).T.dropna(axis=1)
    elif parts:
        scores = _complete(table, parts[0]).set_axis(parts[0]["label"].tolist(), axis=1)
    if not parts or scores.shape[0] < 2 or not 3 <= scores.shape[1] <= MOST_RANKED:
        return None
    return rank_tests(scores, larger_is_better=True, blocks=blocks)


def _complete(table: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells' scores of the patients that any of them has."""
    return table[cells.index].dropna(how="all")


def _joined(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(columns))


def comparisons(
    rows: pd.DataFrame, cells: pd.DataFrame, metrics: Sequence[Metric], reference: str | None
) -> pd.DataFrame:
    """Compare methods on the same scribbles with the reference, and forms of equal density.

    Parameters
    ----------
    rows : DataFrame
        The tidy table, of all cells.
    cells : DataFrame
        Those to be compared.
    metrics : sequence of Metric
    reference : str, or None
        The method that others are compared with.

    Returns
    -------
    comparisons : DataFrame
        See `scribblebench.report.statistics.paired.compare`; Holm's correction is within a data
        set, metric and `family`. Then `BY_SEED`.
    """
    found = []
    for metric in metrics:
        table, seeds = wide(patient_scores(rows, metric.name)), seed_scores(rows, metric.name)
        for part in _places(scribbled(cells)):
            for family, pairs in _families(part, reference):
                compared = compare(
                    _complete(table, part),
                    pairs,
                    metric=metric,
                    dataset=str(part["dataset"].iloc[0]),
                    family=family,
                )
                found.append(compared.assign(**_by_seed(seeds, pairs, metric)))
    return _joined(found, [*COMPARISONS, *BY_SEED])


def _by_seed(
    seeds: pd.DataFrame, pairs: Sequence[tuple[int, int]], metric: Metric
) -> dict[str, list[float]]:
    """Return the smallest and the largest difference of single seeds that both cells have.

    NaN where they share fewer than two seeds. Tests and intervals are over patients, for the
    networks that were trained: what other seeds would give is not in them.
    """
    average = seeds[seeds["class_name"] == AVERAGE_NAME]
    of_cell = {
        cell: group.pivot(index="patient_id", columns="seed", values="value")
        for cell, group in average.groupby("cell")
    }
    ends: dict[str, list[float]] = {name: [] for name in BY_SEED}
    for a, b in pairs:
        shared = of_cell[a].columns.intersection(of_cell[b].columns)
        first, second = (of_cell[c][shared].reindex(of_cell[a].index).to_numpy() for c in (a, b))
        found = [
            centre(column[~np.isnan(column)], metric)
            for column in paired_differences(first, second).T
        ]
        known = len(found) > 1
        ends["seed_low"].append(min(found) if known else np.nan)
        ends["seed_high"].append(max(found) if known else np.nan)
    return ends


def _families(
    cells: pd.DataFrame, reference: str | None
) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yield the pairs of cells that are compared, those together that are corrected together."""
    same_scribbles = ["form", "density", "randomness"]
    pairs = [
        (int(cell), int(base))
        for _, group in cells.groupby(same_scribbles, dropna=False, sort=False)
        for base in group.index[group["method"] == reference]
        for cell in group.index.drop(base)
    ]
    if pairs:
        yield f"methods against {reference}", pairs
    drawn = cells[cells["randomness"].notna()]
    pairs = [
        (int(a), int(b))
        for _, group in drawn.groupby(["density", "randomness", "method"], sort=False)
        for a, b in combinations(group.index, 2)
    ]
    if pairs:
        yield "forms at equal density", pairs
    given = cells[(cells["form"] != DENSE) & cells["density"].isna()]
    pairs = [
        (int(a), int(b))
        for _, group in given.groupby("method", sort=False)
        for a, b in combinations(group.index, 2)
    ]
    if pairs:
        yield "forms without a set density", pairs


def gaps(
    table: pd.DataFrame, seeds: pd.DataFrame, cells: pd.DataFrame, margin: float
) -> pd.DataFrame:
    """Judge every cell against full supervision on the same patients.

    A variant is held against full supervision of its own settings, where there is one, else against
    that without a variant. Parameters: see `rankings`.

    Returns
    -------
    gap : DataFrame
        See `scribblebench.report.statistics.equivalence.gap_table`; then `BY_SEED`.
    """
    found = []
    for part in _places(cells):
        dense, others = part[part["form"] == DENSE], scribbled(part)
        pairs = []
        for cell, variant in zip(others.index, others["variant"], strict=True):
            own = dense.index[dense["variant"] == variant]
            if full := [*own, *dense.index[dense["variant"].isna()]]:
                pairs.append((int(cell), int(full[0])))
        if pairs:
            judged = gap_table(_complete(table, part), pairs, margin=margin)
            found.append(judged.assign(**_by_seed(seeds, pairs, METRICS["dsc"])))
    return _joined(found, [*GAP, *BY_SEED])
