"""What time limits, deadlines and silence do to sweeps on a real SLURM of one node."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
import slurm_node
from commands import running, wait_for
from slurm_sweeps import LONG, Background, in_queue, slurm, trains

from scribblebench.sweep.attempts import Watch
from scribblebench.sweep.executors import outcomes
from scribblebench.sweep.store import Store
from scribblebench.training.stop import Stop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def node():
    if reason := slurm_node.missing():
        pytest.skip(reason)
    with slurm_node.node() as folder:
        yield folder


@pytest.fixture
def long(write_protocol):
    return write_protocol(LONG)


def test_a_trial_that_is_told_of_the_end_of_its_time_goes_on_in_another_task(long, tmp_path):
    """The signal is sent by hand: a time limit has a minute at least."""
    output = tmp_path / "out"
    process = Background(long, output)
    folder = next(iter(wait_for(lambda: running(output), process)))
    wait_for(lambda: trains(folder), process)
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


def test_when_the_time_of_the_command_is_over_those_at_work_save_their_state(long, tmp_path):
    """They began before there was a deadline, so only the command can have told them."""
    output = tmp_path / "out"
    process = Background(long, output)
    folder = next(iter(wait_for(lambda: running(output), process)))
    wait_for(lambda: trains(folder), process)
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
    assert 50.0 < float(command[command.index("--stop-after") + 1]) <= 60.0
    process.stop.ask("enough")
    assert process.communicate()[0].stopped == "enough"
    wait_for(lambda: not in_queue(), timeout_s=20)


def test_a_task_that_hangs_is_cancelled_and_another_takes_its_place(long, tmp_path, monkeypatch):
    """Its process is halted, and said to be where nobody can look it up."""
    monkeypatch.setattr(outcomes, "Watch", lambda: Watch(lease_s=15.0))
    output = tmp_path / "out"
    process = Background(long, output, limit=1)
    folder, pid = next(iter(wait_for(lambda: running(output), process).items()))
    wait_for(lambda: trains(folder), process)
    os.kill(pid, signal.SIGSTOP)
    path = folder / "owner.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"machine": "another"}))
    (hanging,) = [(e.job_id, e.index) for e in in_queue() if e.state == "RUNNING"]
    # SLURM lets one task run at a time.
    wait_for(lambda: set(running(output)) - {folder}, process)
    assert hanging not in [(e.job_id, e.index) for e in in_queue() if e.state == "RUNNING"]
    process.stop.ask("enough")
    summary, events = process.communicate()
    assert (summary.finished, summary.failed, summary.left) == (0, 0, 2)
    assert any("is gone (no heartbeat)" in str(event[-1]) for event in events)
    wait_for(lambda: not in_queue(), timeout_s=20)
