"""Run the GPU presets in pieces, on a machine that has neither the data nor a network.

    # where the data are, once:
    scribblebench prepare --protocol mscmr.yaml --preset gpu --data DATA --output prepared/mscmr.npz
    scribblebench prepare --protocol ablation-acdc.yaml --preset gpu --data DATA \
        --output prepared/ablation-acdc.npz
    # where the GPU is, until it exits with 0:
    python benchmarks/gpu_run.py --prepared prepared --output results-gpu --minutes 9

The first piece runs the tests that need a GPU and times a step of every method; then each piece
goes on with the sweeps, trial by trial, from the checkpoint of the last. When nothing is left,
reports are written. `--output` holds everything between pieces: results, logs, `timings.txt`, and
a network of each trial (half precision, under 16 MiB). Exit code 3 says that work is left, others
that something failed.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

PROTOCOLS = ("mscmr", "ablation-acdc")
MARGIN_S = 45.0
"""Kept free at the end of a piece, for what a sweep does between two looks at the clock."""
LEFT = 3
HERE = Path(__file__).parent


def run(command, log):
    """Run a command with its output in a file, and return its exit code."""
    with log.open("a") as file:
        return subprocess.run(
            command, stdout=file, stderr=subprocess.STDOUT, check=False
        ).returncode


def scribblebench(*arguments):
    call = "from scribblebench.cli.app import main; main()"
    return [sys.executable, "-W", "ignore", "-c", call, *map(str, arguments)]


def measure_once(output):
    """Run the tests for GPUs and time the steps, in the first piece."""
    timings = output / "timings.txt"
    if timings.exists():
        return
    tests = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", HERE.parent / "tests"]
    print("GPU tests:", "passed" if run(tests, output / "gpu-tests.txt") == 0 else "FAILED")
    partial = timings.with_suffix(".partial")
    for preset in ("paper", "cpu"):
        step = HERE / "training_step.py"
        run([sys.executable, "-W", "ignore", step, "--preset", preset, "--device", "cuda"], partial)
    partial.replace(timings)
    print(timings.read_text())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--preset", default="gpu")
    arguments = parser.parse_args()
    end = time.monotonic() + 60 * arguments.minutes - MARGIN_S
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    arguments.output.mkdir(parents=True, exist_ok=True)
    if arguments.device == "cuda":
        measure_once(arguments.output)
    codes = []
    for name in PROTOCOLS:
        folder = arguments.output / name
        common = ["--protocol", f"{name}.yaml", "--preset", arguments.preset, "--output", folder]
        left = max(0.0, (end - time.monotonic()) / 60)
        source = ["--prepared", arguments.prepared / f"{name}.npz", "--device", arguments.device]
        command = scribblebench(
            "sweep", *common, *source, "--keep-models", "--stop-after", round(left, 3)
        )
        code = run(command, arguments.output / f"{name}.log")
        codes.append(code)
        print(name, {0: "finished", LEFT: "has trials left"}.get(code, f"failed with {code}"))
        if code == 0:
            run(scribblebench("report", folder), arguments.output / f"{name}-report.log")
    sys.exit(next((code for code in codes if code not in (0, LEFT)), max(codes)))


if __name__ == "__main__":
    main()
