"""Everything that `scribblebench report` writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scribblebench.io.atomic import atomic_path, write_json, write_text
from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.collect import Results, arms, collect
from scribblebench.report.curves import efficiency_points
from scribblebench.report.figures.class_ratios import audit_figure, audit_table
from scribblebench.report.figures.efficiency import classes_figure, efficiency_figure
from scribblebench.report.figures.methods import methods_figure
from scribblebench.report.figures.points import figure_points
from scribblebench.report.figures.qualitative import Shown, qualitative_figure
from scribblebench.report.scores import CELL, cells_of, seed_scores
from scribblebench.report.style import save
from scribblebench.report.tables import summary_markdown, summary_table
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.store import Store


@dataclass(frozen=True)
class Report:
    """What was written, and the summary as text."""

    tables: list[Path]
    figures: list[Path]
    markdown: str
    remarks: list[str]


def write_report(folder: Path) -> Report:
    """Write tables and figures of a results folder into its `report/`.

    Raises
    ------
    InputError
        If the folder holds no finished trial or damaged files.
    """
    store = Store(folder)
    results = collect(store)
    target = folder / "report"
    rows = arms(results.rows)
    summary = summary_table(rows)
    markdown = summary_markdown(summary)
    remarks = results.remarks()
    tables = [
        _write_csv(target / "table.csv", results.rows),
        _write_parquet(target / "table.parquet", results.rows),
        _write_csv(target / "summary.csv", summary),
        target / "summary.md",
        target / "provenance.json",
    ]
    lines = [f"# {results.protocol}", "", *(f"> {remark}\n" for remark in remarks), markdown]
    write_text(target / "summary.md", "\n".join(lines))
    write_json(target / "provenance.json", provenance_summary(results))
    title = f"{results.protocol} ({results.rows['dataset'].iloc[0]})"
    points = efficiency_points(rows).drop(columns="seed_means")
    tables.append(_write_csv(target / "efficiency.csv", points))
    figures = []
    drawn = drawn_points(rows)
    if points.groupby(["form", "method", "randomness"])["density"].nunique().max() > 1:
        figures += save(efficiency_figure(drawn, title=title), target / "efficiency")
        figures += save(classes_figure(drawn, title=title), target / "efficiency-classes")
    if (points.loc[points["form"] != "dense", "method"].nunique()) > 1:
        figures += save(methods_figure(drawn, title=title), target / "methods")
    audit = audit_table(store, results.finished)
    if len(audit):
        tables.append(_write_csv(target / "class-ratios.csv", audit))
        names = dict(zip(results.rows["class_id"], results.rows["class_name"], strict=True))
        figure = audit_figure(audit, {0: "background", **names}, title=title)
        figures += save(figure, target / "class-ratios")
    figures += _overlays(store, results, target)
    return Report(tables, figures, markdown, remarks)


def provenance_summary(results: Results) -> dict[str, object]:
    """Return code, versions, hardware and hours behind the report, each listed once."""
    entries = list(results.results.values())
    distinct: list[dict[str, object]] = []
    for entry in entries:
        if entry["provenance"] not in distinct:
            distinct.append(entry["provenance"])
    return {
        "trials": len(entries),
        "data_fingerprints": sorted({entry["data_fingerprint"] for entry in entries}),
        "wall_hours": round(sum(e["timing"]["wall_s"] for e in entries) / 3600, 3),
        "training_hours": round(sum(e["timing"]["train_s"] for e in entries) / 3600, 3),
        "first_started": min(entry["started"] for entry in entries),
        "last_started": max(entry["started"] for entry in entries),
        "provenance": distinct,
    }


def drawn_points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the figures of Dice are drawn from."""
    cells = cells_of(rows).assign(is_complete=True)
    keys = cells.reset_index()
    names = [None, *rows["class_name"].unique()]
    summary = pd.concat(
        efficiency_points(rows, name)
        .drop(columns="seed_means")
        .merge(keys, on=CELL, how="left")
        .assign(class_name=name or AVERAGE_NAME)
        for name in names
    )
    return figure_points(cells, summary.drop(columns=[*CELL, "is_complete"]), seed_scores(rows))


def _overlays(store: Store, results: Results, target: Path) -> list[Path]:
    """Draw the overlay of a trial a form, method and variant: largest density, first seed."""
    chosen: dict[tuple[str, str], tuple[str, TrialConfig]] = {}
    for trial_id, config in results.finished.items():
        key = (config.form, config.arm())
        earlier = chosen.get(key)
        if earlier is None or _rank(config) > _rank(earlier[1]):
            chosen[key] = (trial_id, config)
    paths = []
    for (form, arm), (trial_id, config) in chosen.items():
        samples = store.read_samples(trial_id)
        if samples is None:
            continue
        rows = results.rows[results.rows["trial_id"] == trial_id]
        names = dict(zip(rows["class_id"], rows["class_name"], strict=True))
        shown = Shown(config.label(), rows, samples)
        figure = qualitative_figure([shown], {0: "background", **names}, title=config.label())
        paths += save(figure, target / f"overlay-{form}-{arm.replace(' ', '-')}", (".png",))
    return paths


def _rank(config: TrialConfig) -> tuple[float, int]:
    return (config.density or 0.0, -config.seed)


def _write_csv(path: Path, table: pd.DataFrame) -> Path:
    write_text(path, table.to_csv(index=False))
    return path


def _write_parquet(path: Path, table: pd.DataFrame) -> Path:
    with atomic_path(path) as temporary:
        table.to_parquet(temporary, index=False)
    return path
