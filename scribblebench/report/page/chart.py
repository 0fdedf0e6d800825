"""The data of the efficiency curves: lines, points and levels of each panel."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.scores import CELL
from scribblebench.report.style import COLOURS, MARKERS

SERIES = ["form", "method", "randomness"]
"""What names a line of a panel."""

N_COLOURS = len(COLOURS) - 1
"""The last one, black, is kept for full supervision and would not be seen on a dark page."""

DASHES = ("", "6 3", "2 3", "8 3 2 3")

POINT = ("dsc_mean", "dsc_low", "dsc_high", "collapse_rate", "failure_rate")
COUNTS = ("n_patients", "n_seeds", "n_planned")


def panels_of(
    cells: pd.DataFrame, summary: pd.DataFrame, curves: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return a panel for each data set, its parts and each class, the average first.

    A line is a form, method and randomness with a density; what has none is a point at its
    measured share (scribbles that come with the data) or a level (full supervision, and scribbles
    of unknown share). A form has one colour in all panels. Lines of one form differ in
    marker and dashes.

    Returns
    -------
    panels : list of dict
        `dataset`, `class_name` and `series`: dicts with `label`, `kind` ("line", "point" or
        "level"), `colour`, `marker`, `dash`, `points` and `fit` (lists of dicts), all of it ready
        for JSON.
    """
    if summary.empty:
        return []
    told = cells[[*CELL, "label", "is_complete"]]
    points = summary.merge(told, left_on="cell", right_index=True, validate="many_to_one")
    names = _series_of(points)
    classes = list(dict.fromkeys(points["class_name"]))
    classes.sort(key=lambda name: name != AVERAGE_NAME)
    panels = []
    for dataset, of_dataset in points.groupby(["dataset", "split"], sort=False):
        for class_name in classes:
            chosen = of_dataset[of_dataset["class_name"] == class_name]
            lines = _lines_of(curves, dataset[0], class_name)
            series = [_series(name, chosen, lines) for name in names]
            panels.append(
                {
                    "dataset": _dataset_name(points, dataset),
                    "class_name": class_name,
                    "series": [one for one in series if one["points"]],
                }
            )
    return panels


def _dataset_name(points: pd.DataFrame, dataset: tuple[Hashable, ...]) -> str:
    name, split = dataset
    return f"{name}, {split}" if points["split"].nunique() > 1 else str(name)


def _lines_of(curves: pd.DataFrame, dataset: Hashable, class_name: str) -> pd.DataFrame:
    """Return the fitted lines of a panel, which are of the average where they name no class."""
    if curves.empty:
        return curves
    own = curves["class_name"] if "class_name" in curves else AVERAGE_NAME
    return curves[(curves["dataset"] == dataset) & (own == class_name)]


def _series_of(points: pd.DataFrame) -> list[dict[str, Any]]:
    """Return name and look of each line, point and level, in the order of the cells."""
    drawn = points[points["density"].notna() & (points["form"] != "dense")]
    scribbled = points[points["form"] != "dense"]
    varied = {
        "method": scribbled["method"].nunique() > 1,
        "randomness": drawn["randomness"].nunique() > 1,
    }
    keys = points[SERIES].drop_duplicates().itertuples(index=False, name=None)
    forms = [form for form in dict.fromkeys(points["form"]) if form != "dense"]
    ordered = sorted(keys, key=lambda k: _place(k, forms))
    looks = list(dict.fromkeys((m, str(r)) for form, m, r in ordered if form in forms))
    # Where each form has one line the marker tells forms apart as well, for those who see no
    # colours; else it tells methods and values of randomness apart.
    marked_by_form = not any(varied.values())
    found = []
    for form, method, randomness in ordered:
        kind = _kind(points[_is(points, (form, method, randomness))])
        place = forms.index(form) if form in forms else 0
        look = looks.index((method, str(randomness))) if form in forms else 0
        marker = MARKERS[(place if marked_by_form else look) % len(MARKERS)]
        found.append(
            {
                "keys": (form, method, randomness),
                "label": _label(kind, form, method, randomness, varied),
                "kind": kind if form in forms else "level",
                "colour": COLOURS[place % N_COLOURS] if form in forms else "currentColor",
                "marker": "*" if kind == "point" else marker,
                "dash": "" if marked_by_form else DASHES[look % len(DASHES)],
            }
        )
    return found


def _place(keys: tuple[Any, ...], forms: list[str]) -> tuple[Any, ...]:
    """Order lines by form, then by randomness; forms in the order of the cells, levels last."""
    form, method, randomness = keys
    place = forms.index(form) if form in forms else len(forms)
    return (pd.isna(randomness), place, method, 0.0 if pd.isna(randomness) else randomness)


def _kind(members: pd.DataFrame) -> str:
    if members["density"].notna().any():
        return "line"
    return "point" if members["annotated_fraction"].notna().any() else "level"


def _label(
    kind: str, form: str, method: str, randomness: float, varied: Mapping[str, bool]
) -> str:
    if form == "dense":
        return "full supervision" if method == "full" else f"full supervision ({method})"
    parts = [form.replace("_", " ") if kind == "line" else f"{form.replace('_', ' ')} scribbles"]
    if varied["method"]:
        parts.append(method)
    if varied["randomness"] and not math.isnan(randomness):
        parts.append(f"randomness {randomness:g}")
    return ", ".join(parts)


def _is(table: pd.DataFrame, keys: tuple[Any, ...]) -> pd.Series:
    """Return which rows have these keys; NaN is equal to NaN."""
    form, method, randomness = keys
    same = table["randomness"].isna() if pd.isna(randomness) else table["randomness"] == randomness
    return (table["form"] == form) & (table["method"] == method) & same


def _series(name: dict[str, Any], points: pd.DataFrame, curves: pd.DataFrame) -> dict[str, Any]:
    look = {key: value for key, value in name.items() if key != "keys"}
    share = {"line": "density", "point": "annotated_fraction", "level": None}[name["kind"]]
    members = points[_is(points, name["keys"])]
    if share is not None:
        members = members.sort_values(share, kind="stable")
    fit = curves[_is(curves, name["keys"])].sort_values("density") if len(curves) else curves
    return {
        **look,
        "points": [_point(row, share) for row in members.to_dict("records")],
        "fit": [
            {"x": r["density"], "y": r["fit"], "low": r["low"], "high": r["high"]}
            for r in _json_ready(fit)
        ],
    }


def _point(row: Mapping[Hashable, Any], share: str | None) -> dict[str, Any]:
    return {
        "x": _number(row[share]) if share else None,
        "label": str(row["label"]),
        "is_complete": bool(row["is_complete"]),
        **{name: _number(row[name]) for name in POINT},
        **{name: int(row[name]) for name in COUNTS},
    }


def _json_ready(table: pd.DataFrame) -> list[dict[str, Any]]:
    names = [n for n in ("density", "fit", "low", "high") if n in table]
    return [{n: _number(r[n]) for n in names} for r in table.to_dict("records")]


def _number(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
