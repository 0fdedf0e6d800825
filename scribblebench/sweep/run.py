"""Run a protocol: everything wanted that is not there yet."""

from __future__ import annotations

import datetime
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol as Interface

import torch

from scribblebench.sweep.inputs import load_data, open_source
from scribblebench.sweep.plan import TrialConfig, expand
from scribblebench.sweep.protocol import Protocol
from scribblebench.sweep.provenance import provenance, source_digest
from scribblebench.sweep.store import Store
from scribblebench.sweep.trial import Outcome, model_of, run_trial
from scribblebench.training.checkpoint import Checkpoint, OutOfTimeError


class Watcher(Interface):
    """Told about the course of a sweep."""

    def sweep_started(
        self, *, n_trials: int, finished: Sequence[tuple[TrialConfig, float]]
    ) -> None:
        """Take the trials wanted, and those finished in earlier runs with their mean Dice."""

    def trial_started(self, config: TrialConfig) -> None:
        """Hear that work on a trial begins."""

    def step(self, done: int, total: int) -> None:
        """Take the training steps of the current trial."""

    def trial_finished(self, config: TrialConfig, outcome: Outcome) -> None:
        """Hear that a trial's rows are on the disk."""

    def trial_failed(self, config: TrialConfig, error: str) -> None:
        """Hear that a trial's failure is on the disk."""


@dataclass(frozen=True)
class SweepSummary:
    """How a run of a sweep ended, in numbers of trials."""

    wanted: int
    already_finished: int
    finished: int
    failed: int

    @property
    def left(self) -> int:
        """Trials that were not tried to the end, for want of time."""
        return self.wanted - self.already_finished - self.finished - self.failed


def run_sweep(
    protocol: Protocol,
    *,
    protocol_text: str,
    output: Path,
    root: Path | None,
    device: torch.device,
    watcher: Watcher,
    stop_after_s: float | None = None,
    prepared: Path | None = None,
    keep_models: bool = False,
) -> SweepSummary:
    """Run the trials of a protocol that have no result in `output` yet, one after the other.

    A trial that fails is recorded with its traceback and the others go on; it is tried again by
    the next run. A trial that is interrupted goes on from its checkpoint in the next run.

    Parameters
    ----------
    protocol : Protocol
    protocol_text : str
        The protocol as it was written, to keep with the results.
    output : Path
        Results folder.
    root : Path, or None
        Where the data lie.
    device : torch.device
    watcher : Watcher
    stop_after_s : float, or None
        Seconds from now after which the current trial saves its state and no other begins. A step
        of training is made in any case.
    prepared : Path, or None
        File of prepared cases, which replaces the data.
    keep_models : bool
        Whether the networks of the trials that are run now are kept.

    Raises
    ------
    InputError
        If the data cannot be used; found before the first trial.
    """
    deadline = None if stop_after_s is None else time.monotonic() + stop_after_s
    configs = list(expand(protocol))
    data, data_fingerprint = load_data(protocol, open_source(protocol, root, prepared), configs)
    store = Store(output)
    trials = {config.trial_id(data_fingerprint): config for config in configs}
    store.write_plan(protocol_text, protocol.name, trials, data_fingerprint)
    missing = {i: config for i, config in trials.items() if not store.is_finished(i)}
    finished = [
        (config, float(store.read_result(i)["mean_dsc"]))
        for i, config in trials.items()
        if i not in missing
    ]
    watcher.sweep_started(n_trials=len(trials), finished=finished)
    # Asked once, at the start: the code at work is what was loaded, whatever is committed later.
    origin = provenance(device)
    n_finished = n_failed = 0
    for trial_id, config in missing.items():
        # The first trial is tried all the same: each run must get somewhere, if only by a step.
        tried = n_finished + n_failed
        if tried and deadline is not None and time.monotonic() >= deadline:
            break
        watcher.trial_started(config)
        started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        try:
            outcome = run_trial(
                config,
                data,
                trial_id=trial_id,
                protocol=protocol.name,
                device=device,
                on_step=watcher.step,
                checkpoint=Checkpoint(
                    store.checkpoint_path(trial_id),
                    f"{trial_id} {source_digest()}",
                    deadline=deadline,
                ),
            )
        except OutOfTimeError:
            break
        except Exception as error:
            n_failed += 1
            message = " ".join(f"{type(error).__name__}: {error}".split())
            failure = {
                "started": started,
                "error": message,
                "traceback": traceback.format_exc(),
                "provenance": origin,
            }
            store.write_failure(trial_id, config, failure)
            watcher.trial_failed(config, message)
            continue
        result = {
            "started": started,
            "data_fingerprint": data_fingerprint,
            "mean_dsc": outcome.mean_dsc,
            "timing": outcome.timing,
            "geometry": outcome.geometry.record() if outcome.geometry else None,
            "provenance": origin,
        }
        store.write_trial(
            trial_id,
            config,
            rows=outcome.rows,
            history=outcome.history,
            ratios=outcome.ratios,
            samples=outcome.samples,
            result=result,
            model=model_of(config, data, outcome.network, result) if keep_models else None,
        )
        n_finished += 1
        watcher.trial_finished(config, outcome)
    return SweepSummary(
        wanted=len(trials),
        already_finished=len(finished),
        finished=n_finished,
        failed=n_failed,
    )
