"""How far scribbles are from full supervision, in sentences."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.tables.numbers import number, share
from scribblebench.report.tables.words import (
    counted,
    in_dataset,
    interval_of_points,
    is_dense,
    margin_of_points,
    p_text,
    points,
    usable,
)

LEVEL = 0.95
"""Of intervals of a gap that do not say theirs."""

LEVEL_WITH = 5e-4
"""A gap below this prints as 0.0 points, which is neither above nor below."""


def gap_sentences(
    cells: pd.DataFrame, summary: pd.DataFrame, gap: pd.DataFrame, *, allow_partial: bool
) -> list[str]:
    """Say how far from full supervision the best settings are, and how many are within the margin.

    Named are the setting with the highest mean of those without a set density (scribbles that come
    with the data, presets) and of those with one; without full supervision, their means alone.
    """
    average = summary[summary["class_name"] == AVERAGE_NAME].set_index("cell")
    allowed = usable(cells, allow_partial=allow_partial)
    sentences = []
    for dataset, group in cells[allowed & ~is_dense(cells)].groupby("dataset", sort=False):
        prefix = in_dataset(str(dataset), cells)
        gaps = pd.DataFrame()
        if len(gap):
            full = gap["full_cell"].isin(cells.index[allowed])
            gaps = gap[full & gap["cell"].isin(group.index)]
            gaps = gaps.drop_duplicates("cell").set_index("cell")
        own = group["density"].isna()
        for kind in (True, False):
            means = average["dsc_mean"].reindex(group.index[own == kind]).dropna()
            if means.empty:
                continue
            best = int(means.index[int(means.to_numpy().argmax())])
            row = cells.loc[best].to_dict() | average.loc[best].to_dict()
            distance = (
                _distance(gaps.loc[best].to_dict(), row) if best in gaps.index else _mean(row)
            )
            headline = _headline(row, cells, len(means), both_kinds=own.nunique() > 1)
            sentences.append(f"{prefix}{headline}{distance}{_chosen(len(means))}")
        sentences += [prefix + s for s in _verdicts(gaps)]
    return sentences


def _headline(row: Mapping[Hashable, Any], cells: pd.DataFrame, n: int, *, both_kinds: bool) -> str:
    """Return the beginning of a sentence: which setting has which Dice."""
    name = setting_name(row, cells)
    dice = number(row["dsc_mean"], ".3f")
    if n == 1:
        # Names that are no words are written as they are in protocols.
        start = name[:1].upper() + name[1:] if name.split(" ")[0].isalpha() else name
        return f"{start} reach a Dice of {dice}"
    kind = f" {'without' if math.isnan(row['density']) else 'with'} a set density"
    of = f"Of {counted(n, 'setting')}{kind if both_kinds else ''}"
    return f"{of}, {name} have the highest Dice, {dice}"


def _chosen(n: int) -> str:
    """Say that a best was chosen by what it is then measured on."""
    if n == 1:
        return ""
    return f" They were chosen as the best of {n} on these same patients, which flatters them."


def setting_name(cell: Mapping[Hashable, Any], cells: pd.DataFrame) -> str:
    """Return the name of a setting of scribbles in a sentence, in the plural."""
    if math.isnan(cell["density"]):
        covered = cell["annotated_fraction"]
        amount = "" if math.isnan(covered) else f" ({share(covered)} % of the foreground)"
    else:
        amount = f" at a density of {share(cell['density'])} %"
        if cells["randomness"].nunique() > 1 and not math.isnan(cell["randomness"]):
            amount += f" and a randomness of {cell['randomness']:g}"
    return f"{cell['form']} scribbles{amount} with {cell['method']}"


def _distance(gap: Mapping[Hashable, Any], row: Mapping[Hashable, Any]) -> str:
    """Return the gap to full supervision, and what is shown of it."""
    difference, margin = gap["difference"], margin_of_points(gap["margin"])
    side = f"{points(difference)} {'below' if difference < 0 else 'above'}"
    if abs(difference) < LEVEL_WITH:
        side = "level with"
    sample = _sample(gap["n_patients"], row)
    if gap["n_patients"] < 2 or math.isnan(gap["low"]):
        return f", {side} full supervision ({sample}: too few patients for an interval)."
    around = interval_of_points(gap["low"], gap["high"], level=gap.get("level", LEVEL))
    text = f", {side} full supervision ({around}; {sample}): "
    if gap["verdict"] == "within":
        p = p_text(gap["p_inferiority"])
        return f"{text}that they are not more than {margin} points worse is shown ({p})."
    if gap["verdict"] == "not within":
        return f"{text}that they are more than {margin} points worse is shown."
    return f"{text}within {margin} points is not shown, and neither is the opposite."


def _mean(row: Mapping[Hashable, Any]) -> str:
    """Return the interval of a mean that is compared with nothing."""
    sample = _sample(row["n_patients"], row)
    if math.isnan(row["dsc_low"]) or row["n_patients"] < 2:
        return f" ({sample})."
    return f" (95 % interval {row['dsc_low']:.3f} to {row['dsc_high']:.3f}; {sample})."


def _sample(n_patients: float, row: Mapping[Hashable, Any]) -> str:
    n, of = int(row["n_seeds"]), int(row["n_planned"])
    seeds = counted(n, "seed") if n == of else f"{n} of {counted(of, 'seed')}"
    return f"n = {counted(int(n_patients), 'patient')}, {seeds}"


def _verdicts(gap: pd.DataFrame) -> list[str]:
    """Say how many settings are within the margin, where no sentence has named them all."""
    if len(gap) < 3:
        return []
    sentences = []
    for margin, group in gap.groupby("margin"):
        within, outside, unsettled = (
            f"{n or 'none'} {'is' if n < 2 else 'are'}"
            for n in ((group["verdict"] == v).sum() for v in ("within", "not within", "open"))
        )
        sentences.append(
            f"Of {counted(len(group), 'setting')} {within} shown to be at most "
            f"{margin_of_points(float(str(margin)))} points below full supervision, {outside} "
            f"shown to be further below, and {unsettled} open (each tested on its own, without "
            "correction for their number)."
        )
    return sentences
