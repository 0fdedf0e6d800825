"""Differences between settings, and from full supervision."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.cells import labels_under_dataset
from scribblebench.report.scores import METRICS
from scribblebench.report.tables.build import build_table
from scribblebench.report.tables.model import Column, Table, part
from scribblebench.report.tables.numbers import ALPHA, MINUS
from scribblebench.report.tables.words import counted, margin_of_points, spanned, turned, usable

VERDICTS = {"within": "within", "not within": "not within", "open": "not settled"}
"""The verdict on a margin in words: it is shown, the opposite is shown, or neither is."""

OVER_PATIENTS = (
    "Intervals and tests are over patients, for the networks that were trained; other seeds may "
    "differ."
)
BY_SEED = " By seed: the least and the largest difference that a seed gives alone."


def comparisons_table(
    cells: pd.DataFrame,
    comparisons: pd.DataFrame,
    *,
    metric: str = "dsc",
    class_name: str = AVERAGE_NAME,
    unit: str = "",
    allow_partial: bool = False,
) -> Table:
    """Return the paired differences in one metric and class, a row for each comparison.

    Comparisons that were corrected together stand together. Those of cells that lack seeds are
    left out and counted, unless `allow_partial`.

    Parameters
    ----------
    cells, comparisons : DataFrame
    metric, class_name : str
    unit : str
        Of distances; differences in Dice are in points.
    allow_partial : bool
    """
    chosen = comparisons[
        (comparisons["metric"] == metric) & (comparisons["class_name"] == class_name)
    ]
    shown, n_left_out = _complete_only(chosen, cells, ["cell_a", "cell_b"], allow_partial)
    names = labels_under_dataset(cells)
    shown = shown.assign(
        a=names.reindex(shown["cell_a"]).to_numpy(),
        b=names.reindex(shown["cell_b"]).to_numpy(),
        together=_headings(shown),
    )
    is_dice = metric == "dsc"
    spec = "+.1%" if is_dice else "+.1f"
    columns = [
        Column("setting", (part("{}", "a"),), align="left"),
        Column("compared with", (part("{}", "b"),), align="left"),
        Column(
            "difference", (part(f"{{:{spec}}}", "difference"),), unit="points" if is_dice else unit
        ),
        Column("95 % interval", (part(f"[{{:{spec}}}, {{:{spec}}}]", "low", "high"),)),
        *_seed_column(shown, spec, "points" if is_dice else unit),
        Column("p (Holm)", (part("{:p}", "p_holm"),)),
        Column("Cliff's δ", (part("{:+.2f}", "cliffs_delta"),)),
    ]
    if shown["n_patients"].nunique() > 1:
        columns.append(Column("patients", (part("{:.0f}", "n_patients"),)))
    signs = {(i, "difference"): "*" for i, p in enumerate(shown["p_holm"]) if p < ALPHA}
    better = "positive: better" if METRICS[metric].larger_is_better else "negative: better"
    what = "Differences" if METRICS[metric].centre == "mean" else "Median differences"
    of = f" ({class_name})" if class_name != AVERAGE_NAME else ", average over classes"
    notes = [
        "p: of a paired test over patients, after Holm's correction for all comparisons that stand "
        f"together; * p < {ALPHA:g}. Cliff's δ: share of pairs of patients in which the first "
        "setting is larger minus the share in which the second is, from "
        f"{MINUS}1 to 1."
    ]
    return build_table(
        shown,
        columns,
        name="comparisons" if is_dice else f"comparisons-{metric}",
        caption=f"{what} in {METRICS[metric].label}{of}, first setting minus second "
        f"({better}), with 95 % intervals{_sample(shown, ' (n = {})')}.",
        notes=[*notes, _seed_note(shown), *_left_out(n_left_out, "comparison")],
        data=shown.drop(columns="together").rename(columns={"a": "label_a", "b": "label_b"}),
        group="together" if shown["together"].nunique() > 1 else None,
        signs=signs,
    )


def gap_table(cells: pd.DataFrame, gap: pd.DataFrame, *, allow_partial: bool = False) -> Table:
    """Return the gap to full supervision of each setting, with the verdict on the margin.

    Settings that lack seeds, or whose full supervision does, are left out and counted, unless
    `allow_partial`.
    """
    shown, n_left_out = _complete_only(gap, cells, ["cell", "full_cell"], allow_partial)
    unknown = sorted(set(shown["verdict"]) - set(VERDICTS))
    if unknown:
        raise ValueError(f"verdict must be one of {tuple(VERDICTS)}, got {unknown[0]!r}")
    margins = [margin_of_points(m) for m in shown["margin"]]
    turns = np.array(
        [r["verdict"] != "open" and turned(r) for r in shown.to_dict("records")], dtype=bool
    )
    shown = shown.assign(
        label=labels_under_dataset(cells).reindex(shown["cell"]).to_numpy(),
        dataset=cells["dataset"].reindex(shown["cell"]).to_numpy(),
        words=[
            VERDICTS[v] + (" ‡" if is_turned else "")
            for v, is_turned in zip(shown["verdict"], turns, strict=True)
        ],
        of=[f" {m} points" for m in margins],
    )
    same = len(set(margins)) <= 1
    verdict = part("{}", "words") if same else part("{}{}", "words", "of")
    levels = sorted({100.0 * v for v in shown["level"]}) if "level" in shown else [95.0]
    interval = f"{levels[0]:g} % interval" if len(levels) == 1 else "interval"
    columns = [
        Column("setting", (part("{}", "label"),), align="left"),
        Column("difference", (part("{:+.1%}", "difference"),), unit="points"),
        Column(interval, (part("[{:+.1%}, {:+.1%}]", "low", "high"),)),
        *_seed_column(shown, "+.1%", "points"),
        Column("not worse", (part("{:p}", "p_inferiority"),), group="p"),
        Column("equivalent", (part("{:p}", "p_equivalence"),), group="p"),
        Column(
            f"within {margins[0]} points" if same and margins else "verdict",
            (verdict,),
            align="left",
        ),
    ]
    if shown["n_patients"].nunique() > 1:
        columns.append(Column("patients", (part("{:.0f}", "n_patients"),)))
    return build_table(
        shown,
        columns,
        name="gap",
        caption="Difference in Dice, average over classes, from full supervision (negative: "
        f"worse{_sample(shown, '; n = {}')}).",
        notes=[
            "Within: that the setting is not worse by more than the margin is shown (p < "
            f"{ALPHA:g}). Not within: that it is worse by more is shown. Not settled: neither is. "
            "Equivalent: p of the test that it is not better by more than the margin either. Each "
            "setting is tested on its own, without correction for their number.",
            _seed_note(shown),
            *(["‡ On some seed alone it is not so."] if turns.any() else []),
            *_left_out(n_left_out, "setting"),
        ],
        data=shown.drop(columns=["words", "of"]),
        group="dataset" if shown["dataset"].nunique() > 1 else None,
    )


def _knows_seeds(shown: pd.DataFrame) -> bool:
    """Tell whether it is known of any row what seeds give alone."""
    return "seed_low" in shown and bool(shown["seed_low"].notna().any())


def _seed_column(shown: pd.DataFrame, spec: str, unit: str) -> list[Column]:
    """Return the column of what seeds give alone, where that is known of any row."""
    if not _knows_seeds(shown):
        return []
    ends = part(f"{{:{spec}}} to {{:{spec}}}", "seed_low", "seed_high")
    return [Column("by seed", (ends,), unit=unit)]


def _seed_note(shown: pd.DataFrame) -> str:
    return OVER_PATIENTS + (BY_SEED if _knows_seeds(shown) else "")


def _headings(shown: pd.DataFrame) -> list[str]:
    """Return a name for each set of comparisons that were corrected together."""
    if shown["dataset"].nunique() < 2:
        return shown["family"].astype(str).tolist()
    return [f"{d}, {f}" for d, f in zip(shown["dataset"], shown["family"], strict=True)]


def _complete_only(
    table: pd.DataFrame, cells: pd.DataFrame, keys: list[str], allow_partial: bool
) -> tuple[pd.DataFrame, int]:
    """Return the rows all of whose cells may be compared, and the number of the others."""
    allowed = cells.index[usable(cells, allow_partial=allow_partial)]
    kept = np.logical_and.reduce([table[k].isin(allowed) for k in keys])
    return table[kept].reset_index(drop=True), int((~kept).sum())


def _sample(shown: pd.DataFrame, template: str) -> str:
    n = spanned(shown["n_patients"], "patient")
    return template.format(n) if n else ""


def _left_out(n: int, noun: str) -> list[str]:
    if n == 0:
        return []
    verb = "is" if n == 1 else "are"
    return [f"{counted(n, noun)} {verb} left out, as not all planned seeds are there."]
