"""The outcome of `scribblebench data check`, for people and for programs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

from rich.table import Table
from rich.text import Text

from scribblebench.cli.counted import counted
from scribblebench.data.checking import CaseFacts, Problem, Report

SHOWN = 10
"""Problems of a kind, values and files that are shown unless all are asked for."""


def render(report: Report, *, shown: int | None) -> Iterator[Text | Table]:
    """Yield what is printed: facts, classes, then a line for each problem.

    Parameters
    ----------
    report : Report
    shown : int or None
        See `SHOWN`; None is all.
    """
    for key, value in _facts(report, shown):
        yield Text(f"{key:<10}  {value}")
    if report.readable:
        yield Text()
        yield _classes(report)
    if report.problems:
        yield Text()
    # Errors last: that is what stands above the prompt.
    for severity in ("warning", "error"):
        problems = [p for p in report.problems if p.severity == severity]
        for kind, found in groupby(sorted(problems, key=lambda p: p.kind), lambda p: p.kind):
            yield from _lines(list(found), f"{severity}: ", kind, shown)


def _lines(found: list[Problem], begin: str, kind: str, shown: int | None) -> Iterator[Text]:
    listed = found if shown is None or len(found) <= shown + 1 else found[:shown]
    for problem in listed:
        yield Text(f"{begin}{problem.line()}")
    if len(listed) < len(found):
        yield Text(f"{begin}and {len(found) - len(listed)} more of this kind ({kind}): --all")


def _facts(report: Report, shown: int | None) -> Iterator[tuple[str, str]]:
    cases = report.cases
    n_patients = len({facts.patient_id for facts in cases})
    yield "cases", f"{len(cases)} of {counted(n_patients, 'patient')}"
    unread = len(cases) - len(report.readable)
    if unread:
        yield "", f"{unread} cannot be read and are left out below"
    patients = {facts.case_id: facts.patient_id for facts in cases}
    parts = []
    for part, ids in report.parts.items():
        n = len({patients.get(case_id, case_id) for case_id in ids})
        parts.append(f"{part} {len(ids)} of {n}" if n < len(ids) else f"{part} {len(ids)}")
    yield "split", ", ".join(parts)
    if not report.readable:
        return
    channels = sorted({len(facts.ranges) for facts in report.readable})
    yield "channels", ", ".join(map(str, channels)) if any(channels) else "none: label maps alone"
    yield "shape", _values(report, "shape", shown)
    yield "spacing mm", _values(report, "spacing_mm", shown)
    if any(facts.axes is not None for facts in report.readable):
        yield "axes", _values(report, "axes", shown)
    for key, name in (("image type", "image_types"), ("label type", "label_types")):
        if any(getattr(facts, name) for facts in report.readable):
            yield key, _values(report, name, shown)
    for number in range(max(channels)):
        yield (
            "intensity" if max(channels) == 1 else f"channel {number}",
            _intensities(report, number),
        )
    n_marked = sum(sum(f.annotated.values()) for f in report.readable if f.annotated and f.voxels)
    if n_marked:
        n = sum(facts.contradicting for facts in report.readable)
        share = f"({100 * n / n_marked:.2g} %)" if n else ""
        yield "scribbles", f"contradict dense labels in {n} of {n_marked} voxels {share}".strip()
    if report.unused:
        few = report.unused if shown is None else report.unused[:3]
        more = ", ..." if len(few) < len(report.unused) else ""
        yield "not used", f"{counted(len(report.unused), 'file')}: {', '.join(few)}{more}"


def _values(report: Report, name: str, shown: int | None) -> str:
    """Return the distinct values with their numbers of cases."""
    counts: dict[str, int] = {}
    for value, n in report.counted(name):
        text = _value(value)
        counts[text] = counts.get(text, 0) + n
    listed = sorted(counts.items(), key=lambda item: -item[1])
    some = listed if shown is None or len(listed) <= shown + 1 else listed[: shown // 2]
    named = [text if len(listed) == 1 else f"{text} ({n})" for text, n in some]
    if len(some) < len(listed):
        left = listed[len(some) :]
        named.append(f"and {len(left)} others ({sum(n for _, n in left)} cases)")
    return ", ".join(named)


def _value(value: Any) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, str):
        return value
    if value and isinstance(value[0], str):
        return " and ".join(value)
    if not value:
        return "not known"
    sizes = value[1:] if len(value) == 4 else value
    return " x ".join(f"{size:.3g}" if isinstance(size, float) else str(size) for size in sizes)


def _intensities(report: Report, number: int) -> str:
    """Return the least and the greatest intensity of a channel, and the medians of both."""
    ranges = [facts.ranges[number] for facts in report.readable if len(facts.ranges) > number]
    finite = [r for r in ranges if all(map(math.isfinite, r))]
    if not finite:
        return "not finite"
    least, greatest = ([r[side] for r in finite] for side in (0, 1))
    text = f"{min(least):g} to {max(greatest):g}"
    middles = tuple(sorted(v)[len(v) // 2] for v in (least, greatest))
    return text if len(finite) == 1 else f"{text}; medians {middles[0]:g} and {middles[1]:g}"


def _classes(report: Report) -> Table:
    """Return a table of the classes: shares of voxels, cases, and annotated shares."""
    dense, marks = report.class_voxels("voxels"), report.class_voxels("annotated")
    table = Table(box=None, header_style="bold", padding=(0, 1), pad_edge=False)
    table.add_column("class")
    columns = ["share of voxels", "cases"] if dense else []
    columns += ["of scribbles", "cases", "annotated share"] if marks else []
    for column in columns:
        table.add_column(column, justify="right")
    for class_id, name in enumerate(report.labels.class_names):
        row = [f"{class_id} {name}"]
        for counts in (dense, marks):
            if counts:
                row += [_share(counts[class_id][0], sum(n for n, _ in counts.values()))]
                row += [str(counts[class_id][1])]
        if marks:
            share = report.annotated_share(class_id)
            row.append("-" if share is None else f"{100 * share:.2f} %")
        table.add_row(*row)
    return table


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


def as_json(report: Report) -> dict[str, Any]:
    """Return all of a report in the types of JSON."""
    names = report.labels.class_names
    dense, marks = report.class_voxels("voxels"), report.class_voxels("annotated")
    classes = [
        {
            "id": c,
            "name": name,
            "voxels": dense[c][0] if dense else None,
            "cases": dense[c][1] if dense else None,
            "annotated": marks[c][0] if marks else None,
            "annotated_cases": marks[c][1] if marks else None,
            "annotated_share": report.annotated_share(c),
        }
        for c, name in enumerate(names)
    ]
    return {
        "dataset": report.dataset,
        "n_cases": len(report.cases),
        "n_patients": len({facts.patient_id for facts in report.cases}),
        "parts": {part: list(ids) for part, ids in report.parts.items()},
        "classes": classes,
        "cases": [_case_json(facts) for facts in report.cases],
        "unused": list(report.unused),
        "n_errors": report.count("error"),
        "n_warnings": report.count("warning"),
        "problems": [asdict(problem) for problem in report.problems],
    }


def _case_json(facts: CaseFacts) -> dict[str, Any]:
    ranges = [[v if math.isfinite(v) else None for v in r] for r in facts.ranges]
    return {
        "case_id": facts.case_id,
        "patient_id": facts.patient_id,
        "shape": facts.shape,
        "spacing_mm": facts.spacing_mm,
        "axes": facts.axes,
        "image_types": facts.image_types,
        "label_types": facts.label_types,
        "ranges": ranges,
        "voxels": facts.voxels,
        "annotated": facts.annotated,
        "contradicting": facts.contradicting,
    }
