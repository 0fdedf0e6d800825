"""Claims on trials, and who is still alive."""

import errno
import multiprocessing
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from scribblebench.io.atomic import WriteError
from scribblebench.sweep.attempts import LEASE_S, Attempts, Owner, Watch, heartbeat_line
from scribblebench.sweep.heartbeat import Heartbeat
from scribblebench.sweep.processes import process_birth, this_machine

ME = Owner.this_process("run", 0)
ELSEWHERE = replace(ME, host="other", machine="other")


@pytest.fixture
def attempts(tmp_path):
    return Attempts(tmp_path / "trial")


def test_attempts_are_counted_from_1_and_each_number_is_given_once(attempts):
    assert attempts.last() is None
    first = attempts.claim(ME, None)
    assert (first.number, first.owner(), first.status()) == (1, ME, None)
    assert attempts.claim(replace(ME, worker=1), None) is None
    second = attempts.claim(replace(ME, worker=1), first)
    assert [a.number for a in attempts.all()] == [1, 2]
    assert attempts.last().owner().worker == 1 == second.number - 1


def _claim(folder, worker, barrier, results):
    owner = Owner.this_process("run", worker)
    barrier.wait()
    results.put((worker, Attempts(folder).claim(owner, None) is not None))


def test_of_processes_that_claim_at_once_one_wins(tmp_path):
    """Twelve rounds of six."""
    context = multiprocessing.get_context("fork")
    for round_ in range(12):
        barrier, results = context.Barrier(6), context.Queue()
        folder = tmp_path / str(round_)
        claimants = [
            context.Process(target=_claim, args=(folder, k, barrier, results)) for k in range(6)
        ]
        for process in claimants:
            process.start()
        answers = dict(results.get(timeout=30) for _ in claimants)
        for process in claimants:
            process.join()
        (winner,) = [worker for worker, won in answers.items() if won]
        assert Attempts(folder).last().owner().worker == winner
        assert [p.name for p in (folder / "attempts").iterdir()] == ["1"]


def test_a_folder_that_cannot_be_written_is_told_from_a_lost_race(tmp_path):
    (tmp_path / "trial").write_text("a file where a folder belongs")
    with pytest.raises(WriteError, match=r"attempts/1: cannot be written"):
        Attempts(tmp_path / "trial").claim(ME, None)


def test_how_an_attempt_ended_is_read_back(attempts):
    attempt = attempts.claim(ME, None)
    attempt.end("failed", fault="trial", error="ValueError: no", traceback="Trace")
    status = attempts.last().status()
    assert (status.state, status.fault, status.error) == ("failed", "trial", "ValueError: no")


@pytest.mark.parametrize("name", ["owner.json", "status.json"])
@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"other": 1}'])
def test_files_that_cannot_be_read_say_nothing(attempts, name, damage):
    attempt = attempts.claim(ME, None)
    attempt.end("finished")
    (attempt.folder / name).write_text(damage)
    assert (attempt.owner() is None, attempt.status() is None) == (
        name == "owner.json",
        name == "status.json",
    )


def test_a_file_that_was_replaced_while_it_was_read_is_read_again(attempts, monkeypatch):
    """As on network file systems, which then say ESTALE once."""
    attempt = attempts.claim(ME, None)
    read, failures = Path.read_text, [OSError(errno.ESTALE, "Stale file handle")]

    def stale(path, **options):
        if failures:
            raise failures.pop()
        return read(path, **options)

    monkeypatch.setattr(Path, "read_text", stale)
    assert attempt.owner() == ME
    assert not failures


def test_processes_of_this_machine_are_looked_up(attempts):
    """Alive while it runs, dead as soon as it is killed: nobody waits for a lease."""
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        owner = replace(ME, pid=sleeper.pid, birth=process_birth(sleeper.pid))
        attempt = attempts.claim(owner, None)
        assert Watch().is_alive(attempt)
    finally:
        sleeper.kill()
    deadline = time.monotonic() + 10
    while Watch().is_alive(attempt):  # killed, and not yet waited for
        assert time.monotonic() < deadline
        time.sleep(0.01)
    sleeper.wait()
    assert not Watch().is_alive(attempt)


def test_another_process_with_the_same_number_is_not_taken_for_the_owner(attempts):
    attempt = attempts.claim(replace(ME, birth="1"), None)
    assert not Watch().is_alive(attempt)


def test_attempts_elsewhere_are_alive_until_their_heartbeat_has_not_changed_for_the_lease(attempts):
    attempt = attempts.claim(ELSEWHERE, None)
    now = [0.0]
    watch = Watch(clock=lambda: now[0])
    assert watch.is_alive(attempt)
    now[0] = LEASE_S - 1
    assert watch.is_alive(attempt)
    (attempt.folder / "heartbeat").write_text(heartbeat_line(1, 0, 0))
    now[0] = LEASE_S + 1
    assert watch.is_alive(attempt)
    now[0] = 2 * LEASE_S + 2
    assert not watch.is_alive(attempt)


def test_times_of_files_mean_nothing_so_that_clocks_may_differ(attempts):
    attempt = attempts.claim(ELSEWHERE, None)
    now = [0.0]
    watch = Watch(clock=lambda: now[0])
    for stamp in (0, 2**33):  # 1970 and 2242
        os.utime(attempt.folder / "heartbeat", (stamp, stamp))
        assert watch.is_alive(attempt)
    now[0] = LEASE_S + 1
    os.utime(attempt.folder / "heartbeat")
    assert not watch.is_alive(attempt)


def test_heartbeats_go_on_while_the_block_runs_and_tell_the_steps(attempts):
    attempt = attempts.claim(ELSEWHERE, None)
    before = attempt.beat()
    with Heartbeat(attempt, every_s=0.01) as heart:
        heart.step(25, 900)
        deadline = time.monotonic() + 10
        while attempt.steps() != (25, 900):
            assert time.monotonic() < deadline
            time.sleep(0.005)
    after = attempt.beat()
    assert after != before
    assert len(after) == len(before)
    time.sleep(0.05)
    assert attempt.beat() == after


def test_a_heartbeat_that_cannot_be_written_is_told(attempts):
    attempt = attempts.claim(ELSEWHERE, None)
    (attempt.folder / "heartbeat").unlink()
    told = []
    with Heartbeat(attempt, every_s=0.01, patience_s=0.05, on_error=told.append):
        deadline = time.monotonic() + 10
        while not told:
            assert time.monotonic() < deadline
            time.sleep(0.005)
    assert "heartbeat: cannot be written" in told[0]


def test_this_machine_has_a_name_where_there_is_proc():
    assert this_machine().count("-") == 5
    assert process_birth(2**22 + 1) == ""
