"""Frames, classes and seeds are averaged in this order, and every patient counts once."""

import numpy as np
import pandas as pd
import pytest

from scribblebench.metrics.summary import AVERAGE_NAME
from scribblebench.report.scores import (
    CELL,
    METRICS,
    cells_of,
    centre,
    patient_scores,
    seed_scores,
    wide,
)


def rows(**values):
    """Return rows of one patient with two frames and one with one; two classes, two seeds."""
    table = pd.DataFrame(
        [
            ("p1", frame, class_name, seed)
            for frame in ("ED", "ES")
            for class_name in ("RV", "LV")
            for seed in (0, 1)
        ]
        + [("p2", "ED", class_name, seed) for class_name in ("RV", "LV") for seed in (0, 1)],
        columns=["patient_id", "frame", "class_name", "seed"],
    )
    cell = dict(zip(CELL, ("acdc", "val", "skeleton", 0.1, np.nan, "pce"), strict=True))
    return table.assign(**cell, dsc=np.arange(12) / 10.0, hd95=1.0, **values)


def test_scores_worked_by_hand():
    """p1: RV seed 0 has frames 0.0 and 0.4, seed 1 0.1 and 0.5; LV 0.2 more in each."""
    scores = seed_scores(rows()).set_index(["class_name", "patient_id", "seed"])["value"]
    assert scores["RV", "p1", 0] == pytest.approx(0.2)
    assert scores["LV", "p1", 1] == pytest.approx(0.5)
    assert scores[AVERAGE_NAME, "p1", 0] == pytest.approx(0.3)
    assert scores["RV", "p2", 1] == pytest.approx(0.9)
    patients = patient_scores(rows()).set_index(["class_name", "patient_id"])
    assert patients.loc[(AVERAGE_NAME, "p1"), "value"] == pytest.approx(0.35)
    assert patients.loc[(AVERAGE_NAME, "p2"), "value"] == pytest.approx(0.95)
    assert (patients["n_seeds"] == 2).all()


def test_one_failure_makes_a_patients_distance_infinite_and_leaves_the_median():
    table = rows()
    table.loc[0, "hd95"] = np.inf
    values = wide(patient_scores(table, "hd95"))
    assert values.shape == (2, 1)
    assert np.isinf(values.loc["p1"].item())
    assert values.loc["p2"].item() == 1.0
    assert centre([1.0, 2.0, np.inf], METRICS["hd95"]) == 2.0
    assert centre([0.5, 0.7], METRICS["dsc"]) == pytest.approx(0.6)


def test_cells_without_density_are_cells_too():
    table = pd.concat([rows(), rows().assign(form="dense", density=np.nan, method="full")])
    assert wide(patient_scores(table)).shape == (2, 2)
    cells = cells_of(table)
    assert cells["form"].tolist() == ["skeleton", "dense"]
    assert np.isnan(cells.loc[1, "density"])
