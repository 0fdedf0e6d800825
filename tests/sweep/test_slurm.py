"""Sweeps on a real SLURM of one node; how its answers are read needs none."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import slurm_node
from commands import TOY, check_whole, kill, owners, results, running, start_sweep, wait_for
from sweeping import sweep

from scribblebench.errors import InputError
from scribblebench.sweep.executors import slurm_commands
from scribblebench.sweep.executors.slurm import Slurm
from scribblebench.sweep.executors.slurm_commands import queue
from scribblebench.sweep.store import Store
from scribblebench.training.stop import Stop

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
    """Two trials that run until they are stopped."""
    content = TOY | {"densities": [0.1], "seeds": [0, 1]}
    content["training"] = TOY["training"] | {"steps": 100_000}
    return write_protocol(content)


class Background:
    """A sweep in a thread of this process."""

    def __init__(self, path, output, *, stop=None, **options):
        self.output, self.stop = output, stop or Stop()
        self.executor = Slurm(["time=30"], poll_s=1.0, **options)
        self._ended = None
        self._thread = threading.Thread(target=self._run, args=(path,), daemon=True)
        self._thread.start()

    def _run(self, path):
        try:
            self._ended = sweep(path, self.output, executor=self.executor, stop=self.stop)
        except Exception as error:
            self._ended = error

    def poll(self):
        return None if self._thread.is_alive() else 0

    def communicate(self):
        self._thread.join(timeout=300)
        assert not self._thread.is_alive(), "waited for too long"
        if isinstance(self._ended, Exception):
            raise self._ended
        return self._ended


def n_attempts(output):
    """Return how many attempts each trial has."""
    store = Store(output)
    return {p.name: len(store.attempts(p.name).all()) for p in output.glob("trials/*")}


def in_queue():
    return [entry for entry in queue() if not entry.has_ended]


def slurm(*command):
    subprocess.run(command, check=True, timeout=30, capture_output=True)


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


def test_a_trial_that_is_told_of_the_end_of_its_time_goes_on_in_another_task(long, tmp_path):
    """The signal is sent by hand: a time limit has a minute at least."""
    output = tmp_path / "out"
    process = Background(long, output)
    folder = next(iter(wait_for(lambda: running(output), process)))
    wait_for(lambda: "step" in (folder / "log.txt").read_text(), process)
    slurm("scancel", "--batch", "--signal=TERM", "--user=root")
    again = folder.with_name("2")
    wait_for(lambda: again in running(output), process)
    assert Store(output).attempts(folder.parent.parent.name).all()[0].status().state == "stopped"
    assert (folder.parent.parent / "checkpoint.pt").is_file()
    process.stop.ask("enough")
    summary, _ = process.communicate()
    assert (summary.finished, summary.failed, summary.left) == (0, 0, 2)
    wait_for(lambda: not in_queue(), timeout_s=20)
    assert not running(output)


def test_a_sweep_that_is_stopped_leaves_nothing_in_the_queue(twelve, tmp_path, long):
    output = tmp_path / "out"
    process = Background(long, output, limit=1)
    folder = next(iter(wait_for(lambda: running(output), process)))
    wait_for(lambda: "step" in (folder / "log.txt").read_text(), process)
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


def test_when_the_time_of_the_command_is_over_those_at_work_save_their_state(long, tmp_path):
    """They began before there was a deadline, so only the command can have told them."""
    output = tmp_path / "out"
    process = Background(long, output)
    folder = next(iter(wait_for(lambda: running(output), process)))
    wait_for(lambda: "step" in (folder / "log.txt").read_text(), process)
    process.stop.deadline = time.monotonic()
    summary, _ = process.communicate()
    assert (summary.left, summary.stopped) == (2, "out of time")
    attempt = Store(output).attempts(folder.parent.parent.name).last()
    assert attempt.status().error.endswith("out of time")
    wait_for(lambda: not in_queue(), timeout_s=20)


def test_a_task_knows_when_the_run_has_to_end(long, tmp_path):
    output = tmp_path / "out"
    process = Background(long, output, stop=Stop(time.monotonic() + 3600.0))
    pid = next(iter(wait_for(lambda: running(output), process).values()))
    command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    assert 50.0 < float(command[command.index("--stop-after") + 1]) < 60.0
    process.stop.ask("enough")
    assert process.communicate()[0].stopped == "enough"
    wait_for(lambda: not in_queue(), timeout_s=20)


def test_an_interrupt_at_the_terminal_saves_the_state(long, tmp_path):
    output = tmp_path / "out"
    process = start_sweep(long, output, "--executor", "slurm")
    folder = next(iter(wait_for(lambda: running(output), process)))
    wait_for(lambda: "step" in (folder / "log.txt").read_text(), process)
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
