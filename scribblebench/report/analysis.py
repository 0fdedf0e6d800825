"""All that a report says, as tables: computed once, then drawn, typeset and put into words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.report.cells import DENSE, cell_table, labels
from scribblebench.report.collect import COLUMNS, Results, arms
from scribblebench.report.comparing import (
    comparisons,
    gaps,
    rankings,
    ranks_tested,
    scribbled,
    with_all_patients,
)
from scribblebench.report.efficiency.area import area_differences, efficiency_areas
from scribblebench.report.efficiency.curve import efficiency_curves
from scribblebench.report.efficiency.principles import principles
from scribblebench.report.efficiency.targets import efficiency_targets, relative_dice
from scribblebench.report.scores import CELL, METRICS, patient_scores, seed_scores, wide
from scribblebench.report.statistics.datasets import RankTests
from scribblebench.report.statistics.variance import variance_table
from scribblebench.report.summary import summary

MARGIN = 0.05
"""Dice within which scribbles count as close to full supervision, unless a report is told else."""
FIRST_CHOICE = "pce"
"""Method that others are compared with, unless a report is told else: the plainest one."""


@dataclass(frozen=True)
class Wanted:
    """What a user may ask of an analysis.

    Parameters
    ----------
    metrics : sequence of str
        What is compared; Dice is always summarised.
    reference_method : str, or None
        Method that the others are compared with.
    margin : float
        In Dice.
    allow_partial : bool
        Whether cells with fewer seeds than were planned are ranked and compared.
    """

    metrics: Sequence[str] = ("dsc", "hd95")
    reference_method: str | None = None
    margin: float = MARGIN
    allow_partial: bool = False


@dataclass(frozen=True)
class Analysis:
    """Tables; see the functions that make them for their columns.

    Parameters
    ----------
    rows : DataFrame
        Of `scribblebench.report.collect`, methods named together with their variants.
    cells, summary, patients, seeds : DataFrame
        Patients and seeds: scores by Dice.
    comparisons, gap, variance : DataFrame
    ranking, stability : DataFrame
    rank_tests : RankTests, or None
        Over data sets where several have cells in common, else over the patients of the only one.
    curves, targets, relative, area, area_differences, principles : DataFrame
    remarks : list of str
        What could not be computed, and why.
    """

    rows: pd.DataFrame
    cells: pd.DataFrame
    summary: pd.DataFrame
    patients: pd.DataFrame
    seeds: pd.DataFrame
    comparisons: pd.DataFrame
    gap: pd.DataFrame
    variance: pd.DataFrame
    ranking: pd.DataFrame
    stability: pd.DataFrame
    rank_tests: RankTests | None
    curves: pd.DataFrame
    targets: pd.DataFrame
    relative: pd.DataFrame
    area: pd.DataFrame
    area_differences: pd.DataFrame
    principles: pd.DataFrame
    remarks: list[str] = field(default_factory=list)


def analyse(results: Results, wanted: Wanted) -> Analysis:
    """Compute everything that the results allow.

    Raises
    ------
    InputError
        If a metric or the method of reference is not there.
    """
    rows = arms(results.rows)
    cells = cell_table(rows, results.planned.values())
    rows, cells = _by_place(rows, cells)
    reference = reference_method(cells, wanted.reference_method)
    patients, seeds = patient_scores(rows), seed_scores(rows)
    used = cells if wanted.allow_partial else cells[cells["is_complete"]]
    used, said = with_all_patients(wide(patients), used)
    comparable = rows.merge(used[CELL], on=CELL)
    comparable = comparable.rename(columns={"coverage_px": "coverage"})
    ranking, stability = rankings(wide(patients), scribbled(used))
    tested = ranks_tested(wide(patients), scribbled(used))
    # A variant's share of full supervision is that of the same settings.
    parts = list(_variants(comparable))
    targets, of_targets = _of_each(efficiency_targets, parts)
    relative, _ = _of_each(relative_dice, parts)
    curves, area = efficiency_curves(comparable), efficiency_areas(comparable)
    explained = principles(comparable)
    # Where no form was drawn at several densities, nothing of this was to be expected.
    if len(curves):
        said += [*_remarks(curves), *of_targets, *_remarks(area)]
    said += _remarks(explained) if len(explained) else []
    if tested is not None and tested.warning and cells["dataset"].nunique() > 1:
        said.append(f"Ranks over data sets: {tested.warning}")
    return Analysis(
        rows=rows,
        cells=cells,
        summary=summary(rows, cells),
        patients=patients,
        seeds=seeds,
        comparisons=comparisons(rows, used, [METRICS[m] for m in wanted.metrics], reference),
        gap=gaps(wide(patients), seeds, used, wanted.margin),
        variance=variance_table(seeds),
        ranking=ranking,
        stability=stability,
        rank_tests=tested,
        curves=curves,
        targets=targets,
        relative=relative,
        area=area,
        area_differences=area_differences(comparable),
        principles=explained,
        remarks=list(dict.fromkeys(said)),
    )


def _by_place(rows: pd.DataFrame, cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Name data sets together with their part, where one was scored on several."""
    n_parts = cells.groupby("dataset")["split"].nunique()
    several = set(n_parts.index[n_parts > 1])
    if not several:
        return rows, cells

    def named(table: pd.DataFrame) -> pd.DataFrame:
        parts = table["dataset"] + " " + table["split"]
        return table.assign(dataset=parts.where(table["dataset"].isin(several), table["dataset"]))

    cells = named(cells)
    return named(rows), cells.assign(label=labels(cells))


def _remarks(table: pd.DataFrame) -> list[str]:
    return list(table.attrs.get("remarks", []))


def _variants(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the rows of each variant: its own, and full supervision that has no variant.

    A variant's share of full supervision is that of the same settings, if those were run.
    """
    dense = rows["form"] == DENSE
    for variant in rows["variant"].drop_duplicates():
        own = rows["variant"].isna() if pd.isna(variant) else rows["variant"] == variant
        if pd.isna(variant) or (own & dense).any():
            yield rows[own]
        else:
            yield rows[own | (dense & rows["variant"].isna())]


def _of_each(
    make: Callable[[pd.DataFrame], pd.DataFrame], parts: Sequence[pd.DataFrame]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the tables of all parts as one, and their remarks, each once."""
    tables = [make(part) for part in parts] or [make(pd.DataFrame(columns=list(COLUMNS)))]
    remarks = [remark for table in tables for remark in table.attrs.get("remarks", [])]
    filled = [table for table in tables if len(table)] or tables[:1]
    joined = pd.concat(filled, ignore_index=True).drop_duplicates(ignore_index=True)
    return joined, list(dict.fromkeys(remarks))


def reference_method(cells: pd.DataFrame, asked: str | None) -> str | None:
    """Return the method that others are compared with; None if only full supervision is there.

    Raises
    ------
    InputError
        If the method that was asked for is not there.
    """
    methods = list(dict.fromkeys(scribbled(cells)["method"]))
    if asked is not None:
        if asked not in methods:
            hint = did_you_mean(asked, methods)
            raise InputError(f"--reference-method: there is no method '{asked}'.{hint}")
        return asked
    if FIRST_CHOICE in methods:
        return FIRST_CHOICE
    return methods[0] if methods else None
