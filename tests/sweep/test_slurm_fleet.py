"""What is made of SLURM's answers, with a SLURM that says what a test wants it to say."""

import json
import re
from dataclasses import replace

import pytest
from sweeping import Recorder, sweep

from scribblebench.errors import InputError
from scribblebench.io.atomic import WriteError
from scribblebench.sweep.attempts import Owner
from scribblebench.sweep.executors import slurm_commands, slurm_fleet
from scribblebench.sweep.executors.slurm_commands import Entry, SilentError
from scribblebench.sweep.executors.slurm_fleet import Fleet
from scribblebench.training.stop import Stop


class FakeSlurm:
    def __init__(self):
        self.states, self.cancelled, self.silent = {}, [], False
        self.n_jobs = 0

    def submit(self, *arguments):
        name, array = (
            next(a for a in arguments if a.startswith(key)).removeprefix(key)
            for key in ("--job-name=", "--array=")
        )
        self.n_jobs += 1
        for index in slurm_commands.parse_indices(array):
            self.states[str(self.n_jobs), index, name] = "PENDING"
        return str(self.n_jobs)

    def queue(self):
        if self.silent:
            raise SilentError("Unable to contact slurm controller")
        return [Entry(job_id, i, state, name) for (job_id, i, name), state in self.states.items()]

    def cancel(self, names, *, pending_only):
        self.cancelled += [(name, pending_only) for name in names]

    def accounted(self, tasks):
        return dict.fromkeys(tasks, "NODE_FAIL")

    def all_become(self, state):
        self.states = dict.fromkeys(self.states, state)


@pytest.fixture
def slurm(monkeypatch):
    fake = FakeSlurm()
    for name in ("submit", "queue", "cancel", "accounted"):
        monkeypatch.setattr(slurm_commands, name, getattr(fake, name))
    return fake


class Run:
    """A fleet for the three trials of the tiny protocol, one a task."""

    def __init__(self, path, output):
        self.watcher, self.stop = Recorder(), Stop()
        sweep(path, output, executor=self)
        self.watcher.labels = {i: i for i in self.job.order.trials}
        options = {"options": (), "trials_per_job": 1, "threads": 1, "limit": None}
        self.fleet = Fleet(self.job, self.watcher, self.stop, **options, max_array=100)
        self.folder = self.job.store.run_folder(self.job.order.run)

    def run(self, job, **_):
        self.job = job

    def round(self):
        self.fleet.ask_slurm()
        self.fleet.hear()
        if not self.stop.now():
            self.fleet.submit()

    def tell(self, worker, **event):
        with (self.folder / f"worker-{worker}.out").open("a") as file:
            file.write(json.dumps(event) + "\n")


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


def begin_elsewhere(run, trial_id):
    """Let the first task begin a trial, on a machine whose processes cannot be seen."""
    elsewhere = replace(Owner.this_process(run.job.order.run, 0), machine="another")
    attempt = run.job.store.attempts(trial_id).claim(elsewhere, None)
    run.tell(0, event="started", trial_id=trial_id)
    return attempt


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
