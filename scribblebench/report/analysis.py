"""All that a report says, as tables: computed once, then drawn, typeset and put into words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import pandas as pd

from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.report.cells import DENSE, cell_table, labels
from scribblebench.report.collect import COLUMNS, Results, arms
from scribblebench.report.efficiency.area import area_differences, efficiency_areas
from scribblebench.report.efficiency.curve import efficiency_curves
from scribblebench.report.efficiency.principles import principles
from scribblebench.report.efficiency.targets import efficiency_targets, relative_dice
from scribblebench.report.scores import CELL, METRICS, Metric, patient_scores, seed_scores, wide
from scribblebench.report.statistics.datasets import RankTests, rank_tests
from scribblebench.report.statistics.equivalence import GAP, gap_table
from scribblebench.report.statistics.paired import COMPARISONS, compare
from scribblebench.report.statistics.ranking import rank_cells
from scribblebench.report.statistics.variance import variance_table
from scribblebench.report.summary import summary

MARGIN = 0.05
"""Dice within which scribbles count as close to full supervision, unless a report is told else."""
FIRST_CHOICE = "pce"
"""Method that others are compared with, unless a report is told else: the plainest one."""
MOST_RANKED = 40
"""Cells whose ranks are tested against each other: of more, nothing can be read."""
PLACE = ["dataset", "split"]
RANKING = ["dataset", "cell", "rank", "podium_1", "podium_2", "podium_3", "rank_low", "rank_high"]
STABILITY = ["dataset", "kendall_tau_median", "kendall_tau_low", "kendall_tau_high"]


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
    ranking, stability = _rankings(wide(patients), _scribbled(used))
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
        comparisons=_comparisons(rows, used, [METRICS[m] for m in wanted.metrics], reference),
        gap=_gaps(wide(patients), used, wanted.margin),
        variance=variance_table(seeds),
        ranking=ranking,
        stability=stability,
        rank_tests=_rank_tests(wide(patients), _scribbled(used)),
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
    methods = list(dict.fromkeys(_scribbled(cells)["method"]))
    if asked is not None:
        if asked not in methods:
            hint = did_you_mean(asked, methods)
            raise InputError(f"--reference-method: there is no method '{asked}'.{hint}")
        return asked
    if FIRST_CHOICE in methods:
        return FIRST_CHOICE
    return methods[0] if methods else None


def _scribbled(cells: pd.DataFrame) -> pd.DataFrame:
    return cells[cells["form"] != DENSE]


def _places(cells: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for _, part in cells.groupby(PLACE, sort=False):
        yield part


def _rankings(table: pd.DataFrame, cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rank the cells of each data set by Dice, and say how stable that is."""
    found = [
        rank_cells(
            _complete(table, part), metric=METRICS["dsc"], dataset=str(part["dataset"].iloc[0])
        )
        for part in _places(cells)
    ]
    rankings, stability = [one.table for one in found], [one.stability for one in found]
    return _joined(rankings, RANKING), _joined(stability, STABILITY)


def _rank_tests(table: pd.DataFrame, cells: pd.DataFrame) -> RankTests | None:
    """Test whether cells differ in rank, if there are three or more that can be compared."""
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


def _comparisons(
    rows: pd.DataFrame, cells: pd.DataFrame, metrics: Sequence[Metric], reference: str | None
) -> pd.DataFrame:
    """Compare methods on the same scribbles with the reference, and forms of equal density."""
    found = []
    for metric in metrics:
        table = wide(patient_scores(rows, metric.name))
        for part in _places(_scribbled(cells)):
            for family, pairs in _families(part, reference):
                found.append(
                    compare(
                        _complete(table, part),
                        pairs,
                        metric=metric,
                        dataset=str(part["dataset"].iloc[0]),
                        family=family,
                    )
                )
    return _joined(found, COMPARISONS)


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


def _gaps(table: pd.DataFrame, cells: pd.DataFrame, margin: float) -> pd.DataFrame:
    """Judge every cell against full supervision on the same patients."""
    found = []
    for part in _places(cells):
        dense, scribbled = part[part["form"] == DENSE], _scribbled(part)
        pairs = []
        for cell, variant in zip(scribbled.index, scribbled["variant"], strict=True):
            same, plain = (
                dense.index[dense["variant"] == variant],
                dense.index[dense["variant"].isna()],
            )
            if full := [*same, *plain]:
                pairs.append((int(cell), int(full[0])))
        if pairs:
            found.append(gap_table(_complete(table, part), pairs, margin=margin))
    return _joined(found, GAP)
