"""What comparisons and the ranking show, in sentences."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.statistics.paired_tests import smallest_p
from scribblebench.report.tables.numbers import ALPHA, number, p_value
from scribblebench.report.tables.words import (
    by_seed,
    counted,
    crosses,
    in_dataset,
    interval_of_points,
    listed,
    p_text,
    points,
    rate,
    usable,
)

MOST_NAMED = 3
NOT_ALL_SEEDS = "not the same on every seed"
TOLD_BELOW = 20
"""Patients from which on the smallest possible p is too small to matter."""


def comparison_sentences(
    cells: pd.DataFrame, comparisons: pd.DataFrame, *, allow_partial: bool
) -> list[str]:
    """Say which differences in Dice are significant, and what the number of patients allows.

    One sentence for each family of comparisons that were corrected together.
    """
    allowed = cells.index[usable(cells, allow_partial=allow_partial)]
    chosen = comparisons[
        (comparisons["metric"] == "dsc")
        & (comparisons["class_name"] == AVERAGE_NAME)
        & comparisons["cell_a"].isin(allowed)
        & comparisons["cell_b"].isin(allowed)
        & comparisons["p_holm"].notna()
    ]
    sentences = []
    for dataset, tests in chosen.groupby("dataset", sort=False):
        prefix = in_dataset(str(dataset), cells)
        families = [(str(name), family) for name, family in tests.groupby("family", sort=False)]
        for name, family in families:
            about = f" ({name})" if len(families) > 1 else ""
            sentences.append(f"{prefix}{_family(family, cells, about)}")
    return sentences


def _family(family: pd.DataFrame, cells: pd.DataFrame, about: str) -> str:
    """Return the sentence of one family.

    Settled are comparisons that are significant and whose difference has not its opposite sign on
    a seed taken alone: tests are over patients, for the networks that happened to be trained.
    """
    turned, reference = _against_reference(family, cells)
    significant = turned[turned["p_holm"] < ALPHA]
    order = significant["difference"].abs().sort_values(ascending=False, kind="stable").index
    told = {i: _difference(turned.loc[i].to_dict(), cells, reference) for i in turned.index}
    turns = {i for i in order if _turns(turned.loc[i].to_dict())}
    settled, turning = [i for i in order if i not in turns], [i for i in order if i in turns]
    total = len(family)
    correction = " after Holm's correction" if total > 1 else ""
    with_ = (f" with {reference}" if reference else " between settings") + about
    if total == 1:
        verdict = "is significant" if len(order) else "is not significant"
        verdict += f", but {NOT_ALL_SEEDS}" if turning else ""
        limit = "" if len(order) else _smallest(family)
        return f"The one comparison of Dice{with_} {verdict}: {told[turned.index[0]]}{limit}."
    of = f"Of {counted(total, 'comparison')} of Dice{with_}{',' if about else ''}"
    if not len(order):
        return f"{of} none is significant{correction}{_smallest(family)}."
    if settled:
        how_many = f"{len(settled)}" if len(settled) < total else f"all {total}"
        verb = "is" if len(settled) == 1 else "are"
        named = listed([told[i] for i in settled], MOST_NAMED)
        text = f"{of} {how_many} {verb} significant{correction}: {named}"
    else:
        text = f"{of} none is settled"
    if turning:
        more = " more" if settled else ""
        verb = "is" if len(turning) == 1 else "are"
        text += f"; {len(turning)}{more} {verb} significant{'' if settled else correction}, but "
        text += f"{NOT_ALL_SEEDS}: {listed([told[i] for i in turning], MOST_NAMED)}"
    others = total - len(order)
    if others == 0:
        return f"{text}."
    rest = "the other one is" if others == 1 else f"the other {others} are"
    return f"{text}; {rest} not settled either way."


def _turns(row: Mapping[Hashable, Any]) -> bool:
    """Tell whether single seeds give differences of both signs, where that is known."""
    return crosses(row.get("seed_low", math.nan), row.get("seed_high", math.nan))


def _against_reference(family: pd.DataFrame, cells: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return comparisons turned so that what all are compared with is second, and its name.

    That is a setting that all comparisons share, else a method, else nothing ("").
    """
    for names in (cells["label"], cells["method"]):
        a, b = (family[k].map(names) for k in ("cell_a", "cell_b"))
        # A method compared with itself under other conditions is no reference.
        for name in dict.fromkeys([*b, *a]):
            if not ((a == name) ^ (b == name)).all():
                continue
            turned = family.copy()
            swap = a == name
            turned.loc[swap, ["cell_a", "cell_b"]] = family.loc[
                swap, ["cell_b", "cell_a"]
            ].to_numpy()
            turned.loc[swap, "difference"] = -family.loc[swap, "difference"]
            for low, high in (("low", "high"), ("seed_low", "seed_high")):
                if low in family:
                    turned.loc[swap, low] = -family.loc[swap, high]
                    turned.loc[swap, high] = -family.loc[swap, low]
            return turned, str(name)
    return family, ""


