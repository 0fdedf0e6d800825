"""From rows to tables: over seeds first, then over cases.

A failure is a class that exactly one of prediction and target holds; it has no finite
distance. Failures are counted, never averaged away: they keep DSC 0 in the DSC's mean, rank
last in the medians of distances, are left out of the means of distances only together with
the number of cases that remain, and appear as a rate of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

DISTANCES = ("hd", "hd95", "assd")
METRICS = ("dsc", *DISTANCES)
CLASS_KEYS = ("class_id", "class_name")
COLUMNS = ("seed", "case_id", *CLASS_KEYS, *METRICS, "distance_unit", "failed")

AVERAGE_ID = -1
"""Class id of the row over all classes."""

AVERAGE_NAME = "average"
"""Class name of the row over all classes."""


def average_seeds(rows: pd.DataFrame, *, by: Sequence[str]) -> pd.DataFrame:
    """Average the metrics of each case and class over its seeds.

    Failures are counted, never averaged away: one infinite distance makes the mean infinite.

    Parameters
    ----------
    rows : DataFrame
        Tidy: one row for each group, seed, case and class, with the columns `by`, `seed`,
        `case_id`, `class_id`, `class_name`, `dsc`, `hd`, `hd95`, `assd`, `distance_unit` and
        `failed` (bool); other columns are ignored. Not modified.
    by : sequence of str
        One or more columns that name a group; their values may be NaN, which is a value too.

    Returns
    -------
    table : DataFrame
        One row for each (by, case_id, class_id, class_name), sorted, with the means `dsc`,
        `hd`, `hd95`, `assd`, then `distance_unit`, `n_seeds` and `failures`, the number of
        seeds that failed. It does not depend on the order of `rows`, to the last bit.

    Raises
    ------
    ValueError
        If a column is missing, a metric is NaN, `failed` is not bool, a row is there twice (the
        sign of a column missing in `by`) or a group mixes "px" and "mm".
    """
    _check(rows, by)
    keys = [*by, "case_id", *CLASS_KEYS]
    # Sums of floats depend on the order of their terms, and rows come as workers finish.
    ordered = rows.sort_values(_unique([*keys, "seed"]), kind="stable")
    return (
        ordered.groupby(keys, dropna=False, observed=True)
        .agg(
            **{m: (m, "mean") for m in METRICS},
            distance_unit=("distance_unit", "first"),
            n_seeds=("failed", "size"),
            failures=("failed", "sum"),
        )
        .reset_index()
    )


def summarise(rows: pd.DataFrame, *, by: Sequence[str]) -> pd.DataFrame:
    """Summarise the metrics of each group over cases, by class and over all classes.

    The metrics are averaged over seeds within a case and class first (`average_seeds`); for
    the row over all classes then over the classes within a case; then over cases. So every
    case weighs the same, and standard deviations are between cases.

    Failures are counted, never averaged away. They enter the DSC as 0 and the medians of
    distances as infinity, the largest value: a median is infinite where half of the cases or
    more have a failure. The means of distances exist only without them, so they are taken over
    the cases whose class (all classes, in the row over all) was found in every seed, and
    carry the number of these cases; two such means compare only if these numbers agree.

    Parameters
    ----------
    rows : DataFrame
        As for `average_seeds`. Within a group every case has the same classes.
    by : sequence of str
        One or more columns that name a group; their values may be NaN, which is a value too.

    Returns
    -------
    table : DataFrame
        One row for each (by, class_id, class_name), sorted, and as the last of each group one
        with `class_id` -1 and `class_name` "average". Columns:

        - `n_cases`; `n_seeds`, the smallest number of seeds of a case;
        - `dsc_mean` and `dsc_sd` over all cases (sd: ddof 1, NaN for one case);
        - for each m of hd, hd95, assd: `{m}_median` over all cases; `{m}_mean`, `{m}_sd` and
          `{m}_n` over the cases without failure (NaN, NaN and 0 where there is none);
        - `failure_rate`, failed rows / rows; `distance_unit`.

    Raises
    ------
    ValueError
        As for `average_seeds`, and if the cases of a group differ in their classes.
    """
    per_class = average_seeds(rows, by=by)
    _check_classes(per_class, by)
    per_class["n_rows"] = per_class["n_seeds"]
    per_case = pd.concat([per_class, _average_classes(per_class, by)], ignore_index=True)
    found = per_case["failures"] == 0
    for m in DISTANCES:
        per_case[f"{m}_found"] = per_case[m].where(found)
    columns: dict[str, tuple[str, str]] = {
        "n_cases": ("case_id", "size"),
        "n_seeds": ("n_seeds", "min"),
        "dsc_mean": ("dsc", "mean"),
        "dsc_sd": ("dsc", "std"),
    }
    for m in DISTANCES:
        columns[f"{m}_median"] = (m, "median")
        columns[f"{m}_mean"] = (f"{m}_found", "mean")
        columns[f"{m}_sd"] = (f"{m}_found", "std")
        columns[f"{m}_n"] = (f"{m}_found", "count")
    columns |= {
        "failures": ("failures", "sum"),
        "n_rows": ("n_rows", "sum"),
        "distance_unit": ("distance_unit", "first"),
    }
    table = per_case.groupby([*by, *CLASS_KEYS], dropna=False, observed=True).agg(**columns)
    table.insert(len(table.columns) - 1, "failure_rate", table["failures"] / table["n_rows"])
    table = table.drop(columns=["failures", "n_rows"]).reset_index()
    table["_last"] = table["class_id"] == AVERAGE_ID
    table = table.sort_values([*by, "_last", "class_id"], kind="stable", ignore_index=True)
    return table.drop(columns="_last")


def _average_classes(per_class: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return one row for each case: means of the metrics over classes, failures added up."""
    table = (
        per_class.groupby([*by, "case_id"], dropna=False, observed=True)
        .agg(
            **{m: (m, "mean") for m in METRICS},
            distance_unit=("distance_unit", "first"),
            n_seeds=("n_seeds", "min"),
            n_rows=("n_rows", "sum"),
            failures=("failures", "sum"),
        )
        .reset_index()
    )
    return table.assign(class_id=AVERAGE_ID, class_name=AVERAGE_NAME)


