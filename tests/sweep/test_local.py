"""Sweeps with worker processes, some of which are killed."""

import os
import signal

import pandas as pd
import pytest
import torch
from commands import (
    TOY,
    alive,
    check_whole,
    kill,
    owners,
    results,
    running,
    start,
    start_sweep,
    wait_for,
)
from sweeping import sweep

from scribblebench.sweep.executors import InProcess, Local
from scribblebench.sweep.executors.local import Slot
from scribblebench.sweep.store import Store


@pytest.fixture
def toy(write_protocol):
    return write_protocol(TOY)


@pytest.fixture
def long(write_protocol):
    """Two trials that run until they are stopped."""
    content = TOY | {"densities": [0.1], "seeds": [0, 1]}
    content["training"] = TOY["training"] | {"steps": 100_000}
    return write_protocol(content)


def steps_saved(output):
    """Return the steps that all unfinished trials have made."""
    paths = output.glob("trials/*/checkpoint.pt")
    return sum(torch.load(path, weights_only=True)["step"] for path in paths)


def test_two_workers_give_what_one_gives_to_the_last_bit(toy, tmp_path):
    summary, events = sweep(toy, tmp_path / "two", executor=Local([Slot("cpu", 1)] * 2))
    assert (summary.finished, summary.failed, summary.left) == (6, 0, 0)
    assert sorted(e[0] for e in events[1:]) == ["finish"] * 6 + ["start"] * 6
    sweep(toy, tmp_path / "one", executor=InProcess(torch.device("cpu")))
    one, two = (check_whole(tmp_path / name, 6) for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two)
    workers = set(owners(tmp_path / "two").values())
    assert len(workers) == 2
    assert os.getpid() not in workers


def test_a_killed_worker_costs_an_attempt_and_nothing_else(toy, tmp_path):
    output = tmp_path / "out"
    process = start_sweep(toy, output)
    folder, pid = next(iter(wait_for(lambda: running(output), process).items()))
    assert kill(pid)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "died (signal 9); the trial is tried again" in err
    check_whole(output, 6)
    assert not (folder / "status.json").exists()
    assert len(Store(output).attempts(folder.parent.parent.name).all()) == 2


@pytest.mark.slow
def test_a_trial_whose_process_is_killed_again_and_again_is_given_up(long, tmp_path):
    """Both workers are killed whenever they begin a trial."""
    output = tmp_path / "out"
    process = start_sweep(long, output)
    while process.poll() is None:
        for pid in running(output).values():
            kill(pid)
    _, err = process.communicate()
    assert process.returncode == 1
    assert err.count("its process was killed, 3 times in this run") == 2
    assert [len(Store(output).attempts(p.name).all()) for p in output.glob("trials/*")] == [3, 3]


def test_workers_whose_sweep_is_killed_save_their_state_and_end(long, tmp_path):
    output = tmp_path / "out"
    process = start_sweep(long, output, workers=2)
    (folder, pid), *_ = wait_for(lambda: running(output), process).items()
    wait_for(lambda: "step" in (folder / "log.txt").read_text(), process)
    process.kill()
    process.communicate()
    wait_for(lambda: not alive(pid) or not running(output), timeout_s=60)
    attempt = Store(output).attempts(folder.parent.parent.name).last()
    assert attempt.status().state == "stopped"
    assert "asked to stop" in attempt.status().error
    assert (folder.parent.parent / "checkpoint.pt").is_file()


def test_an_interrupt_saves_the_state_and_the_next_sweep_goes_on_from_it(long, tmp_path):
    output = tmp_path / "out"
    process = start_sweep(long, output)
    folder = next(iter(wait_for(lambda: running(output), process)))
    wait_for(lambda: "step" in (folder / "log.txt").read_text(), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "saving the state of running trials" in err
    before = steps_saved(output)
    assert before >= 25
    process = start_sweep(long, output, "--stop-after", "0")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert steps_saved(output) > before


def test_two_sweeps_of_one_folder_share_the_work(toy, tmp_path):
    output = tmp_path / "out"
    both = [start_sweep(toy, output, workers=1) for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
    check_whole(output, 6)
    assert all(len(Store(output).attempts(i).all()) == 1 for i in results(output))
    assert len(set(owners(output).values())) == 2


def test_a_trial_begun_elsewhere_goes_on_from_the_folder_alone(toy, tmp_path):
    """The folder is moved, as to another machine, without what the run left."""
    output = tmp_path / "out"
    process = start_sweep(toy, output, "--stop-after", "0", workers=1)
    process.communicate(timeout=120)
    assert process.returncode == 3
    (checkpoint,) = output.glob("trials/*/checkpoint.pt")
    moved = tmp_path / "moved"
    output.rename(moved)
    for path in (moved / "runs").rglob("*"):
        if path.is_file():
            path.unlink()
    trial_id = checkpoint.parent.name
    process = start("run-trial", moved, trial_id[:6], workers=1)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "1 trial: 0 were finished, 1 finished now" in out
    assert set(results(moved)) == {trial_id}
    sweep(toy, tmp_path / "whole")
    one, other = (Store(f).read_rows(trial_id) for f in (moved, tmp_path / "whole"))
    pd.testing.assert_frame_equal(one, other)


def test_a_sweep_ends_after_so_many_failures(write_protocol, tmp_path):
    """A learning rate that makes the loss infinite."""
    content = TOY | {"training": TOY["training"] | {"learning_rate": 1e30, "clip_norm": 1e30}}
    process = start_sweep(write_protocol(content), tmp_path / "out", "--fail-fast", workers=1)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "0 finished now, 1 failed" in out
    assert "1 failed; the same command goes on with 5 trials" in err
    process = start("status", tmp_path / "out", "--failed", workers=1)
    out, _ = process.communicate(timeout=60)
    assert "6 trials: 1 failed, 5 to do" in out
    assert "FloatingPointError" in out


def test_data_that_are_others_than_planned_are_refused(toy, tmp_path, write_protocol):
    output = tmp_path / "out"
    process = start_sweep(toy, output, "--stop-after", "0", workers=1)
    process.communicate(timeout=120)
    plan = output / "plan.json"
    plan.write_text(plan.read_text().replace('"data_fingerprint": "', '"data_fingerprint": "x'))
    process = start("run-trial", output, workers=1)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "must hold the data that the sweep was planned with" in err
