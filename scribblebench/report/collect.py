"""Gather what a results folder holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scribblebench.errors import InputError
from scribblebench.metrics.summary import METRICS
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.store import Store

COLUMNS = (
    *("protocol", "trial_id", "dataset", "split", "form", "density", "randomness", "method"),
    *("variant", "seed", "case_id", "class_id", "class_name", "dsc", "hd", "hd95"),
    *(
        "assd",
        "distance_unit",
        "failed",
        "patient_id",
        "dsc_raw",
        "annotated_fraction",
        "annotation_s",
        "coverage_px",
        "unreached_fraction",
    ),
)
"""Columns of the tidy table: one row for each trial, case and class. `failed` marks a class that
exactly one of prediction and target holds. `dsc_raw` is the Dice before components were filtered;
`annotated_fraction` the annotated share of the training set's foreground; `annotation_s` the
seconds that its annotation takes by the cost model (uncalibrated); `coverage_px` the mean distance
of its foreground pixels to the nearest mark of their class, and `unreached_fraction` the share of
those in parts without any."""

LATER = ("annotation_s", "variant", "coverage_px", "unreached_fraction")
"""Columns that results of earlier versions lack; NaN there."""


@dataclass(frozen=True)
class Results:
    """Rows and state of the trials that a folder's plan asks for.

    Parameters
    ----------
    protocol : str
    rows : DataFrame
        The tidy table, in the order of the plan.
    planned : dict of str to TrialConfig
        All trials that the plan asks for.
    failed : dict of str to str
        What the last attempt of an unfinished trial said.
    results : dict of str to dict
        `result.json` of the finished trials.
    n_unplanned : int
        Finished trials in the folder that the plan does not ask for.
    """

    protocol: str
    rows: pd.DataFrame
    planned: dict[str, TrialConfig]
    failed: dict[str, str]
    results: dict[str, dict[str, Any]]
    n_unplanned: int

    @property
    def finished(self) -> dict[str, TrialConfig]:
        """The trials that have a result."""
        return {i: config for i, config in self.planned.items() if i in self.results}

    @property
    def missing(self) -> dict[str, TrialConfig]:
        """The trials that have neither a result nor failed."""
        return {i: c for i, c in self.planned.items() if i not in {*self.results, *self.failed}}

    def remarks(self) -> list[str]:
        """Return what a reader must know before the numbers: what is missing or mixed."""
        trained_here = [i for i, config in self.finished.items() if config.imported is None]
        return [
            *self.gaps(),
            *self._unused_geometry(),
            *self._imports(),
            *self._failures(),
            *differences([self.results[i]["provenance"] for i in trained_here]),
        ]

    def gaps(self) -> list[str]:
        """Return how many trials are missing, and how many are left out."""
        remarks, n_missing = [], len(self.missing)
        if self.failed or n_missing:
            remarks.append(
                f"{len(self.results)} of {len(self.planned)} trials are finished; "
                f"{len(self.failed)} failed, {n_missing} have not run. Cells with fewer seeds than "
                f"were planned are marked with their number."
            )
        if self.n_unplanned:
            remarks.append(
                f"{self.n_unplanned} more finished trials in the folder belong to another version "
                f"of the protocol or of the data and are left out."
            )
        return remarks

    def _failures(self) -> list[str]:
        return [f"failed: trial {i}: {error}" for i, error in self.failed.items()]

    def _imports(self) -> list[str]:
        """Say which methods another tool has trained, and which one."""
        told = {}
        for config in self.finished.values():
            if config.imported is not None:
                tool = " ".join(filter(None, (config.imported.tool, config.imported.version)))
                told[config.method, tool] = (
                    f"imported: '{config.method}' was trained by {tool or 'another tool'}, and "
                    "only scored here: its times, its hardware and its training are not known."
                )
        return list(told.values())

    def _unused_geometry(self) -> list[str]:
        """Say where the scribbles do not support what a method would use."""
        remarks = []
        for trial_id, config in self.finished.items():
            check = self.results[trial_id].get("geometry")
            if check is None or (check["absent_holds"] and check["wall_holds"]):
                continue
            rules = [*([] if check["absent_holds"] else ["absent"])]
            rules += [*([] if check["wall_holds"] else ["wall", "reach"])]
            missed = check["missed_fraction"]
            between = (
                "no slice lies between two with a scribble of one class"
                if missed is None
                else f"{missed:.1%} of the classes are missing between two slices"
            )
            remarks.append(
                f"geometry: '{config.method}' on '{config.form}' did without {', '.join(rules)}: "
                f"walls are closed in {check['closed_fraction']:.0%} of the slices, and {between}."
            )
        return list(dict.fromkeys(remarks))


def differences(origins: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say by what code, with what libraries and on what devices trials were run, if that differs.

    Parameters
    ----------
    origins : sequence of mapping
        The provenance of the trials.
    """
    remarks = []
    # Results from before the source's digest was recorded have their commit alone.
    versions = {origin.get("source") or (origin["commit"], origin["dirty"]) for origin in origins}
    if len(versions) > 1:
        remarks.append(f"The trials were run by {len(versions)} versions of the code.")
    found = [{"Python": o["python"], **o["packages"], "device": o["device"]} for o in origins]
    for name in dict.fromkeys(name for one in found for name in one):
        values = sorted({str(one.get(name, "?")) for one in found})
        if len(values) > 1:
            remarks.append(f"The trials differ in {name}: {', '.join(values)}.")
    if any(origin["dirty"] for origin in origins):
        remarks.append("Some trials were run by code with uncommitted changes.")
    return remarks


