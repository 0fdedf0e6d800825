"""How much annotation reaches a share of full supervision: ED90, ED95, and their cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from scribblebench.report.efficiency.curve import curves_of, monotone
from scribblebench.report.efficiency.panels import CURVE, FULL_FORM, Panel, means, panels
from scribblebench.report.efficiency.reach import first_reach, seconds_at, target_of
from scribblebench.report.efficiency.resampling import interval
from scribblebench.report.scores import CELL
from scribblebench.types import Float64Array

SHARES = (0.9, 0.95)
"""Of full supervision's mean Dice: ED90 and ED95."""


def efficiency_targets(
    rows: pd.DataFrame,
    shares: Sequence[float] = SHARES,
    *,
    reference_method: str | None = None,
) -> pd.DataFrame:
    """Return ED90 and ED95 of every form that has two or more densities.

    Parameters
    ----------
    rows : DataFrame
        See `scribblebench.report.efficiency.panels.panels`.
    shares : sequence of float
    reference_method : str, optional
        The method of full supervision, see `Panel.full_cell`.

    Returns
    -------
    targets : DataFrame
        `CURVE`, `share`, `target_dsc`, `density`, `density_low`, `density_high`, `seconds`,
        `seconds_low`, `seconds_high` (by the cost model, NaN if unknown), `status`,
        `low_is_censored`, `high_is_censored`, `reached_frequency`: see `Target`. Then
        `density_seed_low` and `density_seed_high`, the range of what each seed gives alone (NaN
        for one seed): luck in training that the interval over patients does not hold;
        `highest_density`, `max_departure`, `n_patients`, `n_seeds` (the fewest of its cells, full
        supervision among them). No rows where full supervision is absent; `attrs["remarks"]`
        says so.

    Raises
    ------
    InputError
        If there are several methods of full supervision and none is named.
    """
    found, remarks = [], []
    for panel in panels(rows):
        full = panel.full_cell(reference_method)
        remarks += panel.remarks()
        if full is None:
            remarks.append(_absent(panel, reference_method))
            continue
        scores = panel.scores[full].to_numpy(dtype=np.float64)
        for key, cells, curve in curves_of(panel):
            price = panel.cells.loc[cells, "annotation_s"].to_numpy(dtype=np.float64)
            n_seeds = int(panel.cells.loc[[*cells, full], "n_seeds"].min())
            for share in shares:
                target = target_of(curve, scores, share)
                ends = np.array([target.density, target.low, target.high])
                seconds = seconds_at(curve.density, price, ends)
                seed_low, seed_high = _seed_range(panel, cells, full, curve.density, share)
                found.append(
                    {
                        **key,
                        "share": share,
                        "target_dsc": target.dsc,
                        **dict(zip(("density", "density_low", "density_high"), ends, strict=True)),
                        **dict(
                            zip(("seconds", "seconds_low", "seconds_high"), seconds, strict=True)
                        ),
                        "status": target.status,
                        "low_is_censored": target.low_is_censored,
                        "high_is_censored": target.high_is_censored,
                        "reached_frequency": target.reached_frequency,
                        "density_seed_low": seed_low,
                        "density_seed_high": seed_high,
                        "highest_density": curve.density[-1],
                        "max_departure": curve.max_departure,
                        "n_patients": curve.n_patients,
                        "n_seeds": n_seeds,
                    }
                )
    columns = [*CURVE, "share", "target_dsc", "density", "density_low", "density_high", "seconds"]
    columns += ["seconds_low", "seconds_high", "status", "low_is_censored", "high_is_censored"]
    columns += ["reached_frequency", "density_seed_low", "density_seed_high", "highest_density"]
    columns += ["max_departure", "n_patients", "n_seeds"]
    table = pd.DataFrame(found, columns=columns)
    table.attrs["remarks"] = remarks
    return table


def _absent(panel: Panel, reference_method: str | None) -> str:
    named = f" by the method '{reference_method}'" if reference_method else ""
    return f"{panel.name}: no complete full supervision{named} whose Dice is above 0."


def _seed_range(
    panel: Panel, cells: list[int], full: int, density: Float64Array, share: float
) -> tuple[float, float]:
    """Return the smallest and the largest density that single seeds give."""
    alone = []
    for table in panel.by_seed:
        if {*cells, full} <= set(table.columns):
            fit = monotone(means(table, cells)[None])
            alone.append(first_reach(density, fit, share * means(table, [full]))[0])
    if len(alone) < 2:
        return np.nan, np.nan
    return float(min(alone)), float(max(alone))


def relative_dice(rows: pd.DataFrame, *, reference_method: str | None = None) -> pd.DataFrame:
    """Return the share of full supervision's mean Dice that each cell reaches.

    It is the efficiency of what has no density to vary (scribbles that come with the data,
    presets), stated at the share that they annotate; and of a form at its highest density, where
    its curve ends.

    Returns
    -------
    relative : DataFrame
        A row for each cell but those of full supervision: `CELL`, `annotated_fraction`,
        `annotation_s`, `relative`, `low`, `high` (95 %, paired over patients), `n_patients`,
        `n_seeds`. No rows where full supervision is absent; `attrs["remarks"]` says so.

    Raises
    ------
    InputError
        As for `efficiency_targets`.
    """
    found, remarks = [], []
    for panel in panels(rows):
        full = panel.full_cell(reference_method)
        remarks += panel.remarks()
        if full is None:
            remarks.append(_absent(panel, reference_method))
            continue
        others = [int(cell) for cell in panel.cells.index[panel.cells["form"] != FULL_FORM]]
        reference = panel.scores[full].to_numpy(dtype=np.float64)
        resampled = panel.weights @ panel.scores[others].to_numpy(dtype=np.float64)
        low, high = interval(resampled / (panel.weights @ reference)[:, None], panel.n_patients)
        table = panel.cells.loc[others].assign(
            relative=means(panel.scores, others) / reference.mean(),
            low=low,
            high=high,
            n_patients=panel.n_patients,
        )
        found.append(table)
    columns = [*CELL, "annotated_fraction", "annotation_s", "relative", "low", "high"]
    columns += ["n_patients", "n_seeds"]
    table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
    table = table[columns]
    table.attrs["remarks"] = remarks
    return table
