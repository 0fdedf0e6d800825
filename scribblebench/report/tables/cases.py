"""The summary over cases: from the tidy table, in one line of Markdown for each cell."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scribblebench.metrics import summarise
from scribblebench.metrics.summary import AVERAGE_ID, AVERAGE_NAME
from scribblebench.report.scores import CELL
from scribblebench.report.tables.numbers import number

COLLAPSED = 0.5
"""A class has collapsed in a trial whose Dice for it, averaged over cases, is below this."""


def summary_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Summarise the tidy table: a row for each cell and class, and one for their average.

    Columns of `scribblebench.metrics.summarise`, then `dsc_raw_mean`, `seed_sd` (of the mean
    over cases between seeds; NaN for one seed), `collapse_rate` (share of seeds in which the
    class, or in the average row any class, collapsed), `annotated_fraction` and `annotation_s`.
    """
    table = summarise(rows, by=CELL)
    keys = [*CELL, "class_id"]
    return table.merge(_seed_statistics(rows), on=keys, how="left", validate="one_to_one")


def _seed_statistics(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what describes the seeds of each cell and class."""
    measures = ["dsc", "dsc_raw", "annotated_fraction", "annotation_s"]
    by_seed = [*CELL, "seed"]
    per_class = rows.groupby([*by_seed, "class_id"], dropna=False)[measures].mean().reset_index()
    per_class["collapsed"] = per_class["dsc"] < COLLAPSED
    average = (
        per_class.groupby(by_seed, dropna=False)
        .agg({**dict.fromkeys(measures, "mean"), "collapsed": "any"})
        .reset_index()
        .assign(class_id=AVERAGE_ID)
    )
    return (
        pd.concat([per_class, average], ignore_index=True)
        .groupby([*CELL, "class_id"], dropna=False)
        .agg(
            dsc_raw_mean=("dsc_raw", "mean"),
            seed_sd=("dsc", "std"),
            collapse_rate=("collapsed", "mean"),
            annotated_fraction=("annotated_fraction", "mean"),
            annotation_s=("annotation_s", "mean"),
        )
        .reset_index()
    )


def summary_markdown(summary: pd.DataFrame) -> str:
    """Return the summary as a Markdown table with a line for each cell.

    Dice as mean ± sd over cases, for the average and for each class; the largest median HD95 of
    the classes; failures and collapses of any class.
    """
    classes = [n for n in dict.fromkeys(summary["class_name"]) if n != AVERAGE_NAME]
    units = "/".join(dict.fromkeys(summary["distance_unit"]))
    header = ["form", "density", "randomness", "method", "annotated %", "minutes", "Dice", *classes]
    header += [f"HD95 {units}", "failures %", "collapses %", "cases", "seeds"]
    lines = [header, ["---"] * len(header)]
    for _, cell in summary.groupby(CELL, dropna=False, sort=False):
        by_name = {str(row["class_name"]): row for row in cell.to_dict("records")}
        average = by_name[AVERAGE_NAME]
        lines.append(
            [
                str(average["form"]),
                number(average["density"], "g"),
                number(average["randomness"], "g"),
                str(average["method"]),
                number(100 * average["annotated_fraction"], ".1f"),
                number(average["annotation_s"] / 60, ".0f"),
                _mean_sd(average),
                *(_mean_sd(by_name[name]) for name in classes),
                number(max(by_name[name]["hd95_median"] for name in classes), ".1f"),
                number(100 * average["failure_rate"], ".0f"),
                number(100 * average["collapse_rate"], ".0f"),
                str(average["n_cases"]),
                str(average["n_seeds"]),
            ]
        )
    note = (
        "Dice: mean ± sd over cases, after averaging the seeds within a case. HD95: median over "
        "cases, the worst class. Failures: a class is in exactly one of prediction and target. "
        f"Collapses: seeds in which a class's mean Dice is below {COLLAPSED:g}. Minutes: what "
        "annotating the training set takes by the cost model, whose constants are not calibrated."
    )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{note}\n"


def _mean_sd(row: Mapping[Hashable, Any]) -> str:
    return f"{number(row['dsc_mean'], '.3f')} ± {number(row['dsc_sd'], '.3f')}"
