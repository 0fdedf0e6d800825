"""What the trials of a plan will take, judged by finished ones or by a short pilot."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import torch

from scribblebench.sweep.estimate import Estimates
from scribblebench.sweep.index import finished_trials, latest
from scribblebench.sweep.overview import share_left, states_of
from scribblebench.sweep.plan import ANNOTATION_KEYS, TrialConfig
from scribblebench.sweep.planning import Planned
from scribblebench.sweep.states import State
from scribblebench.sweep.training_stage import TrialData, annotate_training, training_data
from scribblebench.training.loop import Run
from scribblebench.training.prediction import predict_case

WARM_UP, TIMED = 2, 6
"""Steps of a pilot."""


@dataclass(frozen=True)
class Cell:
    """The trials of one form, density and method.

    Parameters
    ----------
    form, method : str
        The method with its variant, where it has one.
    density : float, or None
    n, finished, failed : int
        Trials, those of them that have a result, and those that failed and are not to be tried
        again.
    shares_left : float
        Trials that are to be run, those that were begun only with the share of their steps that is
        left.
    seconds : float, or None
        Of one trial; None if not known.
    annotation_s : float, or None
        Of annotating its training set once, by the cost model; None if not known.
    """

    form: str
    density: float | None
    method: str
    n: int
    finished: int
    failed: int
    shares_left: float
    seconds: float | None
    annotation_s: float | None

    @property
    def left_s(self) -> float | None:
        """Seconds of work that are left; None if not known."""
        unknown = self.to_run and self.seconds is None
        return None if unknown else self.shares_left * (self.seconds or 0.0)

    @property
    def to_run(self) -> int:
        """Trials that are to be run or to go on."""
        return self.n - self.finished - self.failed


def forecast(
    planned: Planned,
    ids: Sequence[str],
    *,
    retry_failed: bool = False,
    pilot: bool = False,
    device: torch.device | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Cell]:
    """Return what is there and what is left, by form, density and method.

    Parameters
    ----------
    planned : Planned
    ids : sequence of str
        Trials that are wanted.
    retry_failed : bool
        Whether those that failed by themselves are tried again.
    pilot : bool
        Whether to time some steps and count an annotation where no trial of the kind is finished.
    device : torch.device, or None
        Of the pilot.
    tell : callable
        Told what the pilot is at.
    """
    table = finished_trials(planned.store)
    trials = planned.plan.trials
    estimates = Estimates.of(latest(table), trials)
    states = states_of(planned.store, ids, finished=set(table.index.tolist()))
    known = table["annotation_s"].dropna()
    costs = {
        _annotation(trials[trial_id]): float(cost)
        for trial_id, cost in zip(known.index.tolist(), known.tolist(), strict=True)
        if trial_id in trials
    }
    cells: dict[tuple[str, float | None, str], list[str]] = {}
    for trial_id in ids:
        config = trials[trial_id]
        cells.setdefault((config.form, config.density, config.arm()), []).append(trial_id)
    found = []
    for (form, density, method), members in cells.items():
        example = trials[members[0]]
        if pilot:
            _pilot(planned.data.get([example]), example, estimates, costs, device, tell)
        seen = [states[trial_id] for trial_id in members]
        failed = [not retry_failed and _has_failed_by_itself(state) for state in seen]
        left = [state for state, out in zip(seen, failed, strict=True) if not out]
        cell = Cell(
            form,
            density,
            method,
            n=len(members),
            finished=sum(state.name == "finished" for state in seen),
            failed=sum(failed),
            shares_left=sum(share_left(state) for state in left if state.name != "finished"),
            seconds=estimates.seconds(example),
            annotation_s=costs.get(_annotation(example)),
        )
        found.append(cell)
    return found


def _has_failed_by_itself(state: State) -> bool:
    return state.status is not None and state.status.fault == "trial"


def _annotation(config: TrialConfig) -> Hashable:
    """Return what decides the cost of an annotation, but for the seed."""
    key: Hashable = operator.attrgetter(*ANNOTATION_KEYS)(config)
    return key


def _pilot(
    data: TrialData,
    config: TrialConfig,
    estimates: Estimates,
    costs: dict[Hashable, float],
    device: torch.device | None,
    tell: Callable[[str], None],
) -> None:
    """Measure what is not known about a kind of trials."""
    unknown_time = estimates.seconds(config) is None
    if not unknown_time and _annotation(config) in costs:
        return
    tell(f"pilot: {config.label()}")
    start = time.monotonic()
    targets, effort = annotate_training(config, data)
    annotate_s = time.monotonic() - start
    if math.isfinite(effort.seconds):
        costs[_annotation(config)] = effort.seconds
    if not unknown_time:
        return
    assert config.objective is not None
    chosen = device or torch.device("cpu")
    run = Run(
        training_data(data.training, targets, config, data.labels),
        config.objective,
        config.training,
        seed=config.seed,
        device=chosen,
    )
    warm_up = min(WARM_UP, config.training.steps - 1)
    for _ in range(warm_up):
        run.advance()
    step_s = _timed(run.advance, chosen, min(TIMED, config.training.steps - warm_up))

    def predict() -> None:
        n_classes = data.labels.n_classes
        first = data.scored[0]
        predict_case(run.network, first, config.training, n_classes=n_classes, device=chosen)

    predict_s = _timed(predict, chosen, 1)
    estimates.add(
        config, annotate_s + config.training.steps * step_s + len(data.scored) * predict_s
    )


def _timed(work: Callable[[], object], device: torch.device, n: int) -> float:
    """Return the seconds of one of `n` repetitions."""
    start = time.monotonic()
    for _ in range(n):
        work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return (time.monotonic() - start) / n


def total_left_s(cells: Sequence[Cell]) -> float | None:
    """Return the seconds of work that are left; None if those of a cell are not known."""
    left = [cell.left_s for cell in cells]
    return None if None in left else sum(seconds for seconds in left if seconds is not None)


def total_annotation_s(cells: Sequence[Cell]) -> float | None:
    """Return what annotating the training set once in each form and density costs.

    Methods share an annotation. None if the cost of one is not known.
    """
    costs = {(cell.form, cell.density): cell.annotation_s for cell in cells}
    known = [cost for cost in costs.values() if cost is not None]
    return sum(known) if len(known) == len(costs) else None
