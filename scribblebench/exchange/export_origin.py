"""What an export was made from, and whether it is still what was written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import scribblebench
from scribblebench.errors import InputError
from scribblebench.exchange.nnunet import FILE_ENDING
from scribblebench.sweep.axes import GIVEN_FORMS
from scribblebench.sweep.plan import ANNOTATION_KEYS, TrialConfig
from scribblebench.sweep.provenance import code_version
from scribblebench.sweep.training_stage import TrialData

ORIGIN = "scribblebench.json"
"""The file that says where a data set comes from."""

PREPARATION = {"field_of_view", "spacing_mm", "volume"}
"""Settings of training that decide what annotators see."""


def origin_of(
    protocol: str,
    config: TrialConfig,
    data: TrialData,
    data_fingerprint: str,
    redrawn: list[str],
) -> dict[str, Any]:
    """Return what decides the content of a data set."""
    seed = None if config.form in GIVEN_FORMS else config.seed
    return {
        "protocol": protocol,
        "data_fingerprint": data_fingerprint,
        "dataset": config.dataset,
        "dataset_options": config.dataset_options,
        "train_part": config.train_part,
        "score_part": config.score_part,
        **{key: getattr(config, key) for key in ANNOTATION_KEYS},
        "seed": seed,
        "preparation": config.training.model_dump(include=PREPARATION),
        "scribbles_drawn_anew_on_the_own_grid": redrawn,
        "training_cases": [s.case.case_id for s in data.training],
        "scored_cases": [s.case.case_id for s in data.scored],
    }


def written_by() -> dict[str, Any]:
    """Return which code writes an export."""
    commit, dirty = code_version()
    return {"scribblebench": scribblebench.__version__, "commit": commit, "dirty": dirty}


def digests(folder: Path) -> dict[str, str]:
    """Return a hash of every image and label file of a data set, by its place in it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in sorted(folder.rglob(f"*{FILE_ENDING}"))
    }


def is_new(folder: Path, dataset_id: int, origin: dict[str, Any]) -> bool:
    """Return False if the same data set is there, whole; refuse another one of the number."""
    if folder.exists():
        try:
            there = json.loads((folder / ORIGIN).read_text(encoding="utf-8"))
            written = dict(there.pop("files"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            there, written = {}, {}
        if {**there, "written_by": None} != {**origin, "written_by": None}:
            raise InputError(f"{folder}: is there with other content; give another --dataset-id")
        found = digests(folder)
        if changed := sorted(written.items() ^ found.items()):
            raise InputError(
                f"{folder / changed[0][0]}: is not as it was written; remove the data set to write "
                "it again"
            )
        return False
    for other in sorted(folder.parent.glob(f"Dataset{dataset_id:03d}_*")):
        raise InputError(
            f"{other}: has this number already, which must be unique; give another --dataset-id"
        )
    return True
