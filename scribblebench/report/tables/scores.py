"""The summary: what each setting scores, how often it fails, and what it costs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.cells import labels_under_dataset
from scribblebench.report.scores import CELL
from scribblebench.report.statistics.variance import COLLAPSED
from scribblebench.report.tables.build import build_table
from scribblebench.report.tables.model import Column, Table, part
from scribblebench.report.tables.numbers import ALPHA, share
from scribblebench.report.tables.words import DENSE, is_dense, listed, spanned, usable

SIGN = "*"


def scores_table(
    cells: pd.DataFrame,
    summary: pd.DataFrame,
    *,
    comparisons: pd.DataFrame | None = None,
    reference_method: str | None = None,
    allow_partial: bool = False,
) -> Table:
    """Return the summary of all cells, a row for each.

    Rows stand under their density, as only equal budgets compare: the best and the second are
    marked within it. Full supervision is a reference and takes no part. Behind the Dice of a class
    stands the number of seeds on which the class collapsed, if there are any. What is the same in
    all rows (n, seeds) is said in the caption.

    Parameters
    ----------
    cells, summary : DataFrame
    comparisons : DataFrame, optional
        With `reference_method`, a sign marks averages that differ significantly from it.
    reference_method : str, optional
    allow_partial : bool
        Whether cells that lack seeds are ranked too.

    Raises
    ------
    ValueError
        If a cell has no row for the average.
    """
    shown = _wide(cells, summary)
    classes = [c for c in dict.fromkeys(summary["class_name"]) if c != AVERAGE_NAME]
    units = "/".join(dict.fromkeys(summary["distance_unit"].dropna()))
    columns = [
        Column("setting", (part("{}", "label"),), align="left"),
        Column("annotated", (part("{:.1%}", "annotated_fraction"),), unit="%"),
        Column("time", (part("{:.0f}", "minutes"),), unit="min"),
        *(_dice_column(name, f" {name}") for name in classes),
        _dice_column("average"),
        Column("95 % interval", (part("[{:.3f}, {:.3f}]", "dsc_low", "dsc_high"),), group="Dice"),
        Column("collapses", (part("{:.0%}", "collapse_rate"),), unit="%", group="Dice"),
        Column(
            "median", (part("{:.1f}", "hd95_median"),), unit=units, group="HD95", best="smallest"
        ),
        Column("failures", (part("{:.0%}", "failure_rate"),), unit="%", group="HD95"),
    ]
    if shown["n_patients"].nunique() > 1:
        columns.append(Column("patients", (part("{:.0f}", "n_patients"),)))
    if shown["n_seeds"].nunique() > 1 or not shown["is_complete"].all():
        columns.append(Column("seeds", (part("{:.0f}/{:.0f}", "n_seeds", "n_planned"),)))
    columns = [c for c in columns if c.key != "minutes" or shown["minutes"].notna().any()]
    signs = _signs(cells, comparisons, reference_method, shown, allow_partial=allow_partial)
    ranked = usable(shown, allow_partial=allow_partial) & ~is_dense(shown)
    return build_table(
        shown,
        columns,
        name="summary",
        caption=_caption(shown),
        notes=_notes(shown, reference_method if signs else None, allow_partial=allow_partial),
        data=shown.drop(columns=["block", "minutes", *(f"lost {name}" for name in classes)]),
        group="block",
        within=["block"],
        is_complete=shown["is_complete"].to_numpy(dtype=bool),
        is_ranked=ranked.to_numpy(dtype=bool),
        signs=signs,
    )


def _dice_column(header: str, suffix: str = "") -> Column:
    parts = (
        part("{:.3f}", f"dsc_mean{suffix}"),
        part(" ± {:.3f}", f"dsc_sd{suffix}"),
        part(" ({:.0f}/{:.0f})", f"lost{suffix}", "n_seeds"),
    )
    # The average has its collapse rate in a column of its own.
    own = parts if suffix else parts[:2]
    # From the left, as what may stand behind the numbers would push them out of line.
    return Column(header, own, group="Dice", align="left", best="largest")


def _wide(cells: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each cell, blocks in the order in which they are printed."""
    by_class = {str(name): t.set_index("cell") for name, t in summary.groupby("class_name")}
    average = by_class.pop(AVERAGE_NAME, None)
    if average is None or not cells.index.isin(average.index).all():
        raise ValueError(f"summary must have a row '{AVERAGE_NAME}' for each cell, got one without")
    kept = ["label", *CELL, "n_seeds", "n_planned", "is_complete"]
    shown = cells[kept].join(average.drop(columns=["class_name", *kept], errors="ignore"))
    shown["minutes"] = shown["annotation_s"].astype(np.float64) / 60.0
    classes = [c for c in dict.fromkeys(summary["class_name"]) if c != AVERAGE_NAME]
    for name in classes:
        scores = by_class[name].reindex(cells.index)
        for field in ("dsc_mean", "dsc_sd", "collapse_rate", "hd95_median", "failure_rate"):
            shown[f"{field} {name}"] = scores[field]
        lost = (scores["collapse_rate"] * scores["n_seeds"]).round()
        shown[f"lost {name}"] = lost.where(lost > 0)
    shown["block"] = _blocks(shown)
    shown["label"] = labels_under_dataset(cells)
    order = shown["density"].where(shown["density"].notna() & ~is_dense(shown), -0.5)
    order = order.where(~is_dense(shown), -1.0)
    sets = shown.groupby(["dataset", "split"], sort=False).ngroup()
    shown = shown.assign(_set=sets, _order=order).sort_values(["_set", "_order"], kind="stable")
    return shown.drop(columns=["_set", "_order"]).rename_axis("cell").reset_index()


