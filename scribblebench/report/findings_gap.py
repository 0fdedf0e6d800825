"""How far scribbles are from full supervision, in sentences."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.tables.numbers import number, share
from scribblebench.report.tables.words import (
    by_seed,
    counted,
    in_dataset,
    interval_of_points,
    is_dense,
    listed,
    margin_of_points,
    p_text,
    points,
    turned,
    usable,
)

LEVEL = 0.95
"""Of intervals of a gap that do not say theirs."""

NO_SPREAD = 1e-12
"""An interval narrower than this comes from rounding alone."""

MOST_NAMED = 4
"""Settings of equal Dice that a sentence names; of others it gives the number."""

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
            gaps = _judged(gaps.drop_duplicates("cell").set_index("cell"), average)
        own = group["density"].isna()
        for kind in (True, False):
            means = average["dsc_mean"].reindex(group.index[own == kind]).dropna()
            if means.empty:
                continue
            text = _best(cells, average, gaps, means, both_kinds=own.nunique() > 1)
            sentences.append(f"{prefix}{text}")
        sentences += [prefix + s for s in _verdicts(gaps)]
    return sentences


def _best(
    cells: pd.DataFrame,
    average: pd.DataFrame,
    gaps: pd.DataFrame,
    means: pd.Series,
    *,
    both_kinds: bool,
) -> str:
    """Return which settings have the highest mean, and how far it is from full supervision.

    Means that print the same are equal: what no reader can tell apart is not ranked.
    """
    best = int(means.index[int(means.to_numpy().argmax())])
    rows = {int(c): cells.loc[c].to_dict() | average.loc[c].to_dict() for c in means.index}
    row = rows[best]
    dice = number(row["dsc_mean"], ".3f")
    names = [
        setting_name(about, cells)
        for about in rows.values()
        if number(about["dsc_mean"], ".3f") == dice
    ]
    chosen = _chosen(len(means)) if len(names) < len(means) else ""
    if len(names) == 1:
        headline = _headline(row, cells, len(means), both_kinds=both_kinds)
        rest = f", {_distance(gaps.loc[best].to_dict(), row)}" if best in gaps.index else _mean(row)
        return f"{headline}{rest}{chosen}"
    of = _of(row, len(means), both_kinds=both_kinds)
    text = f"{of}, {listed(names, MOST_NAMED)} share the highest Dice, {dice}"
    if best not in gaps.index:
        return f"{text} ({_sample(row['n_patients'], row)}).{chosen}"
    distance = _distance(gaps.loc[best].to_dict(), row)
    return f"{text}. Of these, {setting_name(row, cells)} are {distance}{chosen}"


def _headline(row: Mapping[Hashable, Any], cells: pd.DataFrame, n: int, *, both_kinds: bool) -> str:
    """Return the beginning of a sentence: which setting has which Dice."""
    name = setting_name(row, cells)
    dice = number(row["dsc_mean"], ".3f")
    if n == 1:
        # Names that are no words are written as they are in protocols.
        start = name[:1].upper() + name[1:] if name.split(" ")[0].isalpha() else name
        return f"{start} reach a Dice of {dice}"
    return f"{_of(row, n, both_kinds=both_kinds)}, {name} have the highest Dice, {dice}"


def _of(row: Mapping[Hashable, Any], n: int, *, both_kinds: bool) -> str:
    kind = f" {'without' if math.isnan(row['density']) else 'with'} a set density"
    return f"Of {counted(n, 'setting')}{kind if both_kinds else ''}"


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
        return f"{side} full supervision ({sample}: too few patients for an interval)."
    if _has_no_spread(gap):
        return f"{side} full supervision, the same for every patient ({sample})."
    around = interval_of_points(gap["low"], gap["high"], level=gap.get("level", LEVEL))
    text = f"{side} full supervision ({around}; {sample}): "
    if gap["n_full_lost"] > 0:
        lost, of = int(gap["n_full_lost"]), int(gap["n_full_seeds"])
        return (
            f"{text}full supervision itself lost a class on {lost} of {counted(of, 'seed')}, so "
            "it is no measure of what scribbles can reach."
        )
    if gap["verdict"] == "open":
        return f"{text}whether they are within {margin} points is not settled."
    if gap["verdict"] == "within":
        shown = f"that they are not more than {margin} points worse is shown"
        p = p_text(gap["p_inferiority"])
    else:
        shown, p = f"that they are more than {margin} points worse is shown", ""
    inside = f" ({p})" if p else ""
    if turned(gap):
        seeds = by_seed(gap["seed_low"], gap["seed_high"], below="below", above="above")
        inside += f", but it is not the same on every seed ({seeds})"
    return f"{text}{shown}{inside}."


def _has_no_spread(gap: Mapping[Hashable, Any]) -> bool:
    """Tell whether all patients have the same gap: a test of that knows only where it lies."""
    return bool(gap["high"] - gap["low"] < NO_SPREAD)


def _judged(gap: pd.DataFrame, average: pd.DataFrame) -> pd.DataFrame:
    """Add on how many of its seeds full supervision lost a class: `n_full_lost`, `n_full_seeds`."""
    full = average.reindex(gap["full_cell"])
    lost = (full["collapse_rate"] * full["n_seeds"]).fillna(0.0).round()
    return gap.assign(n_full_lost=lost.to_numpy(), n_full_seeds=full["n_seeds"].to_numpy())


def _standing(gap: pd.DataFrame) -> pd.DataFrame:
    """Return gaps with the verdicts that may be counted.

    Those against full supervision that lost a class are left out; what has no spread, or lies on
    the other side of the margin on some seed, is open.
    """
    if gap.empty:
        return gap
    kept = gap[gap["n_full_lost"] == 0]
    doubtful = [_has_no_spread(g) or turned(g) for g in kept.to_dict("records")]
    return kept.assign(verdict=kept["verdict"].mask(pd.Series(doubtful, kept.index, bool), "open"))


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
    """Say how many settings are within the margin, where no sentence has named them all.

    See `_standing` for what is counted.
    """
    gap = _standing(gap)
    if len(gap) < 3:
        return []
    sentences = []
    for margin, group in gap.groupby("margin"):
        within, outside, unsettled = (
            f"{n or 'none'} {'is' if n < 2 else 'are'}"
            for n in ((group["verdict"] == v).sum() for v in ("within", "not within", "open"))
        )
        limit = margin_of_points(float(str(margin)))
        clauses = [
            f"{within} shown to be at most {limit} points below full supervision",
            f"{outside} shown to be further below",
        ]
        if (group["verdict"] == "open").any():
            clauses.append(f"{unsettled} not settled")
        sentences.append(
            f"Of {counted(len(group), 'setting')} {', '.join(clauses[:-1])}, and {clauses[-1]} "
            "(each tested on its own, without correction for their number)."
        )
    return sentences
