"""Where a sweep keeps its results: every path of a results folder is in this file.

```
results/<name>/
  protocol.yaml           the protocol as it was given
  plan.json               the trials it asks for, by id, and the data's fingerprint
  trials/<id>/
    config.json           the resolved trial
    rows.csv              a row per case and class
    history.csv           the course of the training: the loss and its terms
    ratios.csv            class ratios an epoch and class, estimated and true
    checkpoint.pt         where an unfinished training goes on
    samples.npz           one slice of each scored case, for pictures
    failure.json          what went wrong in the last attempt, if it failed
    result.json           written last: the trial is finished if and only if this is there
```
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scribblebench.errors import InputError
from scribblebench.io.atomic import atomic_path, write_json, write_text
from scribblebench.sweep.plan import TrialConfig
from scribblebench.training.model_file import Model, save_model
from scribblebench.types import AnyArray


def write_course(
    folder: Path, history: Sequence[Mapping[str, float]], ratios: Sequence[Mapping[str, Any]]
) -> None:
    """Write how a training went: history.csv and, where class ratios were looked at, ratios.csv."""
    write_text(folder / "history.csv", pd.DataFrame(history).to_csv(index=False))
    if ratios:
        write_text(folder / "ratios.csv", pd.DataFrame(ratios).to_csv(index=False))


class Store:
    """The results folder of one sweep.

    Parameters
    ----------
    root : Path
        Created with the first file.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def trial_folder(self, trial_id: str) -> Path:
        """Return the folder of a trial."""
        return self.root / "trials" / trial_id

    def checkpoint_path(self, trial_id: str) -> Path:
        """Return where an unfinished trial keeps the state of its training."""
        return self.trial_folder(trial_id) / "checkpoint.pt"

    def write_plan(
        self, protocol_text: str, name: str, trials: Mapping[str, TrialConfig], data: str
    ) -> None:
        """Record what the sweep asks for; replaces an earlier plan, touches no result."""
        write_text(self.root / "protocol.yaml", protocol_text)
        content = {
            "protocol": name,
            "data_fingerprint": data,
            "trials": [
                {"trial_id": trial_id, **config.model_dump(mode="json")}
                for trial_id, config in trials.items()
            ],
        }
        write_json(self.root / "plan.json", content)

    def read_plan(self) -> tuple[str, dict[str, TrialConfig]]:
        """Return the protocol's name and its trials by id.

        Raises
        ------
        InputError
            If the folder holds no plan or one that cannot be read.
        """
        path = self.root / "plan.json"
        if not path.is_file():
            raise InputError(f"{self.root}: is not a results folder (it has no plan.json)")
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            trials = {
                trial.pop("trial_id"): TrialConfig.model_validate(trial)
                for trial in content["trials"]
            }
            return str(content["protocol"]), trials
        except (ValueError, KeyError, TypeError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{path}: cannot be read ({reason})") from error

    def is_finished(self, trial_id: str) -> bool:
        """Return whether the trial has a result."""
        return (self.trial_folder(trial_id) / "result.json").is_file()

    def finished_ids(self) -> set[str]:
        """Return the ids of all finished trials in the folder, planned or not."""
        return {path.parent.name for path in self.root.glob("trials/*/result.json")}

    def read_result(self, trial_id: str) -> dict[str, Any]:
        """Return the provenance and timing of a finished trial."""
        return self._read_json(self.trial_folder(trial_id) / "result.json")

    def read_failure(self, trial_id: str) -> dict[str, Any] | None:
        """Return what went wrong in the last attempt of a trial, or None."""
        path = self.trial_folder(trial_id) / "failure.json"
        return self._read_json(path) if path.is_file() else None

    def read_rows(self, trial_id: str) -> pd.DataFrame:
        """Return the rows of a finished trial."""
        path = self.trial_folder(trial_id) / "rows.csv"
        try:
            return pd.read_csv(path, dtype={"case_id": str, "patient_id": str, "trial_id": str})
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error

    def read_ratios(self, trial_id: str) -> pd.DataFrame | None:
        """Return the class ratios of a finished trial, or None where none were looked at."""
        path = self.trial_folder(trial_id) / "ratios.csv"
        if not path.is_file():
            return None
        try:
            return pd.read_csv(path)
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error

    def read_samples(self, trial_id: str) -> dict[str, AnyArray] | None:
        """Return the arrays kept for pictures, or None where they were not kept or copied."""
        path = self.trial_folder(trial_id) / "samples.npz"
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error

    def write_trial(
        self,
        trial_id: str,
        config: TrialConfig,
        *,
        rows: Sequence[Mapping[str, Any]],
        history: Sequence[Mapping[str, float]],
        ratios: Sequence[Mapping[str, Any]],
        samples: Mapping[str, AnyArray],
        result: Mapping[str, Any],
        model: Model | None = None,
    ) -> None:
        """Write a finished trial, its result last; the model, if it is kept, in half the room."""
        folder = self.trial_folder(trial_id)
        write_json(folder / "config.json", config.model_dump(mode="json"))
        write_text(folder / "rows.csv", pd.DataFrame(rows).to_csv(index=False))
        write_course(folder, history, ratios)
        if model is not None:
            save_model(folder / "model.pt", model, half=True)
        with atomic_path(folder / "samples.npz") as temporary:
            np.savez_compressed(temporary, allow_pickle=False, **samples)
        (folder / "failure.json").unlink(missing_ok=True)
        write_json(folder / "result.json", result)
        self.checkpoint_path(trial_id).unlink(missing_ok=True)

    def write_failure(self, trial_id: str, config: TrialConfig, failure: Mapping[str, Any]) -> None:
        """Record that an attempt failed; the trial stays unfinished."""
        folder = self.trial_folder(trial_id)
        write_json(folder / "config.json", config.model_dump(mode="json"))
        write_json(folder / "failure.json", failure)

    @staticmethod
    def _read_json(path: Path) -> dict[str, Any]:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error
        if not isinstance(content, dict):
            raise InputError(f"{path}: must hold keys and values, got {type(content).__name__}")
        return content
