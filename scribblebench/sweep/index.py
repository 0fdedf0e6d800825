"""A table of the finished trials, derived from their files and remade from them at any time.

`index.parquet` only saves time: a trial is finished if and only if its `result.json` is there,
which is looked up each time; the index spares reading the files that have not changed since.
"""

from __future__ import annotations

import contextlib
from typing import Any

import pandas as pd

from scribblebench.io.atomic import WriteError, atomic_path
from scribblebench.sweep.store import Store

COLUMNS = (
    *("trial_id", "written_ns", "started", "attempt", "mean_dsc", "annotation_s", "wall_s"),
    *("train_s", "cpu_s", "peak_memory_mib", "peak_gpu_memory_mib", "device", "processor"),
    *("commit", "dirty", "source"),
)
"""A row a finished trial: its id, when its result was written (ns since 1970), when its last
attempt began and which one that was, mean Dice, cost of annotating its training set, seconds in all
and of training, CPU seconds and peak memory of the last attempt, hardware, and the code."""


def finished_trials(store: Store) -> pd.DataFrame:
    """Return the finished trials of a results folder, planned or not, indexed by id.

    Brings `index.parquet` up to date, where the folder can be written.

    Raises
    ------
    InputError
        If a result cannot be read.
    """
    path = store.root / "index.parquet"
    there = store.finished_stamps()
    known = _read(path)
    stamps = pd.Series(there, dtype="int64").reindex(known.index)
    valid = known[known["written_ns"] == stamps]
    new = [_row(store, i, stamp) for i, stamp in there.items() if i not in valid.index]
    if not new and len(valid) == len(known):
        return valid
    table = pd.DataFrame(new, columns=list(COLUMNS)).set_index("trial_id")
    # An empty part would lend its dtypes to the whole.
    parts = [part for part in (valid, table) if len(part)]
    table = pd.concat(parts) if parts else table
    with contextlib.suppress(WriteError), atomic_path(path) as temporary:
        table.reset_index().to_parquet(temporary, index=False)
    return table


def latest(table: pd.DataFrame, n: int = 1000) -> pd.DataFrame:
    """Return the trials that were finished last: enough to tell what others will take."""
    return table.nlargest(n, "written_ns") if len(table) > n else table


def _read(path: Any) -> pd.DataFrame:
    """Return the index as it was left; an unreadable one, or one of another version, is none."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        table = pd.read_parquet(path)
        if tuple(table.columns) == COLUMNS:
            return table.set_index("trial_id")
    return pd.DataFrame(columns=list(COLUMNS)).set_index("trial_id").astype({"written_ns": "int64"})


def _row(store: Store, trial_id: str, stamp: int) -> dict[str, Any]:
    """Read one result; what earlier versions or other tools did not record is missing."""
    result = store.read_result(trial_id)
    timing, usage = result["timing"], result.get("usage", {})
    origin = result["provenance"]
    return {
        "trial_id": trial_id,
        "written_ns": stamp,
        "started": result["started"],
        "attempt": _number(result.get("attempt")),
        "mean_dsc": float(result["mean_dsc"]),
        "annotation_s": _number(result.get("annotation_s")),
        "wall_s": _number(timing["wall_s"]),
        "train_s": _number(timing["train_s"]),
        "cpu_s": _number(usage.get("cpu_s")),
        "peak_memory_mib": _number(usage.get("peak_memory_mib")),
        "peak_gpu_memory_mib": _number(usage.get("peak_gpu_memory_mib")),
        "device": origin["device"],
        "processor": origin["processor"],
        "commit": origin["commit"],
        "dirty": origin["dirty"],
        "source": origin.get("source"),
    }


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
