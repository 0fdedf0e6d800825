"""The frames that a report's tables and findings are made from, small and made by hand."""

import numpy as np
import pandas as pd

from scribblebench.metrics.summary import AVERAGE_NAME

NAN = np.nan


def made_cells(n_seeds=(3, 3, 3, 3), n_planned=3, **changes):
    """Full supervision, expert scribbles, and two forms at 10 %."""
    cells = pd.DataFrame(
        {
            "dataset": "acdc",
            "split": "val",
            "form": ["dense", "expert", "skeleton", "random_walk"],
            "density": [1.0, NAN, 0.1, 0.1],
            "randomness": [NAN, NAN, 0.5, 0.5],
            "method": ["full", "pce", "pce", "pce"],
            "label": ["dense labels", "expert", "skeleton 10 %", "random_walk 10 %"],
            "n_seeds": n_seeds,
            "n_planned": n_planned,
        }
    ).rename_axis("cell")
    cells["is_complete"] = cells["n_seeds"] == cells["n_planned"]
    return cells.assign(n_patients=10, **changes)


def made_summary(
    cells, means=(0.878, 0.854, 0.671, 0.701), collapses=None, n_patients=10, seed_sd=0.01
):
    """Two classes, two points above and below the mean; `collapses`: (cell, class) to rate."""
    rows = []
    for (cell, about), mean in zip(cells.iterrows(), means, strict=True):
        for name, shift in (("RV", -0.02), ("LV", 0.02), (AVERAGE_NAME, 0.0)):
            rates = {k[1]: v for k, v in (collapses or {}).items() if k[0] == cell}
            rate = max(rates.values(), default=0.0) if name == AVERAGE_NAME else rates.get(name, 0)
            rows.append(
                {
                    "cell": cell,
                    "class_name": name,
                    "dsc_mean": mean + shift,
                    "dsc_low": mean + shift - 0.04,
                    "dsc_high": mean + shift + 0.03,
                    "dsc_sd": 0.06 if n_patients > 1 else NAN,
                    "seed_sd": seed_sd if about["n_seeds"] > 1 else NAN,
                    "hd95_median": 2.0 + cell,
                    "hd95_low": 1.0,
                    "hd95_high": 9.0,
                    "failure_rate": 0.05 * cell,
                    "collapse_rate": rate,
                    "collapse_high": 1.0 - 0.025 ** (1.0 / about["n_seeds"]) if rate == 0 else 1.0,
                    "n_seeds": about["n_seeds"],
                    "n_planned": about["n_planned"],
                    "n_patients": n_patients,
                    "annotated_fraction": (1.0, 0.122, 0.1, 0.1)[cell % 4],
                    "annotation_s": (27000.0, 15840.0, 9000.0, 9600.0)[cell % 4],
                    "distance_unit": "mm",
                }
            )
    return pd.DataFrame(rows)


def made_gap(**changes):
    table = pd.DataFrame(
        {
            "cell": [1, 2, 3],
            "full_cell": 0,
            "difference": [-0.024, -0.207, -0.177],
            "low": [-0.061, -0.237, -0.218],
            "high": [-0.006, -0.177, 0.135],
            "margin": 0.05,
            "p_equivalence": [0.2, 1.0, 1.0],
            "p_inferiority": [0.2, 1.0, 1.0],
            "verdict": ["open", "not within", "not within"],
            "n_patients": 10,
        }
    )
    return table.assign(**changes)


def made_comparisons(n=2, **changes):
    """Cell 2, 3, ... against cell 1."""
    table = pd.DataFrame(
        {
            "dataset": "acdc",
            "metric": "dsc",
            "class_name": AVERAGE_NAME,
            "cell_a": [2 + i for i in range(n)],
            "cell_b": 1,
            "family": "with pce",
            "difference": [-0.183, 0.0213][:n],
            "low": [-0.2, -0.004][:n],
            "high": [-0.15, 0.05][:n],
            "p_value": [0.002, 0.3][:n],
            "p_holm": [0.004, 0.3][:n],
            "p_wilcoxon": [0.002, 0.3][:n],
            "cliffs_delta": [-1.0, 0.12][:n],
            "n_patients": 10,
        }
    )
    return table.assign(**changes)


def made_targets(**changes):
    """max_supervision reaches 90 % inside its range; skeleton does not; points at once."""
    table = pd.DataFrame(
        {
            "form": ["max_supervision", "skeleton", "points"],
            "method": "pce",
            "randomness": 0.5,
            "dataset": "acdc",
            "share": 0.9,
            "target_dsc": 0.79,
            "density": [0.031, np.inf, 0.01],
            "density_low": [0.014, np.inf, 0.01],
            "density_high": [0.08, np.inf, 0.02],
            "seconds": [6600.0, np.inf, 3000.0],
            "seconds_low": [4800.0, np.inf, 3000.0],
            "seconds_high": [8400.0, np.inf, 4000.0],
            "status": ["reached", "not reached", "reached at the lowest density"],
        }
    )
    return table.assign(**changes)


def made_line_cells(**changes):
    """Three forms at 1, 10 and 30 %."""
    forms = ["max_supervision", "skeleton", "points"]
    cells = pd.DataFrame(
        [
            {"form": form, "density": density, "label": f"{form} {100 * density:g} %"}
            for form in forms
            for density in (0.01, 0.1, 0.3)
        ]
    ).assign(dataset="acdc", split="val", randomness=0.5, method="pce", n_seeds=3, n_planned=3)
    return cells.assign(is_complete=True, **changes).rename_axis("cell")


def made_ranking(**changes):
    table = pd.DataFrame(
        {
            "dataset": "acdc",
            "cell": [1, 3, 2],
            "rank": [1.0, 2.0, 3.0],
            "podium_1": [0.43, 0.4, 0.17],
            "podium_2": [0.3, 0.4, 0.3],
            "podium_3": [0.27, 0.2, 0.53],
            "rank_low": 1.0,
            "rank_high": 3.0,
        }
    )
    return table.assign(**changes)


def made_stability():
    return pd.DataFrame(
        {
            "dataset": ["acdc"],
            "kendall_tau_median": [0.7],
            "kendall_tau_low": [0.2],
            "kendall_tau_high": [1.0],
        }
    )


def made_principles(**changes):
    table = pd.DataFrame(
        {
            "term": ["log10 density", "randomness"],
            "coefficient": [0.106, 0.003],
            "low": [0.017, -0.005],
            "high": [0.194, 0.011],
            "p_value": [0.024, 0.4],
            "r2_alone": [0.58, 0.04],
            "r2_added": [0.57, 0.03],
        }
    ).assign(**changes)
    table.attrs["r2"] = 0.61
    return table
