"""The table of trials: what its columns are called and how their values are written."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

Kind = Literal["text", "number", "percent", "id", "state"]


@dataclass(frozen=True)
class Column:
    """How a column of the table is shown.

    Parameters
    ----------
    key : str
        Its name in the DataFrame.
    label : str
    kind : {"text", "number", "percent", "id", "state"}
        Percent: a fraction that is written in per cent.
    digits : int or None
        Decimals; None is as many as a number needs, at most 3.
    choose : bool
        Whether it can be filtered by choosing a value.
    """

    key: str
    label: str
    kind: Kind
    digits: int | None = None
    choose: bool = False


KNOWN = {
    column.key: column
    for column in (
        Column("trial_id", "Trial", "id"),
        Column("dataset", "Data set", "text", choose=True),
        Column("split", "Split", "text", choose=True),
        Column("form", "Form", "text", choose=True),
        Column("density", "Density", "percent", choose=True),
        Column("randomness", "Randomness", "number", choose=True),
        Column("method", "Method", "text", choose=True),
        Column("variant", "Variant", "text", choose=True),
        Column("seed", "Seed", "number", choose=True),
        Column("state", "State", "state", choose=True),
        Column("annotated_fraction", "Annotated", "percent", 1),
        Column("dsc", "Dice", "number", 3),
        Column("hd95", "HD95", "number", 1),
        Column("distance_unit", "Unit", "text", choose=True),
        Column("train_s", "Training (s)", "number", 0),
        Column("wall_s", "Time (s)", "number", 0),
        Column("seconds", "Time (s)", "number", 0),
        Column("commit", "Commit", "id", choose=True),
    )
}

UNIT_COLUMN = "distance_unit"
"""A single unit stands in the headings of the distances; several stay a column."""

PLACES = ("dataset", "split")
"""Not shown where they are the same for all trials."""

NAMED = ("form", "density", "randomness", "method", "variant", "seed")
"""What tells trials apart, in the order of their names."""


def table_of(trials: pd.DataFrame) -> dict[str, Any]:
    """Return columns and rows of the table, ready for JSON.

    Columns without any value are left out. `dsc_NAME` and `hd95_NAME` are scores of a class; a
    column that is not known keeps its name, with blanks for underscores.

    Returns
    -------
    table : dict
        `columns`: list of dicts, see `Column`; `rows`: lists of values in their order, in which
        undefined is None and infinity the text "inf".
    """
    constant = [n for n in PLACES if n in trials and trials[n].nunique(dropna=False) == 1]
    trials = trials.drop(columns=constant)
    units = list(trials[UNIT_COLUMN].dropna().unique()) if UNIT_COLUMN in trials else []
    unit = ""
    if len(units) == 1:
        unit, trials = f" ({units[0]})", trials.drop(columns=UNIT_COLUMN)
    names = [name for name in trials.columns if trials[name].notna().any()]
    columns = [_column(name, trials[name], unit) for name in names]
    rows = [
        [_value(value, column) for value, column in zip(row, columns, strict=True)]
        for row in trials[names].itertuples(index=False)
    ]
    return {"columns": [asdict(column) for column in columns], "rows": rows}


def _column(name: str, values: pd.Series, unit: str) -> Column:
    if name.startswith(("dsc_", "hd95_")):
        metric, class_name = name.split("_", 1)
        of_all = KNOWN[metric]
        label = f"{of_all.label} {class_name}" + (unit if metric == "hd95" else "")
        return Column(name, label, of_all.kind, of_all.digits)
    if name in KNOWN:
        column = KNOWN[name]
        return Column(name, column.label + unit, "number", 1) if name == "hd95" else column
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return Column(name, name.replace("_", " ").capitalize(), "number" if numeric else "text")


def _value(value: Any, column: Column) -> float | str | None:
    if pd.isna(value):
        return None
    if column.kind in ("number", "percent"):
        number = float(value)
        return number if math.isfinite(number) else ("inf" if number > 0 else "-inf")
    return str(value)


def trial_labels(trials: pd.DataFrame) -> dict[str, str]:
    """Return a short name for each trial id that holds the form and what else varies."""
    known = [name for name in NAMED if name in trials]
    varied = [n for n in known if n in ("form", "seed") or trials[n].nunique(dropna=True) > 1]
    labels = {}
    for row in trials.to_dict("records"):
        # Full supervision has a density of 1 by definition, which says nothing.
        told = [n for n in varied if not (n == "density" and row["form"] == "dense")]
        parts = [_named(n, row[n]) for n in told if pd.notna(row[n])]
        labels[str(row["trial_id"])] = ", ".join(parts)
    return labels


def _named(name: str, value: Any) -> str:
    if name == "form":
        return str(value).replace("_", " ")
    if name == "density":
        return f"{100 * value:.3g} %"
    return f"{name} {value:g}" if name in ("randomness", "seed") else str(value)
