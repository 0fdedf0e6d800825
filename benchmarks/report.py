"""What a report of very many rows costs: seconds and memory of `scribblebench report`.

    python benchmarks/report.py [--rows N]

Writes a results folder of made-up trials (five forms, six densities, two values of randomness and
full supervision; five seeds) and reports it in a process of its own. Prints time and peak memory.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from scribblebench.sweep.plan import expand
from scribblebench.sweep.plan_file import Plan
from scribblebench.sweep.protocol import Protocol
from scribblebench.sweep.store import Store

PROTOCOL = {
    "name": "many",
    "dataset": {"name": "phantom"},
    "forms": ["skeleton", "random_walk", "max_supervision", "points", "chord", "dense"],
    "densities": [0.01, 0.02, 0.03, 0.1, 0.2, 0.3],
    "randomness": [0.0, 0.5],
    "methods": ["pce", "full"],
    "seeds": [0, 1, 2, 3, 4],
}
CLASSES = ("RV", "myocardium", "LV")
ORIGIN = {
    "scribblebench": "0",
    "commit": None,
    "dirty": None,
    "source": "made",
    "python": "3",
    "packages": {},
    "device": "cpu",
    "processor": "",
}


def rows_of(trial_id, config, n_cases, rng):
    """Return rows of a trial whose Dice rises with density; two frames a patient."""
    n = n_cases * len(CLASSES)
    density = 1.0 if config.form == "dense" else config.density
    dsc = np.clip(0.85 + 0.05 * np.log10(density) + rng.normal(0, 0.05, n), 0, 1)
    case = np.repeat(np.arange(n_cases), len(CLASSES))
    return pd.DataFrame(
        {
            "protocol": "many",
            "trial_id": trial_id,
            "dataset": config.dataset,
            "split": config.score_part,
            "form": config.form,
            "density": density,
            "randomness": config.randomness,
            "method": config.method,
            "variant": None,
            "seed": config.seed,
            "case_id": [f"case{i}" for i in case],
            "class_id": np.tile([1, 2, 3], n_cases),
            "class_name": np.tile(CLASSES, n_cases),
            "dsc": dsc,
            "hd": rng.uniform(4, 20, n),
            "hd95": rng.uniform(2, 10, n),
            "assd": rng.uniform(0.5, 2, n),
            "distance_unit": "mm",
            "failed": False,
            "patient_id": [f"patient{i // 2}" for i in case],
            "dsc_raw": dsc - 0.02,
            "annotated_fraction": density,
            "annotation_s": 6000.0 * density,
            "coverage_px": 0.0 if config.form == "dense" else 1.0 / density**0.5,
            "unreached_fraction": 0.0,
        }
    )


def make(folder, n_rows):
    """Write the results folder and return the number of its rows."""
    store = Store(folder)
    trials = {c.trial_id("data"): c for c in expand(Protocol.model_validate(PROTOCOL))}
    store.write_plan("name: many\n", Plan("many", "data", trials))
    n_cases = max(2, round(n_rows / len(trials) / len(CLASSES)))
    rng = np.random.default_rng(0)
    result = {
        "started": "2026-01-01T00:00:00+00:00",
        "data_fingerprint": "data",
        "mean_dsc": 0.8,
        "timing": {"wall_s": 60.0, "train_s": 50.0},
        "provenance": ORIGIN,
    }
    for trial_id, config in trials.items():
        trial = store.trial_folder(trial_id)
        trial.mkdir(parents=True)
        rows_of(trial_id, config, n_cases, rng).to_csv(trial / "rows.csv", index=False)
        (trial / "history.csv").write_text("step,loss\n1,1.0\n2,0.5\n", encoding="utf-8")
        (trial / "result.json").write_text(json.dumps(result), encoding="utf-8")
    return len(trials) * n_cases * len(CLASSES)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "many"
        n = make(folder, arguments.rows)
        start = time.perf_counter()
        command = [sys.executable, "-m", "scribblebench", "report", str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        page = (folder / "report" / "report.html").stat().st_size / 1e6
        print(f"{n} rows: {seconds:.1f} s, {peak:.2f} GiB; report.html has {page:.1f} MB")


if __name__ == "__main__":
    main()