def arms(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose method is named together with its variant, where it has one.

    For tables and figures that compare by method: two variants of one are two rows there.
    """
    if rows["variant"].isna().all():
        return rows
    named = rows["method"] + " " + rows["variant"].fillna("")
    return rows.assign(method=named.str.strip())


def collect(store: Store) -> Results:
    """Read the finished trials of the folder's plan.

    Trials in the folder that the plan does not ask for, left by an earlier version of the
    protocol or of the data, are not read.

    Raises
    ------
    InputError
        If there is no plan that can be read, or no finished trial. A trial whose files are damaged
        counts as failed.
    """
    plan = store.read_plan()
    protocol, trials = plan.protocol, plan.trials
    failed, results, tables = {}, {}, []
    for trial_id, config in trials.items():
        if store.is_finished(trial_id):
            try:
                result, rows = store.read_result(trial_id), _rows(store, trial_id)
            except InputError as error:
                # One damaged trial must not keep the others from their readers.
                failed[trial_id] = f"{config.label()}: its result is damaged: {error}"
                continue
            results[trial_id] = result
            # What the trial is called now: its rows may be from an earlier form of the protocol.
            rows["protocol"], rows["variant"] = protocol, config.variant
            tables.append(rows[list(COLUMNS)])
        elif failure := store.read_failure(trial_id):
            failed[trial_id] = f"{config.label()}: {failure.error}"
    if not tables:
        raise InputError(
            f"{store.root}: none of its {len(trials)} trials is finished"
            + "".join(f"; {error}" for error in list(failed.values())[:1])
        )
    rows = pd.concat(tables, ignore_index=True)
    n_unplanned = len(store.finished_ids() - set(trials))
    return Results(protocol, rows, dict(trials), failed, results, n_unplanned)


def _rows(store: Store, trial_id: str) -> pd.DataFrame:
    """Return the rows of a finished trial.

    Raises
    ------
    InputError
        If they cannot be read, are not all there, or lack a score.
    """
    rows, folder = store.read_rows(trial_id), store.trial_folder(trial_id)
    rows = rows.reindex(columns=[*rows.columns, *(c for c in LATER if c not in rows)])
    if lacking := [name for name in COLUMNS if name not in rows.columns]:
        raise InputError(f"{folder}: rows.csv has no column '{lacking[0]}'")
    if len(rows) != rows["case_id"].nunique() * rows["class_id"].nunique():
        raise InputError(f"{folder}: rows.csv must have one row for each case and class")
    for name in METRICS:
        if rows[name].isna().any():
            row = rows[rows[name].isna()].iloc[0]
            where = f"case '{row['case_id']}', class {row['class_name']}"
            raise InputError(f"{folder}: rows.csv has no {name} of {where}")
    return rows
