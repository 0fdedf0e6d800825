"""What is made of SLURM's answers, with a SLURM that says what a test wants it to say."""

import re

import fake_slurm
import pytest
from fake_slurm import Run, begin_elsewhere

from scribblebench.errors import InputError
from scribblebench.io.atomic import WriteError
from scribblebench.sweep.attempts import Owner
from scribblebench.sweep.executors import slurm_fleet


@pytest.fixture
def slurm(monkeypatch):
    return fake_slurm.install(monkeypatch)


@pytest.fixture
def run(tiny, write_protocol, tmp_path, slurm):
    return Run(write_protocol(tiny), tmp_path / "out")


def test_where_nothing_ever_begins_three_tasks_are_enough(run, slurm):
    run.round()
    assert len(slurm.states) == 3
    slurm.all_become("FAILED")
    run.round()
    assert run.stop.now()
    assert not run.fleet.is_at_work()
    with pytest.raises(InputError, match=r"begin a trial \(FAILED\): see .*array-0.log"):
        run.fleet.close()


def test_where_others_begin_a_trial_may_lose_three_tasks(run, slurm):
    """Say, on one node that breaks everything it gets."""
    first, *_ = run.job.order.trials
    run.round()
    slurm.all_become("RUNNING")
    run.tell(1, event="started", trial_id=run.job.order.trials[1])
    run.round()
    for n_dead in range(1, 5):
        assert not run.stop.now()
        (last, *_), n = max((key, int(key[0])) for key in slurm.states if key[1] == 0)
        assert n == n_dead
        slurm.states = {k: "FAILED" if k[:2] == (last, 0) else s for k, s in slurm.states.items()}
        run.round()
    assert re.match(r"tasks end before they begin", run.stop.reason)
    assert run.watcher.events == [("start", run.job.order.trials[1])]
    assert first not in [event[1] for event in run.watcher.events]


def test_a_node_without_the_data_does_not_end_the_sweep_but_a_full_disk_does(run, slurm):
    run.round()
    slurm.all_become("RUNNING")
    run.round()
    run.tell(0, event="broken", error="data/x: no such folder", is_input=True)
    run.round()
    assert not run.stop.now()
    run.tell(1, event="broken", error="out: cannot be written (No space left)", is_input=False)
    run.round()
    with pytest.raises(WriteError, match="No space left"):
        run.fleet.close()


def test_what_a_lost_node_ran_is_submitted_again_under_another_number(run, slurm):
    trial_id = run.job.order.trials[0]
    run.round()
    slurm.all_become("RUNNING")
    run.round()
    attempt = begin_elsewhere(run, trial_id)
    run.round()
    slurm.states = {key: state for key, state in slurm.states.items() if key[1] != 0}
    run.round()
    assert len(slurm.states) == 2  # its heartbeat may still come
    run.fleet._outcomes._watch._lease_s = 0.0
    run.round()
    assert len(slurm.states) == 3
    assert (run.folder / "array-1.txt").read_text() == f"3 {trial_id}\n"
    put_back = ("put back", trial_id, "worker 0 is gone (NODE_FAIL); the trial is tried again")
    assert run.watcher.events[-1] == put_back
    assert attempt.status() is None


def test_a_task_whose_heartbeat_stops_is_replaced_though_slurm_says_it_runs(run, slurm):
    trial_id = run.job.order.trials[0]
    run.round()
    slurm.all_become("RUNNING")
    begin_elsewhere(run, trial_id)
    run.round()
    run.round()
    assert len(slurm.states) == 3
    run.fleet._outcomes._watch._lease_s = 0.0
    run.round()
    assert len(slurm.states) == 4
    assert run.watcher.events[-1][-1].startswith("worker 0 is gone (no heartbeat)")


def test_a_task_that_slurm_puts_back_keeps_its_trials(run, slurm):
    """Though their heartbeat stands still until it runs again."""
    trial_id = run.job.order.trials[0]
    run.round()
    slurm.all_become("RUNNING")
    begin_elsewhere(run, trial_id)
    run.round()
    for state in ("PENDING", "RUNNING"):
        slurm.all_become(state)
        run.round()
        run.fleet._outcomes._watch._lease_s = 0.0
    run.round()
    assert len(slurm.states) == 3
    assert run.watcher.events[-1] == ("put back", trial_id, "SLURM has put its task back")


def test_what_others_finish_or_fail_is_not_submitted(run, slurm):
    first, second, third = run.job.order.trials
    attempts = run.job.store.attempts(first)
    failed = attempts.claim(Owner.this_process("earlier", 0), None)
    failed.end("failed", fault="trial", error="no good")
    lost = run.job.store.attempts(second).claim(Owner.this_process("earlier", 1), None)
    run.round()
    assert (run.folder / "array-0.txt").read_text() == f"0 {third}\n"
    lost.end("failed", fault="infrastructure", error="out of memory")
    run.round()
    assert (run.folder / "array-1.txt").read_text() == f"1 {second}\n"
    assert run.watcher.events == []


def test_a_slurm_that_is_silent_for_too_long_is_an_error_that_leaves_the_jobs(
    run, slurm, monkeypatch
):
    run.round()
    slurm.silent = True
    run.round()
    monkeypatch.setattr(slurm_fleet, "PATIENCE_S", 0.0)
    with pytest.raises(InputError, match=r"has not answered .* the same command follows them"):
        run.round()
    assert slurm.cancelled == []


def test_tasks_are_told_what_is_left_as_long_as_the_command_lives(run, monkeypatch):
    """In minutes from their start; no clock of another machine matters."""
    now = 5000.0
    monkeypatch.setattr(slurm_fleet.time, "monotonic", lambda: now)
    monkeypatch.setattr(slurm_fleet.time, "time", lambda: -1e9)
    run.round()
    assert not (run.folder / "left").exists()
    run.stop.deadline = now + 600.0
    run.round()
    assert (run.folder / "left").read_text() == "10.00\n"
    now += 450.0
    run.round()
    assert (run.folder / "left").read_text() == "2.50\n"
    assert "date" not in (run.folder / "job.sh").read_text()


def test_the_command_ends_those_at_work_when_its_time_is_over(run, slurm):
    run.round()
    slurm.all_become("RUNNING")
    run.round()
    run.stop.deadline = 0.0
    assert run.fleet.is_at_work()
    run.fleet.dismiss()
    assert run.job.read_stop() == "out of time"


def test_a_stop_cancels_what_waits_and_later_what_runs(run, slurm, monkeypatch):
    run.round()
    run.stop.ask("enough")
    run.fleet.dismiss()
    assert run.job.read_stop() == "enough"
    (name,) = {key[2] for key in slurm.states}
    assert slurm.cancelled == [(name, True)]
    run.fleet.dismiss()
    assert len(slurm.cancelled) == 1
    monkeypatch.setattr(run.fleet, "_cancel_all", 0.0)
    monkeypatch.setattr(run.fleet, "_cancel_next", 0.0)
    run.fleet.dismiss()
    assert slurm.cancelled[1:] == [(name, False)]
    slurm.all_become("CANCELLED")
    run.round()
    assert not run.fleet.is_at_work()
