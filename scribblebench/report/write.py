"""Everything that `scribblebench report` writes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pandas as pd

from scribblebench.errors import InputError
from scribblebench.io.atomic import atomic_path, write_json, write_text
from scribblebench.report.analysis import Analysis, Wanted, analyse, reference_method
from scribblebench.report.collect import Results, collect
from scribblebench.report.drawing import FIGURES, Drawing, Sources
from scribblebench.report.findings import findings
from scribblebench.report.page.build import Page, render
from scribblebench.report.page_content import (
    MAX_CASES,
    pictures,
    trials_table,
    unfinished_table,
    viewed_trials,
)
from scribblebench.report.several import merge, other_data
from scribblebench.report.style import PAPER, Style, save
from scribblebench.report.tables.markdown import to_markdown
from scribblebench.report.typesetting import FORMATS, tables_of, write_table
from scribblebench.sweep.store import Store

CONTENTS = "contents.txt"
"""Lists the files of a report, so that the next one knows which of them to remove."""
IN_SUMMARY = ("summary", "gap", "targets", "principles")
"""Tables that stand in summary.md; the others have files of their own."""


@dataclass(frozen=True)
class Options:
    """What a user may ask of a report.

    Parameters
    ----------
    wanted : Wanted
    formats : sequence of str
        Of tables; see `scribblebench.report.typesetting.FORMATS`.
    figures : sequence of str, or None
        Draw only these, and write nothing else; see `scribblebench.report.drawing.FIGURES`.
    style : Style
    n_cases : int
        The most cases on the page, whose images are part of it.
    """

    wanted: Wanted = field(default_factory=Wanted)
    formats: Sequence[str] = tuple(FORMATS)
    figures: Sequence[str] | None = None
    style: Style = PAPER
    n_cases: int = MAX_CASES


@dataclass(frozen=True)
class Report:
    """What was written, and what it says."""

    remarks: list[str]
    findings: list[str]
    markdown: str
    paths: list[Path]


def write_report(
    folders: Sequence[Path], *, output: Path | None = None, options: Options | None = None
) -> Report:
    """Write tables, figures and the page of one results folder or several.

    Parameters
    ----------
    folders : sequence of Path
    output : Path, or None
        By default `report` in the only folder, or in that which holds the first of several.
    options : Options, or None

    Raises
    ------
    InputError
        If a folder holds no finished trial or damaged files, or an option names what is not there.
    """
    options = options or Options()
    for name in options.figures or ():
        FIGURES[name]
    for name in options.formats:
        FORMATS[name]
    stores, results = _collected(folders)
    analysis = analyse(results, options.wanted)
    reference = reference_method(analysis.cells, options.wanted.reference_method)
    target = output or (folders[0] if len(folders) == 1 else folders[0].parent) / "report"
    sources = Sources(results, analysis, stores, reference, results.protocol, options.style)
    if options.figures is not None:
        paths = [p for d in _drawings(sources, options.figures) for p in _save(target, d)]
        if not paths:
            names = ", ".join(options.figures)
            raise InputError(f"--figure: these results have nothing to show in: {names}")
        return Report([], [], "", paths)
    remarks = [*results.remarks(), *other_data(results), *analysis.remarks]
    told = _findings(analysis, allow_partial=options.wanted.allow_partial)
    partial = options.wanted.allow_partial
    tables = list(tables_of(analysis, reference_method=reference, allow_partial=partial))
    paths = [*_write_rows(target, results), *_write_data(target, analysis)]
    for table in tables:
        paths += write_table(target / "tables", table, list(options.formats))
    for drawing in _drawings(sources, list(FIGURES)):
        paths += _save(target, drawing)
    markdown = "\n\n".join(to_markdown(t) for t in tables if t.name in IN_SUMMARY)
    paths.append(target / "summary.md")
    write_text(paths[-1], _summary(results.protocol, remarks, told, markdown))
    paths.append(target / "report.html")
    write_text(paths[-1], _page(sources, remarks, told, options.n_cases))
    _forget_earlier(target, paths)
    return Report(remarks, told, markdown, paths)


def _forget_earlier(target: Path, paths: Sequence[Path]) -> None:
    """Remove what an earlier report wrote and this one did not; nothing else in the folder."""
    listing = target / CONTENTS
    now = sorted(path.relative_to(target).as_posix() for path in paths)
    with contextlib.suppress(OSError):
        for name in set(listing.read_text(encoding="utf-8").splitlines()) - set(now):
            path = target / name
            if path.resolve().is_relative_to(target.resolve()):
                path.unlink(missing_ok=True)
    write_text(listing, "".join(f"{name}\n" for name in now))


def _collected(folders: Sequence[Path]) -> tuple[dict[str, Store], Results]:
    """Return the folder of each finished trial, and all results as one."""
    parts: dict[str, Results] = {}
    stores: dict[str, Store] = {}
    for folder in dict.fromkeys(folders):
        store = Store(folder)
        name = folder.resolve().name
        while name in parts:
            name += "'"
        parts[name] = collect(store)
        for trial_id in parts[name].results:
            stores.setdefault(trial_id, store)
    return stores, merge(parts)


def _drawings(sources: Sources, names: Sequence[str]) -> Iterator[Drawing]:
    for name in names:
        yield from FIGURES[name](sources)


def _save(target: Path, drawing: Drawing) -> list[Path]:
    """Write a figure in each format, and its data beside it."""
    path = target / "figures" / drawing.name
    return [
        *save(drawing.figure, path),
        _write_csv(path.with_name(f"{path.name}.csv"), drawing.data),
    ]


def _findings(analysis: Analysis, *, allow_partial: bool) -> list[str]:
    a = analysis
    return findings(
        a.cells,
        a.summary,
        gap=a.gap,
        comparisons=a.comparisons,
        targets=a.targets,
        ranking=a.ranking,
        stability=a.stability,
        principles=a.principles,
        allow_partial=allow_partial,
    )


def _summary(title: str, remarks: Sequence[str], told: Sequence[str], tables: str) -> str:
    parts = [f"# {title}", *(f"> {remark}" for remark in remarks)]
    parts += ["## Findings", "\n".join(f"- {finding}" for finding in told)] if told else []
    return "\n\n".join([*parts, "## Tables", tables]) + "\n"


def _page(sources: Sources, remarks: Sequence[str], told: Sequence[str], n_cases: int) -> str:
    a, results = sources.analysis, sources.results
    cases, overlays = pictures(sources.stores, viewed_trials(a.rows), a.rows, n_cases)
    return render(
        Page(
            title=sources.title,
            remarks=remarks,
            findings=told,
            cells=a.cells,
            summary=a.summary,
            curves=a.curves,
            trials=trials_table(results),
            cases=cases,
            overlays=overlays,
            class_names=sources.class_names,
            provenance=provenance_summary(results),
            failures=unfinished_table(results),
            case_scores=a.rows[["trial_id", "case_id", "class_name", "dsc"]],
        )
    )


def provenance_summary(results: Results) -> dict[str, object]:
    """Return code, versions, hardware and hours behind the report, each listed once."""
    entries = list(results.results.values())
    distinct: list[Mapping[str, object]] = []
    for entry in entries:
        if entry["provenance"] not in distinct:
            distinct.append(entry["provenance"])
    return {
        "trials": len(entries),
        "data_fingerprints": sorted({entry["data_fingerprint"] for entry in entries}),
        "wall_hours": _hours(entries, "wall_s"),
        "training_hours": _hours(entries, "train_s"),
        "first_started": min(entry["started"] for entry in entries),
        "last_started": max(entry["started"] for entry in entries),
        "provenance": distinct,
    }


def _hours(entries: Sequence[Mapping[str, Any]], name: str) -> float:
    """Return the hours of all trials whose time is known: other tools do not tell theirs."""
    return round(sum(entry["timing"][name] or 0.0 for entry in entries) / 3600, 3)


def _write_rows(target: Path, results: Results) -> list[Path]:
    """Write the rows that all else was made from, and where they come from."""
    parquet = target / "table.parquet"
    with atomic_path(parquet) as temporary:
        results.rows.to_parquet(temporary, index=False)
    write_json(target / "provenance.json", provenance_summary(results))
    return [_write_csv(target / "table.csv", results.rows), parquet, target / "provenance.json"]


def _write_data(target: Path, analysis: Analysis) -> list[Path]:
    """Write every table of the analysis that holds something, in all digits."""
    tables = {f.name: getattr(analysis, f.name) for f in fields(analysis) if f.name != "rows"}
    if analysis.rank_tests is not None:
        tables["rank_tests"] = analysis.rank_tests.table()
    return [
        _write_csv(
            target / "data" / f"{name}.csv",
            table.reset_index(names="cell") if name == "cells" else table,
        )
        for name, table in tables.items()
        if isinstance(table, pd.DataFrame) and len(table)
    ]


def _write_csv(path: Path, table: pd.DataFrame) -> Path:
    write_text(path, table.to_csv(index=False))
    return path
