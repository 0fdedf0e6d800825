"""All that a report says, as tables: computed once, then drawn, typeset and put into words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.report.cells import DENSE, cell_table
from scribblebench.report.collect import COLUMNS, Results, arms
from scribblebench.report.comparing import comparisons, gaps, rankings, ranks_tested, scribbled
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
    reference = reference_method(cells, wanted.reference_method)
    used = cells if wanted.allow_partial else cells[cells["is_complete"]]
    comparable = rows.merge(used[CELL], on=CELL)
    patients, seeds = patient_scores(rows), seed_scores(rows)
    ranking, stability = rankings(wide(patients), scribbled(used))
    parts = list(_variants(comparable.rename(columns={"coverage_px": "coverage"})))
    curves, told = _of_each(efficiency_curves, parts)
    targets, of_targets = _of_each(efficiency_targets, parts)
    relative, _ = _of_each(relative_dice, parts)
    area, of_area = _of_each(efficiency_areas, parts)
    differences, _ = _of_each(area_differences, parts)
    explained, of_principles = _of_each(principles, parts)
    # Where no form was drawn at several densities, nothing of this was to be expected.
    said = [*told, *of_targets, *of_area] if len(curves) else []
    said += of_principles if len(explained) else []
    return Analysis(
        rows=rows,
        cells=cells,
        summary=summary(rows, cells),
        patients=patients,
        seeds=seeds,
        comparisons=comparisons(rows, used, [METRICS[m] for m in wanted.metrics], reference),
        gap=gaps(wide(patients), used, wanted.margin),
        variance=variance_table(seeds),
        ranking=ranking,
        stability=stability,
        rank_tests=ranks_tested(wide(patients), scribbled(used)),
        curves=curves,
        targets=targets,
        relative=relative,
        area=area,
        area_differences=differences,
        principles=explained,
        remarks=list(dict.fromkeys(said)),
    )


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