def _blocks(shown: pd.DataFrame) -> list[str]:
    """Return the heading that each cell stands under: what it may be compared with."""
    several = [c for c in ("dataset", "split") if shown[c].nunique() > 1]
    blocks = []
    for row in shown.to_dict("records"):
        if row["form"] == DENSE:
            name = "full supervision"
        elif math.isnan(row["density"]):
            name = "scribbles without a set density"
        else:
            name = f"density {share(row['density'])} %"
        blocks.append(", ".join([*(str(row[c]) for c in several), name]))
    return blocks


def _caption(shown: pd.DataFrame) -> str:
    sets = [
        f"{d} ({s})" for d, s in dict.fromkeys(zip(shown["dataset"], shown["split"], strict=True))
    ]
    n = [f"n = {spanned(shown['n_patients'], 'patient')}", spanned(shown["n_seeds"], "seed")]
    return (
        f"Segmentation of {listed(sets)}: Dice, mean ± standard deviation between patients, and "
        f"95th percentile Hausdorff distance (HD95), median over patients "
        f"({', '.join(filter(None, n))} for each setting, averaged within a patient)."
    )


def _notes(shown: pd.DataFrame, reference: str | None, *, allow_partial: bool) -> list[str]:
    notes = [
        "95 % interval: of the average, over patients. Collapses: share of seeds on which a class "
        f"has a mean Dice below {COLLAPSED:g}; behind the Dice of a class, on how many seeds it "
        "did. Failures: share of results in which a class is in exactly one of prediction and "
        "dense labels; their distance counts as infinite."
    ]
    if shown["minutes"].notna().any():
        notes.append("Time: to annotate the training set, by a cost model that is not calibrated.")
    if reference is not None:
        notes.append(
            f"{SIGN} differs from {reference} in the same setting, p < {ALPHA:g} (paired test over "
            "patients, Holm's correction)."
        )
    if not shown["is_complete"].all():
        ranked = "ranked with the others on request" if allow_partial else "not ranked or compared"
        notes.append(f"† Incomplete: not all planned seeds are there (n/N); {ranked}.")
    return notes


def _signs(
    cells: pd.DataFrame,
    comparisons: pd.DataFrame | None,
    reference: str | None,
    shown: pd.DataFrame,
    *,
    allow_partial: bool,
) -> dict[tuple[int, str], str]:
    """Return a sign for each average that differs significantly from the reference method."""
    if comparisons is None or reference is None or comparisons.empty:
        return {}
    chosen = comparisons[
        (comparisons["metric"] == "dsc")
        & (comparisons["class_name"] == AVERAGE_NAME)
        & (comparisons["p_holm"] < ALPHA)
    ]
    allowed = usable(cells, allow_partial=allow_partial)
    method = cells["method"]
    marked = set()
    for a, b in zip(chosen["cell_a"], chosen["cell_b"], strict=True):
        if not (allowed[a] and allowed[b]):
            continue
        if method[b] == reference != method[a]:
            marked.add(a)
        elif method[a] == reference != method[b]:
            marked.add(b)
    return {(i, "dsc_mean"): SIGN for i, cell in enumerate(shown["cell"]) if cell in marked}
