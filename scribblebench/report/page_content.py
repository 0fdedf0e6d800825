"""What stands on the page, put together from results and their pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from scribblebench.report.collect import Results
from scribblebench.report.page.model import CaseVolume, Overlay
from scribblebench.report.scores import CELL
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.samples import CasePlanes
from scribblebench.sweep.store import Store
from scribblebench.types import BoolArray

MARGIN_PX = 12
"""Pixels shown around everything that is annotated or predicted."""
MAX_CASES = 50
MAX_TRIALS = 40
"""Trials whose predictions can be looked at: one a cell, the first seed."""


def trials_table(results: Results) -> pd.DataFrame:
    """Return a row for each planned trial: what it is, how it stands, and its scores.

    Scores are means over patients and frames: `dsc` and `dsc_CLASS`; `hd95` is the median over
    cases and classes.
    """
    rows = results.rows
    by_class = rows.pivot_table(
        index="trial_id", columns="class_name", values="dsc", aggfunc="mean", sort=False
    ).add_prefix("dsc_")
    by_trial = rows.groupby("trial_id", sort=False)
    scores = by_class.assign(
        dsc=by_class.mean(axis=1),
        hd95=by_trial["hd95"].median(),
        distance_unit=by_trial["distance_unit"].first(),
        annotated_fraction=by_trial["annotated_fraction"].first(),
    )
    about = pd.DataFrame(
        [_about(i, config, results) for i, config in results.planned.items()]
    ).set_index("trial_id")
    names = ["annotated_fraction", "dsc", *by_class.columns, "hd95", "distance_unit"]
    table = about.join(scores[names])
    last = ["wall_s", "commit"]
    return table[[*(n for n in table if n not in last), *last]].reset_index()


def _about(trial_id: str, config: TrialConfig, results: Results) -> dict[str, Any]:
    result = results.results.get(trial_id)
    state = "finished" if result else "failed" if trial_id in results.failed else "missing"
    return {
        "trial_id": trial_id,
        "dataset": config.dataset,
        "split": config.score_part,
        "form": config.form,
        "density": np.nan if config.density is None else config.density,
        "randomness": np.nan if config.randomness is None else config.randomness,
        "method": config.method,
        "variant": config.variant,
        "seed": config.seed,
        "state": state,
        "wall_s": _known(result["timing"]["wall_s"]) if result else np.nan,
        "commit": str(result["provenance"]["commit"] or "")[:8] if result else None,
    }


def _known(value: float | None) -> float:
    """Return a number of a result; NaN where it is not known."""
    return np.nan if value is None else float(value)


def unfinished_table(results: Results) -> pd.DataFrame:
    """Return `trial_id`, `label`, `state` and `error` of the trials without a result."""
    failed = [(i, results.planned[i].label(), "failed", e) for i, e in results.failed.items()]
    missing = [(i, config.label(), "missing", None) for i, config in results.missing.items()]
    return pd.DataFrame([*failed, *missing], columns=["trial_id", "label", "state", "error"])


def viewed_trials(rows: pd.DataFrame, most: int = MAX_TRIALS) -> list[str]:
    """Return the first seed's trial of each cell, in the order of the cells."""
    first = rows.sort_values("seed", kind="stable").drop_duplicates(CELL)
    return first.sort_index()["trial_id"].head(most).tolist()


def pictures(
    stores: Mapping[str, Store], trial_ids: Sequence[str], rows: pd.DataFrame, n_cases: int
) -> tuple[list[CaseVolume], dict[str, dict[str, Overlay]]]:
    """Return the cases that can be looked at, and what trials made of them.

    Parameters
    ----------
    stores : mapping of str to Store
        The folder of each trial.
    trial_ids : sequence of str
        Trials without pictures are left out.
    rows : DataFrame
        Of these trials at least.
    n_cases : int
        The most cases. Of more, those are taken that lie equally spaced between the best and the
        worst by the first trial's Dice.
    """
    found = dict(_read(stores, trial_ids))
    if not found:
        return [], {}
    chosen = _chosen_cases(rows[rows["trial_id"] == next(iter(found))], n_cases)
    patients = dict(zip(rows["case_id"], rows["patient_id"], strict=True))
    volumes: dict[str, CasePlanes] = {}
    for cases in found.values():
        for case in cases:
            volumes.setdefault(case.case_id, case)
    boxes = {i: _box(i, volumes[i], found) for i in chosen if i in volumes}
    shown = [
        CaseVolume(
            i,
            str(patients.get(i, i)),
            volumes[i].image[box],
            volumes[i].label[box],
        )
        for i, box in boxes.items()
    ]
    overlays: dict[str, dict[str, Overlay]] = {}
    for trial_id, cases in found.items():
        fitting: dict[str, Overlay] = {
            case.case_id: (case.pred[boxes[case.case_id]], case.scribble[boxes[case.case_id]])
            for case in cases
            if case.case_id in boxes and _is_same(case, volumes[case.case_id])
        }
        if fitting:
            overlays[trial_id] = fitting
    return shown, overlays


def _read(
    stores: Mapping[str, Store], trial_ids: Sequence[str]
) -> Iterator[tuple[str, list[CasePlanes]]]:
    for trial_id in trial_ids:
        cases = stores[trial_id].read_samples(trial_id)
        if cases is not None:
            yield trial_id, cases


def _chosen_cases(trial_rows: pd.DataFrame, n_cases: int) -> list[str]:
    """Return cases in the order of the rows: all of them, or some from the best to the worst."""
    order = list(dict.fromkeys(trial_rows["case_id"]))
    if len(order) <= n_cases:
        return order
    ranked = trial_rows.groupby("case_id")["dsc"].mean().sort_values(kind="stable").index
    places = np.linspace(0, len(ranked) - 1, n_cases).round().astype(int)
    chosen = {ranked[place] for place in places}
    return [case_id for case_id in order if case_id in chosen]


def _box(
    case_id: str, volume: CasePlanes, found: Mapping[str, list[CasePlanes]]
) -> tuple[slice, slice, slice]:
    """Return the part of a case's planes around its label and all predictions of it."""
    foreground: BoolArray = np.any(volume.label > 0, axis=0)
    for cases in found.values():
        for case in cases:
            if case.case_id == case_id and _is_same(case, volume):
                foreground = foreground | np.any(case.pred > 0, axis=0)
    if not foreground.any():
        return np.s_[:, :, :]
    rows, cols = np.flatnonzero(foreground.any(axis=1)), np.flatnonzero(foreground.any(axis=0))
    return np.s_[
        :,
        max(0, rows[0] - MARGIN_PX) : rows[-1] + 1 + MARGIN_PX,
        max(0, cols[0] - MARGIN_PX) : cols[-1] + 1 + MARGIN_PX,
    ]


def _is_same(case: CasePlanes, other: CasePlanes) -> bool:
    """Return whether two trials saw the same planes, which other preparations may not."""
    return case.label.shape == other.label.shape and np.array_equal(case.label, other.label)
