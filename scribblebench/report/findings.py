"""What was found, in sentences made from the numbers; never more than a test has shown."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.findings_efficiency import principle_sentences, target_sentences
from scribblebench.report.findings_tests import comparison_sentences, ranking_sentences
from scribblebench.report.tables.cases import COLLAPSED
from scribblebench.report.tables.numbers import number, share
from scribblebench.report.tables.words import (
    counted,
    in_dataset,
    interval_of_points,
    is_dense,
    listed,
    margin_of_points,
    p_text,
    points,
    spanned,
    usable,
)

MOST_NAMED = 4
"""Settings that a sentence names; of others it gives the number."""


def findings(
    cells: pd.DataFrame,
    summary: pd.DataFrame,
    *,
    gap: pd.DataFrame | None = None,
    comparisons: pd.DataFrame | None = None,
    targets: pd.DataFrame | None = None,
    ranking: pd.DataFrame | None = None,
    stability: pd.DataFrame | None = None,
    principles: pd.DataFrame | None = None,
    allow_partial: bool = False,
) -> list[str]:
    """Return the findings, the most important first, the same on every call.

    What is missing, the gap to full supervision, how much annotation is enough, which classes were
    lost, comparisons, the ranking, the principles, and how much seeds and patients differ. A frame
    that is absent or empty leaves its sentences out. Settings that lack seeds are named as such and
    left out of all comparisons, unless `allow_partial`.

    Parameters
    ----------
    cells, summary, gap, comparisons, targets, ranking, stability, principles : DataFrame
    allow_partial : bool
    """
    given = {"allow_partial": allow_partial}
    sentences = _incomplete(cells, **given)
    sentences += _gaps(cells, summary, _or_empty(gap), **given)
    if targets is not None and len(targets):
        sentences += target_sentences(cells, targets, **given)
    sentences += _collapses(cells, summary)
    if comparisons is not None and len(comparisons):
        sentences += comparison_sentences(cells, comparisons, **given)
    if ranking is not None and len(ranking):
        sentences += ranking_sentences(cells, ranking, _or_empty(stability), **given)
    if principles is not None and len(principles):
        sentences += principle_sentences(principles)
    return sentences + _spread(cells, summary, **given)


def _or_empty(frame: pd.DataFrame | None) -> pd.DataFrame:
    return pd.DataFrame() if frame is None else frame


def _incomplete(cells: pd.DataFrame, *, allow_partial: bool) -> list[str]:
    """Say which settings lack seeds, and what follows from it."""
    lacking = cells[~cells["is_complete"].astype(bool)]
    if lacking.empty:
        return []
    named = [
        f"{c['label']}: {c['n_seeds']} of {counted(c['n_planned'], 'seed')}"
        for c in lacking.to_dict("records")
    ]
    which = listed(named, MOST_NAMED)
    if allow_partial:
        follows = "they are ranked and compared with the others on request"
    elif len(lacking) == len(cells):
        return [f"No setting has all its seeds, so nothing is ranked or compared ({which})."]
    else:
        follows = "they are neither ranked nor compared"
    if len(lacking) == 1:
        follows = follows.replace("they are", "it is")
    verb = "lacks" if len(lacking) == 1 else "lack"
    of = counted(len(cells), "setting")
    return [f"{len(lacking)} of {of} {verb} seeds ({which}); {follows}."]


def _gaps(
    cells: pd.DataFrame, summary: pd.DataFrame, gap: pd.DataFrame, *, allow_partial: bool
) -> list[str]:
    """Say how far from full supervision the best settings are, and how many are within the margin.

    Named are the highest mean of the scribbles with a density of their own and of those drawn to
    a density; without full supervision, their means alone.
    """
    average = summary[summary["class_name"] == AVERAGE_NAME].set_index("cell")
    allowed = usable(cells, allow_partial=allow_partial)
    sentences = []
    for dataset, group in cells[allowed & ~is_dense(cells)].groupby("dataset", sort=False):
        prefix = in_dataset(str(dataset), cells)
        found = pd.DataFrame()
        if len(gap):
            chosen = gap["cell"].isin(group.index)
            found = gap[chosen & gap["full_cell"].isin(cells.index[allowed])].set_index("cell")
        for own in (True, False):
            same = group[group["density"].isna() == own]
            means = average["dsc_mean"].reindex(same.index).dropna()
            if means.empty:
                continue
            best = int(means.index[int(means.to_numpy().argmax())])
            row = {**cells.loc[best].to_dict(), **average.loc[best].to_dict()}
            row |= {k: cells.loc[best, k] for k in ("n_seeds", "n_planned")}
            sentences.append(
                prefix
                + _headline(row, cells, len(means), own=own)
                + (
                    _distance(found.loc[best].to_dict(), row)
                    if best in found.index
                    else _level(row)
                )
            )
        sentences += [prefix + s for s in _verdicts(found)]
    return sentences


def _headline(row: Mapping[Hashable, Any], cells: pd.DataFrame, n: int, *, own: bool) -> str:
    """Return the beginning of a sentence: which setting has which Dice."""
    name = setting_name(row, cells)
    dice = number(row["dsc_mean"], ".3f")
    if n == 1:
        start = name[:1].upper() + name[1:] if name.split(" ")[0].isalpha() else name
        return f"{start} reach a Dice of {dice}"
    kind = "scribbles of a density of their own" if own else "scribbles drawn to a density"
    return f"Of {counted(n, 'setting')} with {kind}, {name} have the highest Dice, {dice}"


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
    side = "below" if difference < 0 else "above"
    text = f", {points(difference)} {side} full supervision ("
    if math.isnan(gap["low"]):
        return f"{text}{_sample(gap['n_patients'], row)}; too few patients for an interval)."
    text += f"{interval_of_points(gap['low'], gap['high'])}; {_sample(gap['n_patients'], row)}): "
    if gap["verdict"] == "within":
        return (
            f"{text}a gap of less than {margin} points is shown ({p_text(gap['p_equivalence'])})."
        )
    if gap["verdict"] == "not within":
        return f"{text}it is shown not to be within {margin} points."
    return f"{text}within {margin} points is not shown, and neither is the opposite."


def _level(row: Mapping[Hashable, Any]) -> str:
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
            f"Of {counted(len(group), 'setting')} {within} shown to be within "
            f"{margin_of_points(float(str(margin)))} points of full supervision, {outside} shown "
            f"not to be, and {unsettled} not settled (each tested on its own)."
        )
    return sentences


def _collapses(cells: pd.DataFrame, summary: pd.DataFrame) -> list[str]:
    """Say which settings lost which class on how many seeds."""
    classes = summary[summary["class_name"] != AVERAGE_NAME]
    if classes.empty:
        return []
    lost = (classes["collapse_rate"] * classes["n_seeds"]).round().astype(int)
    hit = classes.assign(lost=lost)[lost > 0]
    what = f"mean Dice below {COLLAPSED:g}"
    of = counted(len(cells), "setting")
    if hit.empty:
        n = int(classes["n_seeds"].min())
        # The largest rate under which n seeds without a collapse are not improbable.
        most = 1.0 - 0.05 ** (1.0 / n)
        return [
            f"No class was lost ({what}) on any seed of the {of}; with {counted(n, 'seed')} a "
            f"setting that loses one on up to {100.0 * most:.0f} % of seeds could still look so "
            "(95 % confidence)."
        ]
    named = []
    order = hit.groupby("cell")["lost"].max().sort_values(ascending=False, kind="stable").index
    for cell in (int(c) for c in order):
        own = hit[hit["cell"] == cell].sort_values("lost", ascending=False, kind="stable")
        each = [
            f"{r['class_name']} on {r['lost']} of {counted(int(r['n_seeds']), 'seed')}"
            for r in own.to_dict("records")
        ]
        named.append(f"{cells.loc[cell, 'label']} ({', '.join(each)})")
    verb = "lost" if len(order) > 1 else "has lost"
    return [
        f"{len(order)} of {of} {verb} a class ({what}) on at least one seed: "
        f"{listed(named, MOST_NAMED)}."
    ]


def _spread(cells: pd.DataFrame, summary: pd.DataFrame, *, allow_partial: bool) -> list[str]:
    """Say how much means differ between seeds, and scores between patients."""
    allowed = cells.index[usable(cells, allow_partial=allow_partial)]
    average = summary[(summary["class_name"] == AVERAGE_NAME) & summary["cell"].isin(allowed)]
    known = average[
        (average["n_seeds"] > 1) & average["seed_sd"].notna() & average["dsc_sd"].notna()
    ]
    if known.empty:
        return []
    largest = known.loc[known["seed_sd"].idxmax()]
    n = known["n_patients"]
    error = (known["dsc_sd"] / n**0.5).median()
    text = (
        "Training again with another seed moves the mean Dice by "
        f"{points(known['seed_sd'].median())} (standard deviation"
    )
    if len(known) > 1:
        name = cells.loc[largest["cell"], "label"]
        text += f", median of {len(known)} settings; most for {name}, {points(largest['seed_sd'])}"
    return [
        f"{text}); other patients would move a mean over {spanned(n, 'patient')} by "
        f"{points(error)} (standard error), as single patients differ by "
        f"{points(known['dsc_sd'].median())}."
    ]
