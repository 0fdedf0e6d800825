"""Score another trainer's predictions, and keep them as a trial in a results folder."""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from scribblebench.errors import InputError
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.plan_file import Plan, check_successor
from scribblebench.sweep.predictions import Prediction
from scribblebench.sweep.provenance import provenance
from scribblebench.sweep.scoring_stage import common_columns, score_cases
from scribblebench.sweep.store import Store
from scribblebench.sweep.training_stage import TrialData, annotate_training

OF_THE_CODE = ("scribblebench", "commit", "dirty", "source", "python", "packages", "platform")
"""What is known of where an imported trial was scored, and matters."""
ELSEWHERE = "elsewhere"
"""The device that an imported trial was trained on."""


def joined(store: Store, plan: Plan, *, replace: bool) -> Plan:
    """Return the plan of a results folder with one imported trial more.

    Parameters
    ----------
    store : Store
    plan : Plan
        With that trial alone.
    replace : bool
        Whether it may be there already.

    Raises
    ------
    InputError
        If the folder holds a sweep, or imports of another protocol or other data; or the trial is
        there and not to be replaced.
    """
    if not (store.root / "plan.json").is_file():
        return plan
    there = store.read_plan()
    check_successor(store.root, there, plan)
    if there.trials and there.data_fingerprint != plan.data_fingerprint:
        raise InputError(
            f"{store.root}: holds results on other data ({there.data_fingerprint}), not on these "
            f"({plan.data_fingerprint}); give another --output"
        )
    (trial_id,) = plan.trials
    if trial_id in there.trials and store.is_finished(trial_id) and not replace:
        before = there.trials[trial_id]
        folder = before.imported.folder if before.imported else ""
        raise InputError(
            f"{store.root}: '{before.label()}' is there already, from the folder '{folder}'; "
            "--replace takes its place"
        )
    return Plan(plan.protocol, plan.data_fingerprint, {**there.trials, **plan.trials})


def import_trial(
    store: Store,
    plan: Plan,
    predictions: Sequence[Prediction],
    data: TrialData,
    *,
    protocol_text: str,
) -> float:
    """Score predictions as a trial's own are, and write them as its result.

    The columns of the annotation are those of the labels that the trial may learn from. The trial
    comes into the plan when its result is there, so a crash leaves nothing that counts. A result
    that it has is replaced.

    Parameters
    ----------
    store : Store
    plan : Plan
        With that trial alone; see `joined`.
    predictions : sequence of Prediction
        In the order of `data.scored`.
    data : TrialData
    protocol_text : str
        The protocol as it was written, to keep with the results.

    Returns
    -------
    mean_dsc : float
        Averaged over cases and classes.
    """
    ((trial_id, config),) = plan.trials.items()
    assert config.imported is not None
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    begin = time.monotonic()
    _, effort = annotate_training(config, data)
    annotated = time.monotonic()
    common = common_columns(config, trial_id, plan.protocol)
    rows, samples = score_cases(predictions, config, data, common=common, effort=effort)
    scored = time.monotonic()
    mean_dsc = float(np.mean([row["dsc"] for row in rows]))
    result = {
        "started": started,
        "data_fingerprint": plan.data_fingerprint,
        "mean_dsc": mean_dsc,
        "annotation_s": round(effort.seconds, 1) if math.isfinite(effort.seconds) else None,
        "timing": {
            "annotate_s": round(annotated - begin, 3),
            "train_s": None,
            "predict_and_score_s": round(scored - annotated, 3),
            "wall_s": None,
        },
        "geometry": None,
        "provenance": _origin(),
        "imported": config.imported.model_dump(),
    }
    store.withdraw_result(trial_id)
    store.write_trial(
        trial_id, config, rows=rows, history=(), ratios=(), samples=samples, result=result
    )
    # Read anew: somebody may have imported another trial meanwhile.
    store.write_plan(protocol_text, joined(store, plan, replace=True))
    return mean_dsc


def imported_config(
    config: TrialConfig, *, method: str, imported: Any, variant: str | None
) -> TrialConfig:
    """Return a protocol's trial with another trainer in place of its method."""
    return config.model_copy(
        update={"method": method, "objective": None, "imported": imported, "variant": variant}
    )


def _origin() -> dict[str, Any]:
    """Return by what code a trial was scored; nobody knows here what it was trained on."""
    known = provenance(torch.device("cpu"))
    return {**{name: known[name] for name in OF_THE_CODE}, "device": ELSEWHERE, "processor": None}
