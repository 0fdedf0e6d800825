"""What was found, in sentences made from the numbers; never more than a test has shown."""

from __future__ import annotations

import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.findings_efficiency import principle_sentences, target_sentences
from scribblebench.report.findings_gap import gap_sentences
from scribblebench.report.findings_tests import comparison_sentences, ranking_sentences
from scribblebench.report.statistics.variance import COLLAPSED
from scribblebench.report.tables.words import counted, listed, points, rate, spanned, usable

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
    sentences += gap_sentences(cells, summary, _or_empty(gap), **given)
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


def _collapses(cells: pd.DataFrame, summary: pd.DataFrame) -> list[str]:
    """Say which settings lost which class on how many seeds."""
    classes = summary[summary["class_name"] != AVERAGE_NAME]
    if classes.empty:
        return []
    lost = (classes["collapse_rate"] * classes["n_seeds"]).round().astype(int)
    hit = classes.assign(lost=lost)[lost > 0]
    what = f"mean Dice below {COLLAPSED:g}"
    if hit.empty:
        of = "the one setting" if len(cells) == 1 else f"the {len(cells)} settings"
        return [f"No class was lost ({what}) on any seed of {of}{_still_possible(classes)}."]
    labels = cells["label"].to_dict()
    named = []
    most_lost = hit.groupby("cell")["lost"].agg(["max", "sum"])
    order = most_lost.sort_values(["max", "sum"], ascending=False, kind="stable").index
    for cell in (int(c) for c in order):
        own = hit[hit["cell"] == cell].sort_values("lost", ascending=False, kind="stable")
        each = [
            f"{r['class_name']} on {r['lost']} of {counted(int(r['n_seeds']), 'seed')}"
            for r in own.to_dict("records")
        ]
        named.append(f"{labels[cell]} ({', '.join(each)})")
    of = "The one setting" if len(cells) == 1 else f"{len(order)} of {len(cells)} settings"
    return [f"{of} lost a class ({what}) on at least one seed: {listed(named, MOST_NAMED)}."]


def _still_possible(classes: pd.DataFrame) -> str:
    """Say which rate of collapses none among so few seeds leaves possible, if that is known."""
    if "collapse_high" not in classes or classes["collapse_high"].isna().all():
        return ""
    n, most = int(classes["n_seeds"].min()), classes["collapse_high"].max()
    return (
        f"; with {counted(n, 'seed')} the 95 % interval of the share of seeds on which a class is "
        f"lost reaches up to {rate(most)} %"
    )


def _spread(cells: pd.DataFrame, summary: pd.DataFrame, *, allow_partial: bool) -> list[str]:
    """Say how much means differ between seeds, and scores between patients."""
    allowed = cells.index[usable(cells, allow_partial=allow_partial)]
    average = summary[(summary["class_name"] == AVERAGE_NAME) & summary["cell"].isin(allowed)]
    known = average[
        (average["n_seeds"] > 1) & average["seed_sd"].notna() & average["dsc_sd"].notna()
    ]
    if known.empty:
        return []
    largest = known.sort_values("seed_sd", kind="stable").iloc[-1]
    n = known["n_patients"]
    error = (known["dsc_sd"] / n**0.5).median()
    text = (
        "Training again with another seed moves the mean Dice by "
        f"{points(known['seed_sd'].median())} (standard deviation"
    )
    if len(known) > 1:
        name = cells["label"].to_dict()[largest["cell"]]
        text += f", median of {len(known)} settings; most for {name}, {points(largest['seed_sd'])}"
    return [
        f"{text}); other patients would move a mean over {spanned(n, 'patient')} by "
        f"{points(error)} (standard error), as single patients differ by "
        f"{points(known['dsc_sd'].median())}."
    ]
