"""Tasks of a command that is dead, followed by the next one, with the SLURM of a test."""

import json

import fake_slurm
import pytest
from fake_slurm import Run, begin_elsewhere

from scribblebench.sweep.attempts import Owner


@pytest.fixture
def slurm(monkeypatch):
    return fake_slurm.install(monkeypatch)


@pytest.fixture
def heir(tiny, write_protocol, tmp_path, slurm):
    """Return a function that lets the command of a run die and the same command begin."""

    def make(dead, *, on="this machine"):
        path = dead.folder / "executor.json"
        owner = json.loads(path.read_text())
        if on == "this machine":
            owner["birth"] = "long ago"
        else:
            owner["machine"] = on
        path.write_text(json.dumps(owner))
        return Run(write_protocol(tiny), tmp_path / "out")

    return make


@pytest.fixture
def dead(tiny, write_protocol, tmp_path, slurm):
    """A run whose first task is at a trial on another machine, two others at nothing yet."""
    run = Run(write_protocol(tiny), tmp_path / "out")
    run.round()
    slurm.all_become("RUNNING")
    run.tell(0, event="awake")
    begin_elsewhere(run, run.job.order.trials[0])
    return run


def silence(run):
    """Let the lease of all heartbeats end that stand still."""
    run.fleet._outcomes._watch._lease_s = 0.0


def test_a_followed_task_keeps_its_trial_as_long_as_its_heart_beats(dead, heir, slurm):
    run = heir(dead)
    run.round()
    run.round()
    assert len(slurm.states) == 3
    assert slurm.cancelled_tasks == []


def test_a_followed_task_whose_heartbeat_stops_is_replaced(dead, heir, slurm):
    """It had told what it is at before it was followed."""
    run = heir(dead)
    run.round()
    silence(run)
    run.round()
    assert len(slurm.states) == 4
    trial_id = run.job.order.trials[0]
    assert (run.folder / "array-0.txt").read_text() == f"0 {trial_id}\n"
    reason = "worker 0 is gone (no heartbeat); the trial is tried again"
    assert run.watcher.events == [("put back", trial_id, reason)]


def test_a_followed_task_that_slurm_started_anew_is_not_judged_by_its_last_trial(dead, heir, slurm):
    """It reads the data again; the line that the kill cut short hides nothing."""
    with (dead.folder / "worker-0.out").open("a") as file:
        file.write('{"event": "step", "trial_id')
        file.write('\n{"event": "awake"}\n')
    run = heir(dead)
    run.round()
    silence(run)
    run.round()
    assert len(slurm.states) == 3


def test_a_task_is_silent_though_another_sweep_has_taken_its_trial_over(dead, slurm):
    """Its other trials would wait for SLURM's time limit."""
    first = dead.job.order.trials[0]
    dead.round()
    dead.round()
    attempts = dead.job.store.attempts(first)
    attempts.claim(Owner.this_process("another", 0), attempts.last())
    silence(dead)
    dead.round()
    assert slurm.cancelled_tasks == [("1", 0)]
    assert len(slurm.states) == 3  # nothing else was its


def test_a_silent_task_that_others_watch_is_replaced_and_left_to_them(dead, heir, slurm):
    run = heir(dead, on="another machine")
    run.round()
    silence(run)
    run.round()
    assert len(slurm.states) == 4
    assert slurm.cancelled_tasks == []


@pytest.mark.parametrize("is_followed", [False, True])
def test_of_an_array_only_the_silent_task_is_cancelled(dead, heir, slurm, is_followed):
    """It would hold its nodes, and its place among the tasks at a time."""
    run = heir(dead) if is_followed else dead
    run.round()
    silence(run)
    run.round()
    run.round()
    assert slurm.cancelled_tasks == [("1", 0)]
    assert slurm.cancelled == []
