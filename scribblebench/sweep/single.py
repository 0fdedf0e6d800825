"""Train the network of one trial and keep it, without scoring it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import torch

from scribblebench.errors import InputError
from scribblebench.io.atomic import write_json
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.provenance import provenance, source_digest
from scribblebench.sweep.store import write_course
from scribblebench.sweep.training_stage import TrialData, model_of, train_trial
from scribblebench.training.checkpoint import Checkpoint
from scribblebench.training.loop import OnStep
from scribblebench.training.model_file import save_model
from scribblebench.training.stop import Stop


def train_single(
    config: TrialConfig,
    data: TrialData,
    data_fingerprint: str,
    *,
    output: Path,
    device: torch.device,
    on_step: OnStep | None = None,
    stop: Stop | None = None,
) -> bool:
    """Train one trial, going on from its checkpoint if there is one, unless it is there already.

    Writes config.json and the checkpoint, then history.csv, ratios.csv where class ratios were
    looked at, and model.pt, last.

    Parameters
    ----------
    config : TrialConfig
    data : TrialData
        Only the training cases are used.
    data_fingerprint : str
        Of the training cases.
    output : Path
        Folder that is new, or holds this trial.
    device : torch.device
    on_step : callable, or None
    stop : Stop, or None
        When the state is to be saved and `StoppedError` raised.

    Returns
    -------
    trained : bool
        False if the model was there already.

    Raises
    ------
    InputError
        If the folder holds another trial.
    FloatingPointError
        If training diverges.
    StoppedError
        If `stop` asked for it.
    """
    content = {"data_fingerprint": data_fingerprint, **config.model_dump(mode="json")}
    _claim(output, content)
    path = output / "model.pt"
    if path.is_file():
        return False
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    origin = provenance(device)
    identity = f"{config.trial_id(data_fingerprint)} {source_digest()}"
    checkpoint = Checkpoint(output / "checkpoint.pt", identity, stop=stop or Stop())
    learned = train_trial(config, data, device=device, on_step=on_step, checkpoint=checkpoint)
    write_course(output, learned.trained.losses, learned.trained.ratios)
    about = {
        "started": started,
        "data_fingerprint": data_fingerprint,
        "timing": {
            "annotate_s": round(learned.annotate_s, 3),
            "train_s": round(learned.train_s, 3),
        },
        "provenance": origin,
    }
    save_model(path, model_of(config, data, learned.trained.network, about))
    checkpoint.remove()
    return True


def _claim(folder: Path, content: dict[str, Any]) -> None:
    """Write config.json, or check that it is the same: a checkpoint must not be another trial's."""
    path = folder / "config.json"
    if not path.is_file():
        write_json(path, content)
        return
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    if there != content:
        raise InputError(f"{folder}: holds another trial or one of other data; give another folder")
