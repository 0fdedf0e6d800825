"""The course of the trainings of a report."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from scribblebench.report.scores import CELL
from scribblebench.sweep.store import Store

MOST_CELLS = 7
"""More lines than there are colours cannot be told apart."""


def histories(stores: Mapping[str, Store], rows: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the loss and its terms against the step, of a cell for each form and method.

    Of several densities and randomnesses of a form the middle cell is taken, and of more than
    `MOST_CELLS` forms and methods the first ones. Trials without a history, as of folders that were
    copied without it, are left out.

    Returns
    -------
    history : DataFrame
        `label`, `seed`, `step`, `loss` and a column for each term.
    """
    groups = cells.groupby(["form", "method"], sort=False)
    middle = [group.index[len(group) // 2] for _, group in groups][:MOST_CELLS]
    chosen = cells.loc[middle, [*CELL, "label"]]
    trials = rows.drop_duplicates("trial_id").merge(chosen, on=CELL)
    tables = []
    for trial in trials.to_dict("records"):
        history = stores[trial["trial_id"]].read_history(trial["trial_id"])
        if history is not None:
            tables.append(history.assign(label=trial["label"], seed=trial["seed"]))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
