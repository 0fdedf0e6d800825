"""The ranking of settings, and how well it holds when patients are drawn again."""

from __future__ import annotations

import pandas as pd

from scribblebench.report.cells import labels_under_dataset
from scribblebench.report.tables.build import build_table
from scribblebench.report.tables.model import Column, Table, part
from scribblebench.report.tables.numbers import number
from scribblebench.report.tables.words import usable


def ranking_table(
    cells: pd.DataFrame,
    ranking: pd.DataFrame,
    stability: pd.DataFrame | None = None,
    *,
    allow_partial: bool = False,
) -> Table:
    """Return ranks with their intervals, and how often each setting is first, second and third.

    Settings that lack seeds are listed last, without a rank, unless `allow_partial`.
    """
    allowed = usable(cells, allow_partial=allow_partial)
    shown = ranking[ranking["cell"].isin(cells.index[allowed])].sort_values(
        ["dataset", "rank"], kind="stable"
    )
    datasets = list(dict.fromkeys(ranking["dataset"]))
    lacking = cells[~allowed & cells["dataset"].isin(datasets)]
    unranked = pd.DataFrame({"dataset": lacking["dataset"], "cell": lacking.index})
    n_ranked = len(shown)
    shown = pd.concat([shown, unranked], ignore_index=True) if len(unranked) else shown
    shown = shown.assign(
        label=labels_under_dataset(cells).reindex(shown["cell"]).to_numpy(),
        n_seeds=cells["n_seeds"].reindex(shown["cell"]).to_numpy(),
        n_planned=cells["n_planned"].reindex(shown["cell"]).to_numpy(),
    )
    complete = cells["is_complete"].reindex(shown["cell"]).to_numpy(dtype=bool)
    columns = [
        Column("setting", (part("{}", "label"),), align="left"),
        Column("rank", (part("{:.3g}", "rank"),)),
        Column("95 % interval", (part("[{:.3g}, {:.3g}]", "rank_low", "rank_high"),)),
        *(
            Column(name, (part("{:.0%}", f"podium_{i}"),), unit="%", group="place when drawn again")
            for i, name in enumerate(("first", "second", "third"), start=1)
        ),
    ]
    if not complete.all():
        columns.append(Column("seeds", (part("{:.0f}/{:.0f}", "n_seeds", "n_planned"),)))
    notes = ["Place when drawn again: how often, when patients are drawn again with replacement."]
    if n_ranked < len(shown):
        notes.append("† Incomplete: not all planned seeds are there (n/N); not ranked.")
    elif not complete.all():
        notes.append("† Incomplete: not all planned seeds are there (n/N); ranked on request.")
    return build_table(
        shown,
        columns,
        name="ranking",
        caption="Ranking by Dice, average over classes, with 95 % intervals."
        f"{_agreement(stability)}",
        notes=notes,
        data=shown,
        group="dataset" if len(datasets) > 1 else None,
        is_complete=complete,
    )


def _agreement(stability: pd.DataFrame | None) -> str:
    """Return Kendall's tau of each data set in words."""
    if stability is None or stability.empty:
        return ""
    several = len(stability) > 1
    taus = [
        f"{number(s['kendall_tau_median'], '.2f')} "
        f"[{number(s['kendall_tau_low'], '.2f')}, {number(s['kendall_tau_high'], '.2f')}]"
        + (f" for {s['dataset']}" if several else "")
        for s in stability.to_dict("records")
    ]
    return (
        " Agreement of this ranking with those of patients drawn again: Kendall's τ, median "
        f"[95 % interval], {', '.join(taus)}."
    )
