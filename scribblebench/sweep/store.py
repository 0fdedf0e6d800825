"""Where a sweep keeps its results: every path of a results folder is in this file.

```
results/<name>/
  protocol.yaml           the protocol as it was given
  plan.json               the trials it asks for, by id, and the data's fingerprint
  trials/<id>/
    config.json           the resolved trial
    rows.csv              a row per case and class
    history.csv           the course of the training: the loss and its terms; not of imported trials
    ratios.csv            class ratios an epoch and class, estimated and true
    samples.npz           scribbles and predictions of scored cases, for pictures
    model.pt              the network, where it is kept
    result.json           written last: the trial is finished if and only if this is there
    checkpoint.pt         where an unfinished training goes on
    predictions.npz       of an unfinished trial, so that a crash in scoring costs no training
    attempts/<n>/         each execution of the trial; see `scribblebench.sweep.attempts`
  cases-<digest>.npz      images and dense labels of the scored cases, for the same pictures
  runs/<run>/             what one `sweep` command left while it ran: orders, logs of its workers
  index.parquet           what the finished trials' files say, made from them at any time
  endings.parquet         the same of attempts without a result, where there are very many
```
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scribblebench.errors import InputError
from scribblebench.io.atomic import create_json, write_json, write_text
from scribblebench.sweep.attempts import Attempts, Status
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.plan_file import Plan, read_plan, write_plan
from scribblebench.sweep.samples import CasePlanes, Samples, read_samples, write_samples
from scribblebench.training.model_file import Model, save_model


def write_course(
    folder: Path, history: Sequence[Mapping[str, float]], ratios: Sequence[Mapping[str, Any]]
) -> None:
    """Write how a training went: history.csv and, where class ratios were looked at, ratios.csv.

    Nothing is written of a training that nobody here has seen.
    """
    if history:
        write_text(folder / "history.csv", pd.DataFrame(history).to_csv(index=False))
    if ratios:
        write_text(folder / "ratios.csv", pd.DataFrame(ratios).to_csv(index=False))


def digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


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

    def attempts(self, trial_id: str) -> Attempts:
        """Return the attempts of a trial."""
        return Attempts(self.trial_folder(trial_id))

    def run_folder(self, run: str) -> Path:
        """Return the folder of one run of the sweep."""
        return self.root / "runs" / run

    def worker_log(self, run: str, number: int) -> Path:
        """Return where a worker in a process of its own writes all else than events."""
        return self.run_folder(run) / f"worker-{number}.log"

    def write_plan(self, protocol_text: str, plan: Plan) -> None:
        """Record what the sweep asks for; replaces an earlier plan, touches no result.

        Raises
        ------
        InputError
            If the folder holds the plan of a protocol with another name.
        """
        write_plan(self.root / "plan.json", plan)
        write_text(self.root / "protocol.yaml", protocol_text)

    def read_plan(self) -> Plan:
        """Return what the sweep asks for.

        Raises
        ------
        InputError
            If the folder holds no plan or one that cannot be read.
        """
        return read_plan(self.root / "plan.json")

    def is_finished(self, trial_id: str) -> bool:
        """Return whether the trial has a result."""
        return (self.trial_folder(trial_id) / "result.json").is_file()

    def has_result_now(self, trial_id: str) -> bool:
        """Return the same by reading the folder anew, which no cache of a network answers."""
        try:
            return any(p.name == "result.json" for p in self.trial_folder(trial_id).iterdir())
        except FileNotFoundError:
            return False

    def finished_ids(self) -> set[str]:
        """Return the ids of all finished trials in the folder, planned or not."""
        return set(self.finished_stamps())

    def finished_stamps(self) -> dict[str, int]:
        """Return when the results of all finished trials were written, in ns since 1970."""
        stamps = {}
        trials = self.root / "trials"
        with contextlib.suppress(FileNotFoundError), os.scandir(trials) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    result = os.stat(f"{entry.path}/result.json")  # noqa: PTH116 # of very many
                    stamps[entry.name] = result.st_mtime_ns
        return stamps

    def read_result(self, trial_id: str) -> dict[str, Any]:
        """Return the provenance and timing of a finished trial."""
        return self._read_json(self.trial_folder(trial_id) / "result.json")

    def read_failure(self, trial_id: str) -> Status | None:
        """Return how the last attempt of a trial failed, or None if it did not."""
        last = self.attempts(trial_id).last()
        status = last.status() if last else None
        return status if status and status.state == "failed" else None

    def read_rows(self, trial_id: str) -> pd.DataFrame:
        """Return the rows of a finished trial.

        Raises
        ------
        InputError
            If they cannot be read, or are not those that the result was written for.
        """
        path = self.trial_folder(trial_id) / "rows.csv"
        try:
            text = path.read_text(encoding="utf-8")
            expected = self.read_result(trial_id).get("rows_sha256")
            if expected is not None and digest(text) != expected:
                raise InputError(f"{path}: is not what result.json was written for")
            return pd.read_csv(
                io.StringIO(text), dtype={"case_id": str, "patient_id": str, "trial_id": str}
            )
        except InputError:
            raise
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error

    def read_ratios(self, trial_id: str) -> pd.DataFrame | None:
        """Return the class ratios of a finished trial, or None where none were looked at."""
        return self._read_csv(self.trial_folder(trial_id) / "ratios.csv")

    def read_history(self, trial_id: str) -> pd.DataFrame | None:
        """Return the course of a trial's training, or None where it was not copied."""
        return self._read_csv(self.trial_folder(trial_id) / "history.csv")

    @staticmethod
    def _read_csv(path: Path) -> pd.DataFrame | None:
        if not path.is_file():
            return None
        try:
            return pd.read_csv(path)
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error

    def read_samples(self, trial_id: str) -> list[CasePlanes] | None:
        """Return planes of the scored cases, or None where they were not kept or copied.

        Raises
        ------
        InputError
            If a file cannot be read.
        """
        return read_samples(self.root, self.trial_folder(trial_id))

    def write_trial(
        self,
        trial_id: str,
        config: TrialConfig,
        *,
        rows: Sequence[Mapping[str, Any]],
        history: Sequence[Mapping[str, float]],
        ratios: Sequence[Mapping[str, Any]],
        samples: Samples,
        result: Mapping[str, Any],
        model: Model | None = None,
        keep_predictions: bool = False,
    ) -> bool:
        """Write a finished trial, its result last; the model, if it is kept, in half the room.

        Returns
        -------
        written : bool
            False if somebody else had finished the trial: a result is never replaced.
        """
        folder = self.trial_folder(trial_id)
        if self.is_finished(trial_id):
            return False
        write_json(folder / "config.json", config.model_dump(mode="json"))
        table = pd.DataFrame(rows).to_csv(index=False)
        write_text(folder / "rows.csv", table)
        write_course(folder, history, ratios)
        if model is not None:
            save_model(folder / "model.pt", model, half=True)
        write_samples(self.root, folder, samples)
        content = {**result, "rows_sha256": digest(table), "predictions_kept": keep_predictions}
        if not create_json(folder / "result.json", content):
            return False
        (folder / "checkpoint.pt").unlink(missing_ok=True)
        if not keep_predictions:
            (folder / "predictions.npz").unlink(missing_ok=True)
        return True

    def withdraw_result(self, trial_id: str) -> None:
        """Make a finished trial an unfinished one; its other files stay, to be replaced."""
        (self.trial_folder(trial_id) / "result.json").unlink(missing_ok=True)

    @staticmethod
    def _read_json(path: Path) -> dict[str, Any]:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error
        if not isinstance(content, dict):
            raise InputError(f"{path}: must hold keys and values, got {type(content).__name__}")
        return content
