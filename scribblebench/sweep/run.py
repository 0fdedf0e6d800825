"""Run a protocol: everything wanted that is not there yet."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol as Interface

from scribblebench.errors import InputError
from scribblebench.io.atomic import WriteError, write_json, write_text
from scribblebench.sweep.attempts import Owner
from scribblebench.sweep.estimate import Estimates
from scribblebench.sweep.executors import Executor
from scribblebench.sweep.index import finished_trials, latest
from scribblebench.sweep.job import ENDED, OWNER, Job, Order, new_run_id
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.plan_file import write_plan
from scribblebench.sweep.planning import Planned
from scribblebench.sweep.store import Store
from scribblebench.sweep.worker import Watcher
from scribblebench.training.stop import Stop


class SweepWatcher(Watcher, Interface):
    """Told about the course of a sweep and of its trials."""

    def sweep_started(
        self, trials: Sequence[tuple[str, TrialConfig]], finished: Sequence[float]
    ) -> None:
        """Take the trials to be run, by id, and the mean Dice of those that were finished."""


@dataclass(frozen=True)
class SweepSummary:
    """How a run of a sweep ended, in numbers of trials.

    Parameters
    ----------
    wanted : int
    already_finished, already_failed : int
        Before this run; the failed ones were not tried again.
    finished, failed : int
        In this run, by whomever.
    left : int
        Trials without result that have not failed.
    stopped : str, or None
        Why the run ended early.
    """

    wanted: int
    already_finished: int
    already_failed: int
    finished: int
    failed: int
    left: int
    stopped: str | None


@dataclass(frozen=True)
class Options:
    """What a user may ask of a run; see `scribblebench.sweep.job.Order`.

    Parameters
    ----------
    keep_models, keep_predictions, retry_failed, whole_trials : bool
    max_failures : int, or None
        Failed trials after which the sweep ends.
    only : sequence of str, or None
        Ids of the trials to run; None is all.
    """

    keep_models: bool = False
    keep_predictions: bool = False
    retry_failed: bool = False
    whole_trials: bool = False
    max_failures: int | None = None
    only: Sequence[str] | None = None


def run_sweep(
    planned: Planned,
    *,
    executor: Executor,
    device: str,
    watcher: SweepWatcher,
    protocol_text: str | None = None,
    stop: Stop | None = None,
    options: Options | None = None,
) -> SweepSummary:
    """Run the trials of a plan that have no result yet.

    A trial that fails is recorded with its traceback and the others go on. A trial that is
    interrupted goes on from its state in the next run.

    Parameters
    ----------
    planned : Planned
    executor : Executor
    device : str
        As on the command line, for workers in other processes.
    watcher : SweepWatcher
    protocol_text : str, or None
        The protocol as it was written, to keep with the results; None where the folder's own plan
        is run.
    stop : Stop, or None
        Asks running trials to save their state, and no other to begin. A step of training is made
        in any case.
    options : Options, or None

    Raises
    ------
    WriteError
        If the results folder cannot be written.
    InputError
        If a worker cannot read the data, or a missing trial is one that was imported.
    """
    options, stop = options or Options(), stop or Stop()
    store, plan = planned.store, planned.plan
    if protocol_text is not None:
        store.write_plan(protocol_text, plan)
    wanted = list(plan.trials) if options.only is None else list(options.only)
    table = finished_trials(store)
    done = table.loc[table.index.intersection(wanted)]
    missing = [i for i in wanted if i not in done.index]
    if missing and plan.is_imported:
        raise InputError(
            f"{store.root}: trial {missing[0]} was imported, and its result is gone; "
            "import it again"
        )
    estimates = Estimates.of(latest(done), plan.trials)
    where = planned.places.as_text()
    order = Order(
        run=new_run_id(),
        trials=tuple(missing),
        root=where["root"],
        prepared=where["prepared"],
        cache=where["cache"],
        device=device,
        keep_models=options.keep_models,
        keep_predictions=options.keep_predictions,
        retry_failed=options.retry_failed,
        whole_trials=options.whole_trials,
        estimates=estimates.means(),
    )
    watcher.sweep_started(
        [(i, plan.trials[i]) for i in missing],
        [float(dsc) for dsc in done["mean_dsc"]],
    )
    if missing:
        folder = store.run_folder(order.run)
        order.write(folder / "order.json")
        write_plan(folder / "plan.json", plan)
        write_json(folder / OWNER, asdict(Owner.this_process(order.run, -1)))
        tally = _Tally(watcher, stop, options.max_failures)
        executor.run(Job(store, plan, order, planned.data), watcher=tally, stop=stop)
        with contextlib.suppress(WriteError):
            write_text(folder / ENDED, "")
    finished_now = store.finished_ids().intersection(missing)
    failed = {i for i in missing if i not in finished_now and store.read_failure(i)}
    failed_before = {i for i in failed if not _is_of(store, i, order.run)}
    return SweepSummary(
        wanted=len(wanted),
        already_finished=len(done),
        already_failed=len(failed_before),
        finished=len(finished_now),
        failed=len(failed - failed_before),
        left=len(missing) - len(finished_now) - len(failed),
        stopped=stop.reason,
    )


def _is_of(store: Store, trial_id: str, run: str) -> bool:
    """Return whether the last attempt of a trial belongs to a run."""
    last = store.attempts(trial_id).last()
    owner = last.owner() if last else None
    return owner is not None and owner.run == run


class _Tally:
    """Passes on what is told, and asks for the end after too many failures."""

    def __init__(self, watcher: Watcher, stop: Stop, max_failures: int | None) -> None:
        self._watcher, self._stop, self._max = watcher, stop, max_failures
        self._failed: set[str] = set()
        self.trial_started = watcher.trial_started
        self.step = watcher.step
        self.trial_finished = watcher.trial_finished
        self.trial_put_back = watcher.trial_put_back

    def trial_failed(self, trial_id: str, error: str) -> None:
        """Count the trial once, whoever noticed that it failed."""
        if trial_id in self._failed:
            return
        self._failed.add(trial_id)
        self._watcher.trial_failed(trial_id, error)
        if self._max is not None and len(self._failed) >= self._max:
            self._stop.ask(f"{len(self._failed)} failed")
