"""Run a protocol: everything wanted that is not there yet."""

from __future__ import annotations

import datetime
import inspect
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol as Interface

import torch

from scribblebench.data import DATASETS, Dataset, fingerprint
from scribblebench.data.preprocessing import prepare
from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.scribbles import PRESETS
from scribblebench.sweep.plan import TrialConfig, expand
from scribblebench.sweep.protocol import Protocol, ProtocolError
from scribblebench.sweep.provenance import provenance
from scribblebench.sweep.store import Store
from scribblebench.sweep.trial import Outcome, TrialData, run_trial
from scribblebench.training.checkpoint import Checkpoint, OutOfTimeError
from scribblebench.types import Case


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


def open_dataset(protocol: Protocol, root: Path | None) -> Dataset:
    """Open a protocol's data set.

    Raises
    ------
    ProtocolError
        If the data set does not have an option, or refuses its value.
    InputError
        If the data set's folder is not what it must be.
    """
    name, options = protocol.dataset.name, protocol.dataset.options
    factory = DATASETS[name]
    known = [option for option in inspect.signature(factory).parameters if option != "root"]
    for option in options:
        if option not in known:
            hint = did_you_mean(option, known)
            raise ProtocolError(f"dataset.options: '{name}' has no option '{option}'.{hint}")
    try:
        return factory(root, **options)
    except InputError as error:
        if options:
            raise ProtocolError(f"dataset.options: {error}") from error
        raise


def split_parts(protocol: Protocol, dataset: Dataset) -> list[tuple[str, ...]]:
    """Return the case ids to train on and those to score.

    Raises
    ------
    ProtocolError
        If the split has no such part or the two share a patient.
    """
    split = dataset.split()
    filled = [part for part, cases in split.parts.items() if cases]
    names = {"train": protocol.split.train, "score": protocol.split.score}
    for key, part in names.items():
        if part not in filled:
            hint = did_you_mean(part, filled)
            raise ProtocolError(f"split.{key}: '{dataset.name}' has no cases in '{part}'.{hint}")
    parts = [split[part] for part in names.values()]
    both = set.intersection(*({dataset.patient_id(c) for c in part} for part in parts))
    if both:
        raise ProtocolError(
            f"split: patient '{min(both)}' is both in '{protocol.split.train}' and in "
            f"'{protocol.split.score}'"
        )
    return parts


def check_annotation(
    protocol: Protocol, dataset: Dataset, training: Sequence[Case], scored: Sequence[Case]
) -> None:
    """Check that the cases come with the scribbles and dense labels that a protocol needs.

    Training cases need scribbles for the form 'expert' and dense labels for every other one, to
    draw on or to learn from, and for an oracle of class ratios; scored cases need dense labels.

    Raises
    ------
    InputError
        Naming the first case that lacks what is needed.
    """
    for form in protocol.forms:
        for case in training:
            lacking = case.scribble is None if form == "expert" else case.label_map is None
            if lacking:
                what = "scribbles" if form == "expert" else "dense labels"
                raise InputError(
                    f"{dataset.name}: form '{form}' needs {what}, and case '{case.case_id}' "
                    f"comes without"
                )
    for method in protocol.methods:
        spatial = method.resolved.objective.spatial
        if spatial is not None and spatial.class_ratio == "oracle":
            for case in training:
                if case.label_map is None:
                    raise InputError(
                        f"{dataset.name}: method '{method.name}' needs dense labels for its "
                        f"oracle, and case '{case.case_id}' comes without"
                    )
    for case in scored:
        if case.label_map is None:
            raise InputError(
                f"{dataset.name}: scoring needs dense labels, and case '{case.case_id}' of "
                f"'{protocol.split.score}' comes without"
            )


def load_data(protocol: Protocol, dataset: Dataset) -> tuple[TrialData, str]:
    """Read, check and prepare all cases of a protocol, before any work is done.

    Returns
    -------
    data : TrialData
    data_fingerprint : str
        See `scribblebench.data.fingerprint`.

    Raises
    ------
    InputError
        Naming the first file at fault, or, as a `ProtocolError`, a key of the protocol.
    """
    parts = split_parts(protocol, dataset)
    for preset in (form for form in protocol.forms if form in PRESETS):
        missing = [c for c in dataset.labels.foreground if c not in PRESETS[preset].habits]
        if missing:
            names = ", ".join(dataset.labels.class_names[c] for c in missing)
            raise ProtocolError(f"forms: preset '{preset}' does not say how to draw {names}")
    cases = [[dataset.load(case_id) for case_id in part] for part in parts]
    check_annotation(protocol, dataset, *cases)
    settings = protocol.training
    training, scored = (
        [
            prepare(case, field_of_view=settings.field_of_view, spacing_mm=settings.spacing_mm)
            for case in part
        ]
        for part in cases
    )
    data = TrialData(labels=dataset.labels, training=training, scored=scored)
    return data, fingerprint(case for part in cases for case in part)


def run_sweep(
    protocol: Protocol,
    *,
    protocol_text: str,
    output: Path,
    root: Path | None,
    device: torch.device,
    watcher: Watcher,
    stop_after_s: float | None = None,
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
        Seconds after which the current trial saves its state and no other begins.

    Raises
    ------
    InputError
        If the data cannot be used; found before the first trial.
    """
    deadline = None if stop_after_s is None else time.monotonic() + stop_after_s
    data, data_fingerprint = load_data(protocol, open_dataset(protocol, root))
    store = Store(output)
    trials = {config.trial_id(data_fingerprint): config for config in expand(protocol)}
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
        if deadline is not None and time.monotonic() >= deadline:
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
                checkpoint=Checkpoint(store.checkpoint_path(trial_id), deadline=deadline),
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
        )
        n_finished += 1
        watcher.trial_finished(config, outcome)
    return SweepSummary(
        wanted=len(trials),
        already_finished=len(finished),
        finished=n_finished,
        failed=n_failed,
    )
