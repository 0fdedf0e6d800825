"""Runs sweeps as commands in processes of their own, to be killed."""

import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd

from scribblebench.sweep.store import Store

TOY = {
    "name": "toy",
    "dataset": {
        "name": "phantom",
        "options": {"train": 3, "val": 2, "test": 1, "size": 48, "slices": 3},
    },
    "forms": ["points"],
    "densities": [0.1, 0.5],
    "methods": ["pce"],
    "seeds": [0, 1, 2],
    "training": {
        "field_of_view": 48,
        "patch": 32,
        "width": 2,
        "steps": 40,
        "batch_size": 2,
        "precision": "fp32",
    },
}
"""Six trials of about a second."""


def start(*arguments, workers=2, into=subprocess.PIPE):
    """Start the command line in a session of its own, with workers of one thread each."""
    environment = {**os.environ, "SCRIBBLEBENCH_WORKERS": str(workers), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "scribblebench", *map(str, arguments)],
        stdout=into,
        stderr=into,
        text=True,
        env=environment,
        start_new_session=True,
    )


def start_sweep(protocol, output, *options, **how):
    return start("sweep", "--protocol", protocol, "--output", output, *options, **how)


def wait_for(condition, process=None, timeout_s=120):
    """Wait until a condition holds, and return what it gave."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited for too long"
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.01)
    return found


def owners(output):
    """Return the process of each attempt that has begun, by the attempt's folder."""
    found = {}
    for path in output.glob("trials/*/attempts/[0-9]*/owner.json"):
        found[path.parent] = json.loads(path.read_text())["pid"]
    return found


def running(output):
    """Return the processes of attempts without a status, by the attempt's folder."""
    return {
        folder: pid
        for folder, pid in owners(output).items()
        if not (folder / "status.json").exists() and alive(pid)
    }


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def results(output):
    """Return when each result was written."""
    return {p.parent.name: p.stat().st_mtime_ns for p in output.glob("trials/*/result.json")}


def check_whole(output, n_trials, *, n_rows=6):
    """Check that every planned trial is in the table once, and that every file is whole."""
    store = Store(output)
    plan = store.read_plan()
    assert len(plan.trials) == n_trials
    assert store.finished_ids() == set(plan.trials)
    table = pd.concat([store.read_rows(trial_id) for trial_id in plan.trials])
    assert len(table) == n_trials * n_rows
    assert not table.duplicated(["trial_id", "case_id", "class_id"]).any()
    for path in output.rglob("*.json"):
        json.loads(path.read_text())
    for trial_id in plan.trials:
        assert [c.pred.shape[1:] for c in store.read_samples(trial_id)] == [(48, 48)] * 2
    return table.sort_values(["trial_id", "case_id", "class_id"]).reset_index(drop=True)
