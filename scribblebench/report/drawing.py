"""Which figures a report has, and the table that each is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.registry import Registry
from scribblebench.report.analysis import Analysis
from scribblebench.report.cells import DENSE
from scribblebench.report.collect import Results
from scribblebench.report.figures.ablation import ablation_figure, ablation_frame
from scribblebench.report.figures.boxes import box_figure
from scribblebench.report.figures.class_ratios import audit_figure, audit_table
from scribblebench.report.figures.critical_difference import critical_difference_figure
from scribblebench.report.figures.efficiency import classes_figure, efficiency_figure
from scribblebench.report.figures.gap import gap_figure
from scribblebench.report.figures.heat import heat_figure
from scribblebench.report.figures.learning import learning_figure
from scribblebench.report.figures.methods import methods_figure
from scribblebench.report.figures.points import figure_points, scores_of
from scribblebench.report.figures.qualitative import Shown, qualitative_figure
from scribblebench.report.figures.ranking import ranking_figure
from scribblebench.report.histories import histories
from scribblebench.report.page_content import viewed_trials
from scribblebench.report.scores import CELL, METRICS, patient_scores
from scribblebench.report.style import PAPER, Style, StyledFigure
from scribblebench.sweep.samples import largest_planes
from scribblebench.sweep.store import Store

MOST_SHOWN = 4
"""Trials side by side in the qualitative grid."""


@dataclass(frozen=True)
class Sources:
    """What figures are drawn from.

    Parameters
    ----------
    results : Results
    analysis : Analysis
    stores : mapping of str to Store
        The folder of each finished trial.
    reference_method : str, or None
    title : str
    style : Style
    """

    results: Results
    analysis: Analysis
    stores: Mapping[str, Store]
    reference_method: str | None
    title: str = ""
    style: Style = PAPER

    @property
    def class_names(self) -> dict[int, str]:
        """Names by class id, background included."""
        rows = self.results.rows
        return {0: "background", **dict(zip(rows["class_id"], rows["class_name"], strict=True))}


@dataclass(frozen=True)
class Drawing:
    """A figure with the table that it shows; `name` is that of its files."""

    name: str
    figure: StyledFigure
    data: pd.DataFrame


Draw = Callable[[Sources], Iterator[Drawing]]
FIGURES: Registry[Draw] = Registry("figure")


def _efficiency(of: Sources) -> Iterator[Drawing]:
    points = _points(of)
    if len(of.analysis.curves):
        figure = efficiency_figure(points, title=of.title, style=of.style)
        yield Drawing("efficiency", figure, points)
        if points["class_name"].nunique() > 2:  # the average counts as one
            figure = classes_figure(points, title=of.title, style=of.style)
            yield Drawing("efficiency-classes", figure, points)


def _methods(of: Sources) -> Iterator[Drawing]:
    cells = of.analysis.cells
    if cells.loc[cells["form"] != DENSE, "method"].nunique() > 1:
        points = _points(of)
        yield Drawing("methods", methods_figure(points, title=of.title, style=of.style), points)


def _points(of: Sources) -> pd.DataFrame:
    a = of.analysis
    return figure_points(a.cells, a.summary, a.seeds, a.curves)


def _boxes(of: Sources) -> Iterator[Drawing]:
    a = of.analysis
    for name in dict.fromkeys(["dsc", *a.comparisons["metric"]]):
        scores = patient_scores(a.rows, name)
        scores["label"] = scores["cell"].map(a.cells["label"])
        chosen = scores[scores["class_name"] == AVERAGE_NAME]
        unit = "" if name == "dsc" else str(a.rows["distance_unit"].iloc[0])
        figure = box_figure(
            chosen, a.comparisons, METRICS[name], unit=unit, title=of.title, style=of.style
        )
        yield Drawing(f"patients-{name}", figure, chosen)


def _heat(of: Sources) -> Iterator[Drawing]:
    scores = scores_of(of.analysis.cells, of.analysis.summary)
    scores = scores[(scores["class_name"] == AVERAGE_NAME) & scores["randomness"].notna()]
    for across in ("density", "randomness"):
        if scores[across].nunique() > 1 and scores["form"].nunique() > 1:
            figure = heat_figure(scores, across=across, title=of.title, style=of.style)
            yield Drawing(f"form-{across}", figure, scores)


def _ablation(of: Sources) -> Iterator[Drawing]:
    a = of.analysis
    methods = a.comparisons[a.comparisons["family"].str.startswith("methods against", na=False)]
    for base in dict.fromkeys(methods["cell_b"]):
        chosen = methods[methods["cell_b"] == base]
        if len(chosen["cell_a"].unique()) < 2:
            continue
        frame = ablation_frame(a.cells, a.summary, chosen, int(base))
        several = methods["cell_b"].nunique() > 1
        name = f"ablation-{_slug(a.cells.loc[base])}" if several else "ablation"
        yield Drawing(name, ablation_figure(frame, title=of.title, style=of.style), frame)


def _slug(cell: pd.Series) -> str:
    parts = [str(cell["dataset"]), str(cell["form"])]
    parts += [f"{cell[name]:g}" for name in ("density", "randomness") if pd.notna(cell[name])]
    return "-".join(parts)


def _gap(of: Sources) -> Iterator[Drawing]:
    a = of.analysis
    if len(a.gap):
        frame = a.gap.assign(label=a.gap["cell"].map(a.cells["label"]))
        yield Drawing("gap", gap_figure(frame, title=of.title, style=of.style), frame)


def _ranking(of: Sources) -> Iterator[Drawing]:
    a = of.analysis
    if len(a.ranking) > 2:
        frame = a.ranking.assign(label=a.ranking["cell"].map(a.cells["label"]))
        yield Drawing("ranking", ranking_figure(frame, title=of.title, style=of.style), frame)


def _critical_difference(of: Sources) -> Iterator[Drawing]:
    tests = of.analysis.rank_tests
    if tests is not None:
        blocks = of.analysis.cells["dataset"].nunique() > 1
        over = f"over {tests.n_blocks} data sets" if blocks else "over the patients of one data set"
        ranks = pd.DataFrame({"label": tests.average_ranks.index, "rank": tests.average_ranks})
        figure = critical_difference_figure(
            ranks,
            tests.p_pairs.loc[ranks.index, ranks.index],
            critical_difference=tests.critical_difference,
            title=f"{of.title}, {over}" if of.title else over,
            style=of.style,
        )
        yield Drawing("critical-difference", figure, ranks)


def _class_ratios(of: Sources) -> Iterator[Drawing]:
    tables = []
    for store in dict.fromkeys(of.stores.values()):
        own = {i: c for i, c in of.results.finished.items() if of.stores[i] is store}
        tables.append(audit_table(store, own))
    audited = [table for table in tables if len(table)]
    if audited:
        table = pd.concat(audited, ignore_index=True)
        figure = audit_figure(table, of.class_names, title=of.title, style=of.style)
        yield Drawing("class-ratios", figure, table)


def _learning(of: Sources) -> Iterator[Drawing]:
    table = histories(of.stores, of.analysis.rows, of.analysis.cells)
    if len(table):
        figure = learning_figure(table, title=of.title, style=of.style)
        yield Drawing("learning", figure, table)


def _qualitative(of: Sources) -> Iterator[Drawing]:
    rows, cells = of.analysis.rows, of.analysis.cells
    shown, chosen = [], []
    for cell, trial_id in zip(_shown_cells(of), _first_trials(of), strict=True):
        samples = of.stores[trial_id].read_samples(trial_id)
        if samples is not None:
            own = rows[rows["trial_id"] == trial_id]
            label = str(cells.loc[cell, "label"])
            shown.append(Shown(label, own, largest_planes(samples)))
            chosen.append(own.assign(label=label))
    if shown:
        figure = qualitative_figure(shown, of.class_names, title=of.title, style=of.style)
        keys = ["label", "trial_id", "case_id", "class_name", "dsc"]
        yield Drawing("qualitative", figure, pd.concat(chosen, ignore_index=True)[keys])


def _shown_cells(of: Sources) -> list[int]:
    """Return the cells of the grid: full supervision, then the best of each form and method."""
    a = of.analysis
    average = a.summary[a.summary["class_name"] == AVERAGE_NAME].set_index("cell")
    first_place = a.cells[
        (a.cells[["dataset", "split"]] == a.cells[["dataset", "split"]].iloc[0]).all(axis=1)
    ]
    ranked = first_place.assign(dsc=average["dsc_mean"]).sort_values("dsc", ascending=False)
    kind = "form" if ranked["form"].nunique() > 2 else "method"
    best = ranked.drop_duplicates(kind)
    dense = best.index[best["form"] == DENSE].tolist()
    others = [int(cell) for cell in best.index if cell not in dense]
    return [*dense, *others][:MOST_SHOWN]


def _first_trials(of: Sources) -> list[str]:
    """Return the first seed's trial of each shown cell."""
    rows, cells = of.analysis.rows, of.analysis.cells
    chosen = cells.loc[_shown_cells(of), CELL].reset_index()
    trials = rows[rows["trial_id"].isin(viewed_trials(rows, len(cells)))]
    found = chosen.merge(trials.drop_duplicates("trial_id"), on=CELL, how="left")
    return [str(trial_id) for trial_id in found["trial_id"]]


for _name, _draw in (
    ("efficiency", _efficiency),
    ("methods", _methods),
    ("patients", _boxes),
    ("heat", _heat),
    ("ablation", _ablation),
    ("gap", _gap),
    ("ranking", _ranking),
    ("critical-difference", _critical_difference),
    ("class-ratios", _class_ratios),
    ("learning", _learning),
    ("qualitative", _qualitative),
):
    FIGURES.add(_name, _draw)
