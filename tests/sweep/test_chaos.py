"""Sweeps on bad days: killed at random, on a full disk, read-only half-way, clocks set back."""

import contextlib
import os
import random
import subprocess
import time

import pandas as pd
import pytest
from commands import TOY, check_whole, kill, results, running, start_sweep, wait_for
from sweeping import sweep

from scribblebench.sweep.store import Store

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("SCRIBBLEBENCH_CHAOS_S", "120"))
"""How long processes are killed."""


@pytest.fixture
def many(write_protocol):
    """Forty trials."""
    return write_protocol(TOY | {"densities": [0.1, 0.2, 0.3, 0.5], "seeds": list(range(10))})


class Results:
    """Remembers each result when it is first seen, and that it never changes."""

    def __init__(self, output):
        self.output, self.seen = output, {}

    def look(self):
        now = results(self.output)
        for trial_id, stamp in self.seen.items():
            assert now.get(trial_id) == stamp, f"{trial_id} was finished and has been repeated"
        self.seen = now


@pytest.mark.parametrize("n_sweeps", [1, 2])
def test_sweeps_that_are_killed_at_random_lose_nothing_and_repeat_nothing(
    write_protocol, tmp_path, n_sweeps
):
    """Workers and parents get kill -9 at random moments; new parents are started at once."""
    n_trials = 120
    many = write_protocol(TOY | {"densities": [0.1, 0.3], "seeds": list(range(n_trials // 2))})
    output, rng = tmp_path / "out", random.Random(n_sweeps)
    watched = Results(output)
    parents, n_killed = [], {"worker": 0, "parent": 0}
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and len(watched.seen) < n_trials - 10:
        parents = [p for p in parents if p.poll() is None]
        while len(parents) < n_sweeps:
            parents.append(start_sweep(many, output, into=subprocess.DEVNULL))
        wait_for(lambda: running(output))
        time.sleep(rng.uniform(0.0, 6.0))
        watched.look()
        pids = list(running(output).values())
        if pids and rng.random() < 0.3:
            rng.choice(parents).kill()
            n_killed["parent"] += 1
        elif pids:
            n_killed["worker"] += kill(rng.choice(pids))
    for process in parents:
        process.kill()
        process.wait()
    assert min(n_killed.values()) > 0, n_killed
    # Workers of dead parents save their state; those killed here leave theirs as it was.
    process = start_sweep(many, output)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    watched.look()
    table = check_whole(output, n_trials)
    chosen = list(Store(output).read_plan().trials)[:20]
    sweep(many, tmp_path / "calm", only=chosen)
    for trial_id in chosen:
        calm = Store(tmp_path / "calm").read_rows(trial_id)
        wild = table[table["trial_id"] == trial_id].reset_index(drop=True)
        pd.testing.assert_frame_equal(wild, calm)


@contextlib.contextmanager
def small_disk(folder, size):
    """Mount a small file system in memory; needs to be root."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("cannot mount a file system here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder, options):
    return subprocess.run(
        ["mount", "-o", f"remount,{options}", str(folder)], check=False, capture_output=True
    ).returncode


@pytest.mark.parametrize("workers", [1, 2])
def test_on_a_full_disk_a_sweep_ends_in_words_and_goes_on_when_there_is_room(
    many, tmp_path, workers
):
    disk = tmp_path / "disk"
    with small_disk(disk, "2m"):
        output = disk / "out"
        process = start_sweep(many, output, workers=workers)
        _, err = process.communicate(timeout=300)
        assert process.returncode == 1, err
        assert "cannot be written (No space left on device)" in err
        assert "Traceback" not in err
        before = results(output)
        assert 0 < len(before) < 40
        assert remount(disk, "size=50m") == 0
        process = start_sweep(many, output, workers=2)
        _, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        assert before.items() <= results(output).items()
        check_whole(output, 40)


@pytest.mark.parametrize("workers", [1, 2])
def test_in_a_folder_that_becomes_read_only_a_sweep_ends_in_words_and_goes_on_later(
    many, tmp_path, workers
):
    disk = tmp_path / "disk"
    with small_disk(disk, "50m"):
        output = disk / "out"
        process = start_sweep(many, output, workers=workers)
        wait_for(lambda: len(results(output)) >= 3, process)
        # A second mount over the first: that is allowed while files are open for writing.
        subprocess.run(["mount", "--bind", str(disk), str(disk)], check=True)
        assert remount(disk, "bind,ro") == 0
        before = results(output)
        _, err = process.communicate(timeout=300)
        assert process.returncode == 1, err
        assert "cannot be written (Read-only file system)" in err
        assert "Traceback" not in err
        assert results(output) == before
        subprocess.run(["umount", str(disk)], check=True)
        process = start_sweep(many, output, workers=2)
        _, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        assert before.items() <= results(output).items()
        check_whole(output, 40)


def test_a_clock_that_was_set_back_repeats_nothing(many, tmp_path):
    """Every file is from tomorrow, that of a trial at work too, whose worker is then killed."""
    output = tmp_path / "out"
    process = start_sweep(many, output)
    wait_for(lambda: len(results(output)) >= 3, process)
    process.kill()
    process.communicate()
    wait_for(lambda: not running(output))
    tomorrow = time.time() + 86400
    for path in output.rglob("*"):
        os.utime(path, (tomorrow, tomorrow))
    before = results(output)
    process = start_sweep(many, output)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    assert before.items() <= results(output).items()
    check_whole(output, 40)
    assert all(len(Store(output).attempts(i).all()) == 1 for i in before)
