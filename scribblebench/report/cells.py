"""The cells of a comparison: what was planned of each, what is there, and what people call it."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from scribblebench.report.scores import CELL, cells_of
from scribblebench.sweep.plan import TrialConfig

DENSE = "dense"


def cell_table(rows: pd.DataFrame, planned: Iterable[TrialConfig]) -> pd.DataFrame:
    """Return the cells that have rows, with what was planned of them.

    Parameters
    ----------
    rows : DataFrame
        The tidy table, methods named together with their variants.
    planned : iterable of TrialConfig
        All trials that were asked for, finished or not.

    Returns
    -------
    cells : DataFrame
        Indexed by `cell`: `CELL`; `label`, a short name; `n_seeds` and `n_planned`, seeds that are
        finished and those that were asked for; `is_complete`, whether these are the same;
        `n_patients`, `n_cases`; `variant`, None where there is none; `annotated_fraction`,
        `annotation_s`, `coverage_px` and `unreached_fraction`, means over the seeds.
    """
    cells = cells_of(rows)
    counted = rows.groupby(CELL, dropna=False, sort=False).agg(
        n_seeds=("seed", "nunique"),
        n_patients=("patient_id", "nunique"),
        n_cases=("case_id", "nunique"),
        variant=("variant", "first"),
        annotated_fraction=("annotated_fraction", "mean"),
        annotation_s=("annotation_s", "mean"),
        coverage_px=("coverage_px", "mean"),
        unreached_fraction=("unreached_fraction", "mean"),
    )
    table = cells.join(counted.reset_index(drop=True).rename_axis("cell"))
    asked = planned_seeds(planned)
    table.insert(len(CELL), "label", labels(cells))
    n_planned = [asked.get(_key(cell), 0) for cell in cells.itertuples(index=False, name=None)]
    table.insert(len(CELL) + 2, "n_planned", n_planned)
    table["n_planned"] = table[["n_planned", "n_seeds"]].max(axis=1)
    table.insert(len(CELL) + 3, "is_complete", table["n_seeds"] == table["n_planned"])
    return table


def planned_seeds(planned: Iterable[TrialConfig]) -> dict[tuple[object, ...], int]:
    """Return the number of seeds that were asked for of each cell."""
    seeds: dict[tuple[object, ...], set[int]] = {}
    for config in planned:
        density = 1.0 if config.form == DENSE else config.density
        parts = (config.dataset, config.score_part, config.form, density, config.randomness)
        seeds.setdefault(_key((*parts, config.arm())), set()).add(config.seed)
    return {key: len(found) for key, found in seeds.items()}


def _key(values: Iterable[object]) -> tuple[object, ...]:
    """Return values that can be looked up: NaN is not equal to itself."""
    return tuple(
        None if value is None or (isinstance(value, float) and math.isnan(value)) else value
        for value in values
    )


def labels(cells: pd.DataFrame, *, with_dataset: bool = True) -> list[str]:
    """Return short names that say what differs between cells, and always the form.

    Density as a share of the class, randomness where it varies, the method where there are several
    for scribbles, the data set where there are several (and `with_dataset`), its part where
    a data set has several.
    """
    drawn = cells[cells["randomness"].notna()]
    varied = {
        "dataset": with_dataset and cells["dataset"].nunique() > 1,
        "split": (cells.groupby("dataset")["split"].nunique() > 1).any(),
        "randomness": drawn["randomness"].nunique() > 1,
        "method": cells.loc[cells["form"] != DENSE, "method"].nunique() > 1,
    }
    one_form = cells["form"].nunique() == 1 or (
        varied["method"] and cells.loc[cells["form"] != DENSE, "form"].nunique() == 1
    )
    one_density = drawn["density"].nunique() < 2 and one_form
    names = []
    for cell in cells.to_dict("records"):
        scribbled = cell["form"] != DENSE
        parts = [] if one_form and scribbled and varied["method"] else [_form_name(cell["form"])]
        if scribbled and not math.isnan(cell["density"]) and not one_density:
            parts.append(f"{100 * cell['density']:g} %")
        if varied["randomness"] and not math.isnan(cell["randomness"]):
            parts.append(f"r{cell['randomness']:g}")
        if varied["method"] and scribbled:
            parts.append(str(cell["method"]))
        parts += [str(cell[name]) for name in ("dataset", "split") if varied[name]]
        names.append(" ".join(parts))
    return _told_apart(names, cells)


def labels_under_dataset(cells: pd.DataFrame) -> pd.Series:
    """Return names for use under headings that name the data set, by cell."""
    return pd.Series(labels(cells, with_dataset=False), index=cells.index)


def _form_name(form: str) -> str:
    return "dense labels" if form == DENSE else form


def _told_apart(names: list[str], cells: pd.DataFrame) -> list[str]:
    """Add the method to names that are there twice, as of two methods for dense labels."""
    found = cells[["dataset", "split"]].assign(name=names)
    return [
        f"{name} ({method})" if is_twice else name
        for name, method, is_twice in zip(
            names, cells["method"], found.duplicated(keep=False), strict=True
        )
    ]
