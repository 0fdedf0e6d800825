"""The data of the efficiency curves, panel by panel."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.page.series import Series, kind_of, series_of
from scribblebench.report.scores import CELL

MEASURES = ("dsc_mean", "dsc_low", "dsc_high", "collapse_rate", "failure_rate")
COUNTS = ("n_patients", "n_seeds", "n_planned")


def panels_of(
    cells: pd.DataFrame, summary: pd.DataFrame, curves: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return a panel for each data set, its parts and each class, the average first.

    Parameters
    ----------
    cells, summary, curves : DataFrame
        See `scribblebench.report.page.model.Page`.

    Returns
    -------
    panels : list of dict
        `dataset`, `class_name` and `series`: dicts with `label`, `kind` ("line", "point" or
        "level"), `colour`, `marker`, `dash`, `points` and `fit` (lists of dicts); all of it ready
        for JSON, undefined numbers being None.
    """
    if summary.empty:
        return []
    told = cells[[*CELL, "label", "is_complete"]]
    points = summary.merge(told, left_on="cell", right_index=True, validate="many_to_one")
    series = series_of(points)
    classes = list(dict.fromkeys(points["class_name"]))
    classes.sort(key=lambda name: name != AVERAGE_NAME)
    n_parts = points.groupby("dataset")["split"].nunique()
    panels = []
    for (dataset, split), part in points.groupby(["dataset", "split"], sort=False):
        for class_name in classes:
            chosen = part[part["class_name"] == class_name]
            lines = _lines_of(curves, dataset, class_name)
            drawn = [(one, one.rows(chosen)) for one in series]
            panels.append(
                {
                    "dataset": f"{dataset}, {split}" if n_parts[str(dataset)] > 1 else str(dataset),
                    "class_name": class_name,
                    "series": [_series(one, rows, lines) for one, rows in drawn if len(rows)],
                }
            )
    return panels


def _lines_of(curves: pd.DataFrame, dataset: Hashable, class_name: str) -> pd.DataFrame:
    """Return the fitted lines of a panel, which are of the average where they name no class."""
    if curves.empty:
        return curves
    own = curves.get("class_name", AVERAGE_NAME)
    return curves[(curves["dataset"] == dataset) & (own == class_name)]


def _series(one: Series, members: pd.DataFrame, curves: pd.DataFrame) -> dict[str, Any]:
    kind = kind_of(members)
    share = {"line": "density", "point": "annotated_fraction", "level": None}[kind]
    if share is not None:
        members = members.sort_values(share, kind="stable")
    fit = one.rows(curves).sort_values("density") if len(curves) else curves
    return {
        "label": one.label,
        "kind": kind,
        "colour": one.colour,
        "marker": one.marker,
        "dash": one.dash,
        "points": [_point(row, share) for row in members.to_dict("records")],
        "fit": [
            {"x": _number(row["density"]), "y": _number(row["fit"])}
            | {name: _number(row[name]) for name in ("low", "high")}
            for row in fit.to_dict("records")
        ],
    }


def _point(row: Mapping[Hashable, Any], share: str | None) -> dict[str, Any]:
    return {
        "x": _number(row[share]) if share else None,
        "label": str(row["label"]),
        "is_complete": bool(row["is_complete"]),
        **{name: _number(row[name]) for name in MEASURES},
        **{name: int(row[name]) for name in COUNTS},
    }


def _number(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
