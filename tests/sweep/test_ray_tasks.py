"""What is made of tasks that end well, badly or not at all; Ray is played by a few lines."""

import sys
import types
from pathlib import Path

import pytest
from commands import TOY, results
from sweeping import sweep

from scribblebench.errors import InputError
from scribblebench.io.atomic import WriteError
from scribblebench.sweep.attempts import LEASE_S, Owner, Watch
from scribblebench.sweep.executors import ray_traces
from scribblebench.sweep.executors.ray_tasks import Tasks
from scribblebench.sweep.executors.ray_worker import run_trial
from scribblebench.sweep.processes import this_machine
from scribblebench.sweep.store import Store
from scribblebench.sweep.worker import MAX_TRIES
from scribblebench.training.stop import Stop

DEAD = {"host": "here", "machine": this_machine(), "pid": 2**30, "birth": "1"}
ELSEWHERE = DEAD | {"machine": "elsewhere"}


class RayError(Exception):
    pass


class NodeDiedError(RayError):
    pass


class WorkerCrashedError(RayError):
    pass


class TaskCancelledError(RayError):
    pass


class RayTaskError(RayError):
    pass


ERRORS = (RayError, NodeDiedError, WorkerCrashedError, TaskCancelledError, RayTaskError)


class Stage:
    """Plays Ray, and is an executor: each task runs here when it is waited for.

    Parameters
    ----------
    act : callable, or None
        Takes the arguments of a task before it runs, and may raise or return events instead.
    """

    def __init__(self, act=None, places=2):
        self._act, self._places, self._now = act, places, 0.0
        self._waiting, self.most, self.n_given = {}, 0, 0
        self.exceptions = types.SimpleNamespace(**{error.__name__: error for error in ERRORS})

    def remote(self, *arguments, **options):
        self.n_given += 1
        self._waiting[self.n_given] = (arguments, options)
        self.most = max(self.most, len(self._waiting))
        return self.n_given

    def wait(self, references, *, num_returns, timeout):
        return references[:1], references[1:]

    def get(self, reference):
        arguments, options = self._waiting.pop(reference)
        acted = self._act(*arguments, **options) if self._act else None
        return acted or run_trial(*arguments, threads=1, on_gpu=False, **options)

    def cancel(self, reference, *, force):
        def cancelled(*arguments, **options):
            raise TaskCancelledError

        self._act = cancelled

    def limit(self):
        return self._places

    def run(self, job, *, watcher, stop):
        tasks = Tasks(job, watcher, stop, remote=self.remote, places=self)
        tasks._watch = Watch(clock=self.clock)
        tasks.work()
        tasks.complain()

    def clock(self):
        """Stand still as long as there is a task."""
        self._now += 0.0 if self._waiting else LEASE_S
        return self._now


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(ray_traces, "EVERY_S", 0.05)


@pytest.fixture
def play(write_protocol, tmp_path, monkeypatch):
    """Return a function that runs six short trials, and gives the summary and the events."""
    path = write_protocol(TOY | {"training": TOY["training"] | {"steps": 1}})

    def run(stage, **options):
        monkeypatch.setitem(sys.modules, "ray", stage)
        return sweep(path, tmp_path / "out", executor=stage, **options)

    return run


def losing(times, error=WorkerCrashedError, about=DEAD):
    """Return an act that loses the first tasks of the first trial, after they have begun."""
    first = []

    def act(folder, run, trial_id, *, number, stop_after_s):
        first.append(trial_id)
        if trial_id == first[0] and first.count(trial_id) <= times:
            attempts = Store(Path(folder)).attempts(trial_id)
            assert attempts.claim(Owner(run=run, worker=number, **about), attempts.last())
            raise error

    return act


def test_no_more_tasks_are_given_than_there_may_be(play):
    stage = Stage(places=2)
    summary, events = play(stage)
    assert (summary.finished, stage.most, stage.n_given) == (6, 2, 6)
    assert [name for name, *_ in events[1:]] == ["start", "finish"] * 6


@pytest.mark.parametrize("about", [DEAD, ELSEWHERE], ids=["here", "elsewhere"])
def test_a_lost_trial_is_tried_again_once_its_process_is_known_to_be_dead(play, tmp_path, about):
    """Elsewhere that takes as long as its heartbeat may be silent; the others go on meanwhile."""
    stage = Stage(losing(1, NodeDiedError, about))
    summary, events = play(stage)
    assert (summary.finished, summary.failed, stage.n_given) == (6, 0, 7)
    (back,) = [event for event in events if event[0] == "put back"]
    assert back[2] == "its Ray worker was lost (NodeDiedError); the trial is tried again"
    assert about is DEAD or events[-1] == ("finish", back[1])
    attempts = [Store(tmp_path / "out").attempts(i).all() for i in results(tmp_path / "out")]
    assert sorted(len(a) for a in attempts) == [1, 1, 1, 1, 1, 2]
    (first, _) = max(attempts, key=len)
    assert first.status().fault == "infrastructure"
    assert first.status().error == "its Ray worker was lost (NodeDiedError)"


def test_a_trial_that_is_lost_again_and_again_is_given_up_and_told_once(play):
    stage = Stage(losing(MAX_TRIES))
    summary, events = play(stage)
    assert (summary.finished, summary.failed, stage.n_given) == (5, 1, 5 + MAX_TRIES + 1)
    names = [name for name, *_ in events]
    assert names.count("start") - 5 == names.count("put back") == MAX_TRIES
    assert [event[2] for event in events if event[0] == "fail"] == [
        "its Ray worker was lost (WorkerCrashedError)"
    ]


def test_when_no_task_ever_begins_its_trial_the_sweep_ends_with_the_reason(play):
    def act(*arguments, **options):
        raise WorkerCrashedError("no such library")

    with pytest.raises(InputError, match=r"before their trials begin \(no such library\)"):
        play(Stage(act))


def test_a_folder_that_cannot_be_written_ends_the_sweep(play):
    def act(*arguments, **options):
        return [{"event": "broken", "error": "x: cannot be written", "is_input": False}]

    with pytest.raises(WriteError, match="x: cannot be written"):
        play(Stage(act))


def test_an_error_of_the_program_is_raised_as_it_is(play):
    def act(*arguments, **options):
        raise RayTaskError("a bug")

    with pytest.raises(RayTaskError, match="a bug"):
        play(Stage(act))


def test_trials_that_somebody_else_has_finished_or_failed_are_told_and_not_repeated(play):
    """Another sweep finishes a trial while the task for it waits."""

    def act(folder, run, trial_id, *, number, stop_after_s):
        if number == 1:
            run_trial(folder, run, trial_id, number=99, threads=1, on_gpu=False, stop_after_s=None)

    stage = Stage(act)
    summary, events = play(stage)
    assert (summary.finished, stage.n_given) == (6, 6)
    assert sum(name == "finish" for name, *_ in events) == 6


def test_out_of_time_each_run_still_gets_on(play, tmp_path):
    """The deadline has passed: the tasks that are with Ray make a step, or save their state."""
    summary, events = play(Stage(), stop=Stop(0.0))
    assert summary.stopped == "out of time"
    assert summary.left == 6 - summary.finished
    assert 1 <= sum(name == "start" for name, *_ in events) <= 2
    assert len(list((tmp_path / "out").glob("runs/*/stop"))) <= 1
