"""What the sweep engine itself costs: seconds a trial, large plans, two workers against one.

    python benchmarks/engine.py            # all of it, some minutes
    python benchmarks/engine.py overhead   # or large, or workers

- overhead: trials of one training step in one process. What a trial takes beyond annotating,
  training, predicting and scoring: the claim, the heartbeat, provenance, every file.
- large: a plan of 100,000 trials on a folder in which all of them are finished: to plan it, to
  resume it (plan, read what is finished, write the plan), and `status`.
- workers: trials an hour of two workers of one thread against one, each with its start.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
import yaml

from scribblebench.sweep.executors import InProcess
from scribblebench.sweep.overview import overview
from scribblebench.sweep.planning import plan_sweep
from scribblebench.sweep.protocol import read_protocol
from scribblebench.sweep.run import run_sweep
from scribblebench.sweep.store import Store

SMALL = {
    "name": "engine",
    "dataset": {
        "name": "phantom",
        "options": {"train": 3, "val": 2, "test": 1, "size": 48, "slices": 3},
    },
    "forms": ["points"],
    "densities": [0.1],
    "methods": ["pce"],
    "training": {
        "field_of_view": 48,
        "patch": 32,
        "width": 2,
        "steps": 1,
        "batch_size": 2,
        "precision": "fp32",
    },
}


class Silent:
    """A watcher that remembers when trials began and ended."""

    def __init__(self):
        self.times = []

    def sweep_started(self, trials, finished):
        pass

    def trial_started(self, trial_id):
        self.times.append(time.perf_counter())

    def step(self, trial_id, done, total):
        pass

    def trial_finished(self, trial_id, *, mean_dsc, seconds):
        self.times.append(time.perf_counter())

    def trial_failed(self, trial_id, error):
        raise RuntimeError(error)

    def trial_put_back(self, trial_id, reason):
        raise RuntimeError(reason)


def protocol_file(folder, **changes):
    path = folder / "engine.yaml"
    path.write_text(yaml.safe_dump(SMALL | changes), encoding="utf-8")
    return path


def sweep(path, output, watcher):
    planned = plan_sweep(read_protocol(path), output=output)
    device = torch.device("cpu")
    return run_sweep(
        planned,
        protocol_text=path.read_text(encoding="utf-8"),
        executor=InProcess(device),
        device="cpu",
        watcher=watcher,
    )


def overhead(folder, n=100):
    """Print the engine's seconds a trial."""
    torch.set_num_threads(1)
    path = protocol_file(folder, seeds=list(range(n)))
    watcher = Silent()
    sweep(path, folder / "out", watcher)
    store = Store(folder / "out")
    work = [store.read_result(i)["timing"]["wall_s"] for i in store.finished_ids()]
    wall = watcher.times[-1] - watcher.times[2]  # the first trial also loads and compiles
    inside = sum(work) - max(work)
    print(f"overhead: {n} trials, {(wall - inside) / (n - 1):.3f} s of the engine a trial")
    print(f"          beside {inside / (n - 1):.3f} s of work")


def large(folder, n_seeds=10):
    """Print the seconds to plan, resume and look at 100,000 trials."""
    path = protocol_file(
        folder,
        forms=["points", "skeleton", "random_walk", "chord", "curve"],
        densities=[i / 200 for i in range(1, 101)],
        randomness=[i / 20 for i in range(20)],
        seeds=list(range(n_seeds)),
    )
    output = folder / "out"
    start = time.perf_counter()
    planned = plan_sweep(read_protocol(path), output=output)
    print(
        f"large: {len(planned.plan.trials)} trials planned in {time.perf_counter() - start:.1f} s"
    )
    result = {
        "started": "2026-01-01T00:00:00+00:00",
        "attempt": 1,
        "mean_dsc": 0.5,
        "annotation_s": 1.0,
        "timing": {"wall_s": 1.0, "train_s": 1.0},
        "usage": {"cpu_s": 1.0, "peak_memory_mib": 1.0},
        "provenance": {"device": "cpu", "processor": "", "commit": "", "dirty": False},
    }
    text = json.dumps(result)
    for trial_id in planned.plan.trials:
        trial = output / "trials" / trial_id
        trial.mkdir(parents=True)
        (trial / "result.json").write_text(text, encoding="utf-8")
    start = time.perf_counter()
    seen = sweep(path, output, Silent())
    print(f"       resumed in {time.perf_counter() - start:.1f} s, the index made anew")
    assert (seen.already_finished, seen.left) == (len(planned.plan.trials), 0)
    for what in ("resumed again", "status"):
        start = time.perf_counter()
        if what == "status":
            assert overview(Store(output)).count("finished") == seen.wanted
        else:
            sweep(path, output, Silent())
        print(f"       {what} in {time.perf_counter() - start:.1f} s")
    # None finished: every trial's folder is looked for.
    shutil.rmtree(output / "trials")
    start = time.perf_counter()
    assert overview(Store(output)).count("to do") == seen.wanted
    print(f"       status before the first is finished in {time.perf_counter() - start:.1f} s")
    status = json.dumps({"state": "failed", "ended": "", "fault": "trial", "error": "ValueError"})
    for trial_id in planned.plan.trials:
        attempt = output / "trials" / trial_id / "attempts" / "1"
        attempt.mkdir(parents=True)
        (attempt / "status.json").write_text(status, encoding="utf-8")
        os.utime(attempt.parent, (1e9, 1e9))
    for what in ("status where all have failed", "status again"):
        start = time.perf_counter()
        assert overview(Store(output)).count("failed") == seen.wanted
        print(f"       {what} in {time.perf_counter() - start:.1f} s")


def workers(folder, n=24):
    """Print the gain of a second worker; each trial has one thread."""
    path = protocol_file(
        folder,
        seeds=list(range(n)),
        training=SMALL["training"] | {"width": 8, "steps": 60},
    )
    seconds = {}
    for n_workers in (1, 2):
        command = [sys.executable, "-m", "scribblebench", "sweep", "--protocol", str(path)]
        command += ["--output", str(folder / str(n_workers)), "--workers", str(n_workers)]
        start = time.perf_counter()
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run(
            [*command, "--threads", "1"], check=True, capture_output=True, env=environment
        )
        whole = time.perf_counter() - start
        store = Store(folder / str(n_workers))
        stamps = sorted(store.finished_stamps().values())
        # From the end of the first trials on: what the start costs does not grow with the sweep.
        seconds[n_workers] = (stamps[-1] - stamps[n_workers - 1]) / 1e9 / (n - n_workers)
        rate, steady = 3600 * n / whole, 3600 / seconds[n_workers]
        print(
            f"workers: {n_workers}: {rate:.0f} trials an hour with the start, {steady:.0f} without"
        )
    print(f"         gain of the second: {seconds[1] / seconds[2]:.2f}")


PARTS = {"overhead": overhead, "large": large, "workers": workers}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("part", nargs="?", choices=list(PARTS))
    chosen = parser.parse_args().part
    for part in PARTS if chosen is None else [chosen]:
        with tempfile.TemporaryDirectory() as folder:
            PARTS[part](Path(folder))


if __name__ == "__main__":
    main()