def _difference(row: Mapping[Hashable, Any], cells: pd.DataFrame, reference: str) -> str:
    """Return one difference: "geometry is 2.3 points better (95 % interval ..., p = .02)"."""
    better = "better" if row["difference"] > 0 else "worse"
    than = "" if reference else f" than {cells.loc[row['cell_b'], 'label']}"
    around = interval_of_points(row["low"], row["high"], below="worse", above="better")
    shown = row["p_holm"] < ALPHA and _turns(row)
    seeds = f"; {by_seed(row['seed_low'], row['seed_high'])}" if shown else ""
    return (
        f"{cells.loc[row['cell_a'], 'label']} is {points(row['difference'])} {better}{than} "
        f"({around}, {p_text(row['p_holm'])}{seeds})"
    )


def _smallest(family: pd.DataFrame) -> str:
    """Say how small a p value can be at all with so few patients."""
    n, total = int(family["n_patients"].min()), len(family)
    if n >= TOLD_BELOW:
        return ""
    text = f"; with {counted(n, 'patient')} the smallest p that a test can give is "
    text += p_value(smallest_p(n))
    if total > 1:
        text += f", {p_value(smallest_p(n, total))} after the correction"
    return f"{text}, so none could have been" if smallest_p(n, total) >= ALPHA else text


def ranking_sentences(
    cells: pd.DataFrame, ranking: pd.DataFrame, stability: pd.DataFrame, *, allow_partial: bool
) -> list[str]:
    """Say how often the first stays first, and how much of the order holds.

    Nothing where patients cannot be drawn again, as there is one.
    """
    allowed = cells.index[usable(cells, allow_partial=allow_partial)]
    # The patients that are drawn again must be several.
    allowed = allowed[(cells.loc[allowed, "n_patients"] > 1).to_numpy()]
    sentences = []
    for dataset, group in ranking[ranking["cell"].isin(allowed)].groupby("dataset", sort=False):
        if len(group) < 2:
            continue
        prefix = in_dataset(str(dataset), cells)
        top = group[group["rank"] == group["rank"].min()]
        names = [str(cells.loc[c, "label"]) for c in top["cell"]]
        settings = f"{counted(len(group), 'setting')}{_over(cells.loc[group['cell'], 'density'])}"
        if len(top) > 1:
            text = f"{listed(names)} share the first place of {settings}"
        else:
            first = top.iloc[0]
            text = (
                f"The best of the ranking of {settings}, {names[0]}, stays first in "
                f"{rate(first['podium_1'])} % of bootstrap samples of the patients"
            )
            if first["rank_low"] < first["rank_high"]:
                ranks = f"{first['rank_low']:.3g} to {first['rank_high']:.3g}"
                text += f" (95 % interval of its rank {ranks})"
            if first["podium_1"] < 0.95:
                text += ", so the first place is not settled"
        sentences.append(f"{prefix}{text}.")
        if len(stability):
            found = stability[stability["dataset"] == dataset]
            found = found[found["kendall_tau_median"].notna()]
            sentences += [f"{prefix}{_order(row)}" for row in found.to_dict("records")]
    return sentences


def _over(densities: pd.Series) -> str:
    """Say that a ranking is of settings whose annotation costs different amounts."""
    if densities.notna().any() and densities.isna().any():
        return " over all budgets"
    return " over all densities" if densities.nunique() > 1 else ""


def _order(row: Mapping[Hashable, Any]) -> str:
    """Return how many pairs keep their order: of all pairs, tau is those kept less those turned."""
    kept = [(1.0 + row[f"kendall_tau_{k}"]) / 2.0 for k in ("median", "low", "high")]
    tau = number(row["kendall_tau_median"], ".2f")
    between = f", 95 % interval {number(kept[1], '.0%')} to {number(kept[2], '.0%')} %"
    return (
        f"Of all pairs of settings {number(kept[0], '.0%')} % keep their order when the patients "
        f"are drawn again (median{'' if math.isnan(kept[1]) else between}; Kendall's tau {tau})."
    )
