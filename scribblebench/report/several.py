"""Results of several folders as those of one, so that they stand in the same tables and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from scribblebench.report.collect import Results
from scribblebench.sweep.plan import NOT_IN_ID, TrialConfig


def merge(parts: Mapping[str, Results]) -> Results:
    """Put results together.

    A trial that is in several folders counts once. Trials that differ in what no column tells, such
    as the length of the training, but are called the same, get the name of their folder as variant,
    so that they are compared and not averaged.

    Parameters
    ----------
    parts : mapping of str to Results
        By the name of their folder; one or more.
    """
    if len(parts) == 1:
        return next(iter(parts.values()))
    planned: dict[str, TrialConfig] = {}
    settings: dict[tuple[object, ...], set[str]] = {}
    failed: dict[str, str] = {}
    results: dict[str, dict[str, Any]] = {}
    tables = []
    for name, part in parts.items():
        new = {i: config for i, config in part.planned.items() if i not in planned}
        data = sorted({result["data_fingerprint"] for result in part.results.values()})
        own = {i: f"{data} {_settings(config)}" for i, config in new.items()}
        taken = {_cell(c) for i, c in new.items() if settings.get(_cell(c), {own[i]}) != {own[i]}}
        renamed = {i: _renamed(c, name) if _cell(c) in taken else c for i, c in new.items()}
        for i, config in renamed.items():
            settings.setdefault(_cell(config), set()).add(own[i])
        planned |= renamed
        failed |= part.failed
        # A trial may be missing in one folder and finished in another.
        finished = {i: result for i, result in part.results.items() if i not in results}
        results |= finished
        rows = part.rows[part.rows["trial_id"].isin(finished)]
        variants = {i: planned[i].variant for i in finished}
        tables.append(rows.assign(variant=rows["trial_id"].map(variants)))
    failed = {i: error for i, error in failed.items() if i not in results}
    return Results(
        protocol=", ".join(dict.fromkeys(part.protocol for part in parts.values())),
        rows=pd.concat([table for table in tables if len(table)], ignore_index=True),
        planned=planned,
        failed=failed,
        results=results,
        n_unplanned=sum(part.n_unplanned for part in parts.values()),
    )


def other_data(results: Results) -> list[str]:
    """Say of which data sets there are results on different data."""
    found: dict[str, set[str]] = {}
    for trial_id, config in results.finished.items():
        fingerprint = results.results[trial_id]["data_fingerprint"]
        found.setdefault(config.dataset, set()).add(fingerprint)
    return [
        f"The trials on {dataset} were run on {len(prints)} versions of the data: other cases, "
        f"other labels or another preparation. Differences between them may come from that."
        for dataset, prints in found.items()
        if len(prints) > 1
    ]


def _cell(config: TrialConfig) -> tuple[object, ...]:
    parts: Sequence[object] = (config.dataset, config.score_part, config.form, config.density)
    return (*parts, config.randomness, config.arm())


def _settings(config: TrialConfig) -> str:
    """Return all that decides a trial but its seed."""
    return config.model_dump_json(exclude={"seed", *NOT_IN_ID})


def _renamed(config: TrialConfig, name: str) -> TrialConfig:
    variant = name if config.variant is None else f"{config.variant} {name}"
    return config.model_copy(update={"variant": variant})