def _check(rows: pd.DataFrame, by: Sequence[str]) -> None:
    if not by:
        raise ValueError("by must name 1 or more columns, got none")
    taken = [name for name in by if name in COLUMNS and name != "seed"]
    if taken:
        raise ValueError(f"by must name columns of groups, got {taken}")
    missing = [name for name in [*by, *COLUMNS] if name not in rows.columns]
    if missing:
        raise ValueError(f"rows must have the columns of by and {COLUMNS}, got none of {missing}")
    for m in METRICS:
        n_undefined = int(rows[m].isna().sum())
        if n_undefined:
            raise ValueError(f"{m} must be a number in every row, got NaN in {n_undefined}")
    if not pd.api.types.is_bool_dtype(rows["failed"]):
        raise ValueError(f"failed must be a column of bool, got {rows['failed'].dtype}")
    keys = _unique([*by, "case_id", *CLASS_KEYS, "seed"])
    n_twice = int(rows.duplicated(keys).sum())
    if n_twice:
        raise ValueError(f"rows must be one for each of {keys}, got {n_twice} more")
    units = rows[[*by, "distance_unit"]].drop_duplicates()
    if not units["distance_unit"].isin(["px", "mm"]).all():
        raise ValueError(f"distance_unit must be 'px' or 'mm', got {_listed(units)}")
    mixed = units[units.duplicated(list(by), keep=False)]
    if len(mixed):
        raise ValueError(f"distance_unit must be one for each group, got {_listed(mixed)}")


def _check_classes(per_class: pd.DataFrame, by: Sequence[str]) -> None:
    """Refuse a case without a class that others have: its average would be another quantity."""
    groups = per_class.groupby(list(by), dropna=False, observed=True)
    full = groups["case_id"].nunique() * groups["class_id"].nunique()
    bad = full.index[groups.size() != full]
    if len(bad):
        raise ValueError(
            f"every case must have the same classes, got cases that differ in {bad[0]}"
        )


def _listed(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return the first rows of a table, for a message."""
    return [dict(row) for _, row in table.head(4).iterrows()]


def _unique(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))
