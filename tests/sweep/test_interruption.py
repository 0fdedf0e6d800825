"""Sweeps that are killed, run in pieces or go on from checkpoints."""

import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import torch
from sweeping import sweep

from scribblebench.report.collect import collect
from scribblebench.sweep import execution
from scribblebench.sweep.store import Store
from scribblebench.training.checkpoint import Checkpoint
from scribblebench.training.stop import Stop


def test_killed_sweep_is_finished_by_the_same_command_without_repeating(
    tiny, write_protocol, tmp_path
):
    """kill -9 as soon as the first trial is finished; trials are made long enough to be hit."""
    tiny["training"]["steps"] = 40
    path, output = write_protocol(tiny), tmp_path / "out"
    command = [sys.executable, "-c", "from scribblebench.cli.app import main; main()", "sweep"]
    command += ["--protocol", str(path), "--output", str(output)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ})
    try:
        deadline = time.monotonic() + 90
        while not (finished := list(output.glob("trials/*/result.json"))):
            assert process.poll() is None, "the sweep ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    finished = list(output.glob("trials/*/result.json"))
    assert 1 <= len(finished) < 3
    stamps = {p: p.stat().st_mtime_ns for p in finished}
    summary, _ = sweep(path, output)
    assert (summary.already_finished, summary.finished) == (len(finished), 3 - len(finished))
    assert {p: p.stat().st_mtime_ns for p in finished} == stamps
    for result in output.glob("trials/*/result.json"):
        assert json.loads(result.read_text())["mean_dsc"] >= 0
        assert len(pd.read_csv(result.with_name("rows.csv"))) == 6


class AfterLooks(Stop):
    """Asks for the end when it is looked at for the n-th time."""

    def __init__(self, n):
        super().__init__()
        self.looks, self.n = 0, n

    @property
    def reason(self):
        self.looks += 1
        return "enough" if self.looks >= self.n else None


def test_a_sweep_in_pieces_gives_what_one_in_a_go_gives(tiny, write_protocol, tmp_path):
    """A deadline that has passed before the first trial begins lets it make one step."""
    tiny["training"]["steps"] = 60
    tiny["seeds"] = [0]
    path = write_protocol(tiny)
    whole, _ = sweep(path, tmp_path / "whole")
    assert whole.left == 0
    output = tmp_path / "pieces"
    n_pieces = 0
    while True:
        stop = Stop(time.monotonic() + 0.3 * n_pieces)
        summary, _ = sweep(path, output, stop=stop)
        n_pieces += 1
        assert summary.failed == 0
        if n_pieces == 1:
            (checkpoint,) = output.glob("trials/*/checkpoint.pt")
            assert torch.load(checkpoint, weights_only=True)["step"] == 1
        if not summary.left:
            break
        assert n_pieces < 200
    assert n_pieces > 1
    assert not list(output.glob("trials/*/checkpoint.pt"))
    one, other = (collect(Store(folder)).rows for folder in (tmp_path / "whole", output))
    pd.testing.assert_frame_equal(one, other)


def test_a_trial_that_ran_out_of_time_goes_on_from_its_checkpoint(tiny, write_protocol, tmp_path):
    tiny["training"]["steps"] = 60
    path, output = write_protocol(tiny), tmp_path / "out"
    summary, events = sweep(path, output, stop=Stop(0.0))
    assert (summary.finished, summary.left, summary.stopped) == (0, 3, "out of time")
    assert [e[0] for e in events] == ["sweep", "start", "put back"]
    (checkpoint,) = output.glob("trials/*/checkpoint.pt")
    assert torch.load(checkpoint, weights_only=True)["step"] == 1
    summary, _ = sweep(path, output)
    assert (summary.finished, summary.left) == (3, 0)
    history = pd.read_csv(checkpoint.with_name("history.csv"))
    assert history["step"].tolist() == [25, 50, 60]
    assert not checkpoint.exists()


def test_a_trial_whose_time_ends_with_its_training_is_scored_by_the_next_run(
    tiny, write_protocol, tmp_path
):
    tiny |= {"forms": ["dense"], "methods": ["full"], "seeds": [0]}
    del tiny["densities"]
    tiny["training"]["steps"] = 5
    path, output = write_protocol(tiny), tmp_path / "out"
    summary, _ = sweep(path, output, stop=AfterLooks(5))
    assert (summary.finished, summary.left) == (0, 1)
    (checkpoint,) = output.glob("trials/*/checkpoint.pt")
    assert torch.load(checkpoint, weights_only=True)["step"] == 5
    summary, _ = sweep(path, output)
    assert summary.finished == 1


def test_a_checkpoint_of_other_code_is_not_taken_up(tiny, write_protocol, tmp_path, monkeypatch):
    tiny["training"]["steps"] = 60
    path, output = write_protocol(tiny), tmp_path / "out"
    sweep(path, output, stop=Stop(0.0))
    taken = []
    load = Checkpoint.load
    monkeypatch.setattr(
        Checkpoint, "load", lambda self, device: taken.append(load(self, device)) or taken[-1]
    )
    monkeypatch.setattr(execution, "source_digest", lambda: "changed")
    summary, _ = sweep(path, output)
    assert summary.finished == 3
    assert taken == [None, None, None]
