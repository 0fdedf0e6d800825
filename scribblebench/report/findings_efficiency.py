"""How much annotation is enough, and what explains Dice, in sentences."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scribblebench.report.tables.efficiency import AT_LOWEST, NOT_REACHED, whole_r2
from scribblebench.report.tables.numbers import ALPHA, share
from scribblebench.report.tables.words import (
    capped,
    in_dataset,
    interval_of_points,
    line_labels,
    listed,
    minutes,
    p_text,
    points,
    rate,
    with_cells,
)

MOST_NAMED = 4
"""Lines that a clause names; of others it gives the number."""


def target_sentences(
    cells: pd.DataFrame, targets: pd.DataFrame, *, allow_partial: bool
) -> list[str]:
    """Say which forms reach which share of full supervision at which density.

    One sentence for each data set and share: forms that reach it from the least density on, then
    those that do not.
    """
    lines = with_cells(targets, cells, allow_partial=allow_partial)
    lines["is_told"] = lines["is_complete"] | allow_partial
    sentences = []
    for dataset, of_set in lines.groupby("dataset", sort=False):
        one_method = of_set["method"].nunique() == 1
        method = f"With {of_set['method'].iloc[0]}, " if one_method else ""
        for wanted, group in of_set.assign(label=line_labels(of_set)).groupby("share"):
            told = group[group["is_told"]]
            if told.empty:
                continue
            clauses = _clauses(told, f"{100.0 * float(str(wanted)):.3g} % of full supervision")
            left_out = list(group.loc[~group["is_told"], "label"])
            if left_out:
                verb, who = ("is", "it lacks") if len(left_out) == 1 else ("are", "they lack")
                clauses.append(f"{capped(left_out, MOST_NAMED)} {verb} left out, as {who} seeds")
            start = f"{in_dataset(str(dataset), cells)}{method}"
            sentences.append(f"{start}{'; '.join(clauses)}.")
    return sentences


def _clauses(group: pd.DataFrame, goal: str) -> list[str]:
    """Return what each line does; the goal is named in the first."""
    reached = group[group["status"] != NOT_REACHED].sort_values("density", kind="stable")
    clauses = [
        f"{row['label']} reaches {goal if i == 0 else 'it'} {_at(row)}"
        for i, row in enumerate(reached[:MOST_NAMED].to_dict("records"))
    ]
    if (more := len(reached) - MOST_NAMED) > 0:
        verb = "reaches" if more == 1 else "reach"
        clauses.append(f"{more} more {verb} it (see the table)")
    missed = group[group["status"] == NOT_REACHED]
    for highest, same in missed.groupby("highest", dropna=False):
        what = goal if not clauses else "it"
        verb = "does" if len(same) == 1 else "do"
        top = float(str(highest))
        up_to = "" if math.isnan(top) else f" up to {share(top)} %"
        who = capped(list(same["label"]), MOST_NAMED)
        text = f"{who} {verb} not reach {what} at any density{up_to}"
        possible = list(same.loc[same["density_low"] < math.inf, "label"])
        if possible:
            who = (
                "its interval"
                if len(same) == 1
                else f"the interval of {capped(possible, MOST_NAMED)}"
            )
            text += f" (though {who} does not rule it out)"
        clauses.append(text)
    return clauses


def _at(row: Mapping[Hashable, Any]) -> str:
    """Return at which density, with its interval, and at what cost."""
    low, high, spent = row["density_low"], row["density_high"], row["seconds"]
    cost = "" if math.isnan(spent) else f"{minutes(spent)} of annotation by the cost model"
    beyond = (
        f"beyond {share(row['highest'])} %" if not math.isnan(row["highest"]) else "any density"
    )
    upper = f"{share(high)} %" if math.isfinite(high) else beyond
    if row["status"] == AT_LOWEST:
        cost = f"at most {cost}" if cost else ""
        reach = f"95 % interval up to {upper}" if high > row["density"] else ""
        inside = ", ".join(filter(None, [reach, cost]))
        return f"at its lowest density, {share(row['density'])} %" + (
            f" ({inside})" if inside else ""
        )
    around = "no interval" if math.isnan(low) else f"95 % interval {share(low)} to {upper}"
    if low <= row["lowest"]:
        around = f"95 % interval {share(low)} % or less to {upper}"
    return f"at a density of {share(row['density'])} % ({', '.join(filter(None, [around, cost]))})"


def principle_sentences(principles: pd.DataFrame) -> list[str]:
    """Say how much of Dice the terms explain, together and alone, and what each does."""
    if "dataset" not in principles:
        return _explained(principles, "")
    several = principles["dataset"].nunique() > 1
    return [
        sentence
        for dataset, group in principles.groupby("dataset", sort=False)
        for sentence in _explained(group, f"{dataset}: " if several else "")
    ]


def _explained(principles: pd.DataFrame, prefix: str) -> list[str]:
    terms = [_term(str(t))[0] for t in principles["term"]]
    r2 = whole_r2(principles)
    sentences = []
    if not math.isnan(r2):
        explained = f"{rate(r2)} % of the variance of Dice within patients"
        if "r2_cells" in principles:
            most = rate(float(principles["r2_cells"].iloc[0]))
            explained += f" (any properties of the settings could explain {most} % at most)"
        alone = [
            f"{term} {rate(v)} % alone"
            for term, v in zip(terms, principles["r2_alone"], strict=True)
        ]
        if len(terms) == 1:
            sentences.append(f"{prefix}The {terms[0]} explains {explained}.")
        else:
            sentences.append(
                f"{prefix}Together {listed(terms)} explain {explained}; {listed(alone)}."
            )
    known = [row for row in principles.to_dict("records") if not math.isnan(row["p_value"])]
    shown = [_effect(row) for row in known if row["p_value"] < ALPHA]
    unsettled = [_effect(row) for row in known if not row["p_value"] < ALPHA]
    fixed = ", the others held fixed" if len(terms) > 1 else ""
    if shown:
        sentences.append(f"{prefix}Within patients{fixed}, {'; '.join(shown)}.")
    if unsettled:
        sentences.append(f"{prefix}Within patients{fixed}, not settled: {'; '.join(unsettled)}.")
    return sentences


def _term(term: str) -> tuple[str, str]:
    """Return what a term is called, and what one unit more of it is."""
    if "density" in term:
        return "density", "ten times the density"
    if term.startswith("coverage"):
        return "distance to the nearest mark", "a distance to the nearest mark larger by 1 px"
    if term == "randomness":
        return term, "full randomness in place of none"
    return term, f"one more of {term}"


def _effect(row: Mapping[Hashable, Any]) -> str:
    """Return what one unit more of a term goes with."""
    more = "more" if row["coefficient"] > 0 else "less"
    around = interval_of_points(row["low"], row["high"], below="less", above="more")
    return (
        f"{_term(str(row['term']))[1]} goes with {points(row['coefficient'])} {more} Dice "
        f"({around}, {p_text(row['p_value'])})"
    )
