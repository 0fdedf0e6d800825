"""How far methods are apart: paired by seed and patient, with intervals over patients.

    python benchmarks/differences.py results/ablation-acdc --baseline pce

Reads `report/table.csv` of a folder that `scribblebench report` has seen. The Dice of the seeds
that both methods have is averaged within a patient, over classes and volumes; the interval is the
report's own bootstrap over patients (percentile method, 95 %). Prints points (hundredths of Dice).
"""

import argparse
from pathlib import Path

import pandas as pd

from scribblebench.report.curves import bootstrap_interval


def difference(rows, method, baseline, seeds):
    """Return mean and interval of method - baseline in points, and the number of seeds."""
    both = [
        rows[(rows["method"] == name) & rows["seed"].isin(seeds)]
        .groupby("patient_id")["dsc"]
        .mean()
        for name in (method, baseline)
    ]
    points = 100 * (both[0] - both[1])
    assert not points.isna().any(), "both methods must be scored on the same patients"
    return points.mean(), *bootstrap_interval(points.to_numpy())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("--baseline", required=True)
    parser.add_argument("--form", help="only trials of this form, and of full supervision")
    parser.add_argument("--seeds", nargs="+", type=int)
    arguments = parser.parse_args()
    rows = pd.read_csv(arguments.results / "report" / "table.csv", dtype={"patient_id": str})
    if arguments.form:
        rows = rows[rows["form"].isin([arguments.form, "dense"])]
    if arguments.baseline not in set(rows["method"]):
        parser.error(f"--baseline: must be one of {', '.join(rows['method'].unique())}")
    table = []
    for method in rows["method"].unique():
        common = set(rows.loc[rows["method"] == method, "seed"])
        common &= set(rows.loc[rows["method"] == arguments.baseline, "seed"])
        seeds = sorted(common if arguments.seeds is None else common & set(arguments.seeds))
        mean, low, high = difference(rows, method, arguments.baseline, seeds)
        chosen = rows[(rows["method"] == method) & rows["seed"].isin(seeds)]
        cases = chosen.groupby("case_id")["dsc"].mean()
        table.append((method, len(seeds), cases.mean(), mean, low, high))
    frame = pd.DataFrame(table, columns=["method", "seeds", "dice", "points", "low", "high"])
    frame = frame.sort_values("dice", ascending=False)
    print(frame.round({"dice": 4, "points": 2, "low": 2, "high": 2}).to_string(index=False))


if __name__ == "__main__":
    main()
