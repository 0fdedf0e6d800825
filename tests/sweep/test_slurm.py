"""Sweeps on a real SLURM of one node; how its answers are read needs none."""

import signal
import sys

import pytest
import slurm_node
from commands import TOY, check_whole, kill, owners, results, running, start_sweep, wait_for
from slurm_sweeps import LONG, Background, in_queue, n_attempts, slurm, trains
from sweeping import sweep

from scribblebench.errors import InputError
from scribblebench.sweep.executors import slurm_commands
from scribblebench.sweep.executors.slurm import Slurm
from scribblebench.sweep.store import Store

pytestmark = pytest.mark.slow

MAX_ARRAY = 5


@pytest.fixture(scope="module", autouse=True)
def node():
    if reason := slurm_node.missing():
        pytest.skip(reason)
    with slurm_node.node(max_array=MAX_ARRAY) as folder:
        yield folder


@pytest.fixture
def twelve(write_protocol):
    return write_protocol(TOY | {"seeds": list(range(6))})


@pytest.fixture
def long(write_protocol):
    return write_protocol(LONG)


def test_arrays_are_split_and_everything_is_run_once(twelve, tmp_path):
    """Six tasks of two trials, in a folder whose name asks for quotes."""
    output = tmp_path / "100% of Ann's"
    executor = Slurm(["time=30", "comment=toy"], trials_per_job=2, limit=2, poll_s=1.0)
    summary, events = sweep(twelve, output, executor=executor)
    assert (summary.finished, summary.failed, summary.left) == (12, 0, 0)
    assert sorted(e[0] for e in events[1:]) == ["finish"] * 12 + ["start"] * 12
    check_whole(output, 12)
    assert set(n_attempts(output).values()) == {1}
    lists = sorted(output.glob("runs/*/array-*.txt"))
    assert [len(path.read_text().splitlines()) for path in lists] == [MAX_ARRAY, 1]
    assert len(set(owners(output).values())) == 6
    wait_for(lambda: not in_queue(), timeout_s=20)


def test_tasks_that_are_killed_or_cancelled_are_replaced(twelve, tmp_path):
    """A worker gets kill -9, then all tasks are cancelled, those that wait too."""
    output = tmp_path / "out"
    process = Background(twelve, output, trials_per_job=2)
    lost, pid = next(iter(wait_for(lambda: running(output), process).items()))
    assert kill(pid)
    wait_for(lambda: len(results(output)) >= 3, process)
    wait_for(lambda: running(output), process)
    before = results(output)
    slurm("scancel", "--user=root")
    summary, events = process.communicate()
    assert (summary.finished, summary.failed, summary.left) == (12, 0, 0)
    assert before.items() <= results(output).items()
    check_whole(output, 12)
    attempts = n_attempts(output)
    assert attempts[lost.parent.parent.name] == 2
    assert sum(attempts.values()) <= 12 + 1 + 2  # a worker killed, two cancelled
    assert any("the trial is tried again" in str(event[-1]) for event in events)
    assert [e[0] for e in events].count("finish") == 12
    wait_for(lambda: not in_queue(), timeout_s=20)


def test_a_sweep_that_is_stopped_leaves_nothing_in_the_queue(twelve, tmp_path, long):
    output = tmp_path / "out"
    process = Background(long, output, limit=1)
    folder = next(iter(wait_for(lambda: running(output), process)))
    wait_for(lambda: trains(folder), process)
    assert {entry.state for entry in in_queue()} == {"RUNNING", "PENDING"}
    process.stop.ask("interrupted")
    summary, _ = process.communicate()
    assert (summary.left, summary.stopped) == (2, "interrupted")
    wait_for(lambda: not in_queue(), timeout_s=20)
    attempt = Store(output).attempts(folder.parent.parent.name).last()
    assert attempt.status().error.endswith("interrupted")


def test_the_next_command_follows_the_jobs_of_one_that_was_killed(write_protocol, tmp_path):
    """What runs goes on to its end; what waits is submitted anew; nothing is done twice."""
    six = write_protocol(TOY | {"training": TOY["training"] | {"steps": 400}})
    output = tmp_path / "out"
    command = (six, output, "--executor", "slurm", "--trials-per-job", "2")
    process = start_sweep(*command, workers=1)
    wait_for(lambda: running(output) and len(in_queue()) == 3, process)
    process.kill()
    process.communicate()
    before = len(results(output))
    process = start_sweep(*command, workers=1)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert err.count("Dice") == 6 - before
    check_whole(output, 6)
    assert set(n_attempts(output).values()) == {1}
    assert [len(list(run.glob("worker-*.out"))) for run in sorted(output.glob("runs/*"))] == [1, 2]
    wait_for(lambda: not in_queue(), timeout_s=20)


def test_a_trial_whose_tasks_are_killed_again_and_again_is_given_up(long, tmp_path):
    output = tmp_path / "out"
    process = Background(long, output)
    while process.poll() is None:
        for pid in running(output).values():
            kill(pid)
    summary, events = process.communicate()
    assert (summary.finished, summary.failed, summary.left) == (0, 2, 0)
    assert set(n_attempts(output).values()) == {3}
    failed = [event[-1] for event in events if event[0] == "fail"]
    assert failed == ["its process was killed, 3 times in this run"] * 2


def test_an_interrupt_at_the_terminal_saves_the_state(long, tmp_path):
    output = tmp_path / "out"
    process = start_sweep(long, output, "--executor", "slurm")
    folder = next(iter(wait_for(lambda: running(output), process)))
    wait_for(lambda: trains(folder), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "the same command goes on with 2 trials" in err
    wait_for(lambda: not in_queue(), timeout_s=20)


def test_tasks_that_never_begin_are_an_error(twelve, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(InputError, match=r"end before they begin a trial \(FAILED\): see .*\.log"):
        Background(twelve, tmp_path / "out").communicate()
    wait_for(lambda: not in_queue(), timeout_s=20)


def test_what_slurm_refuses_is_said_in_its_words(twelve, tmp_path):
    executor = Slurm(["partition=nowhere"])
    with pytest.raises(InputError, match=r"^sbatch: .*Invalid partition name specified$"):
        sweep(twelve, tmp_path / "out", executor=executor)


def test_without_a_controller_there_is_no_sweep(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "none.conf"))
    monkeypatch.setattr(slurm_commands, "TIMEOUT_S", 3.0)
    with pytest.raises(InputError, match=r"^--executor slurm: "):
        Slurm()
