"""What cells are called, and whether they are complete."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scribblebench.report.cells import cell_table, labels, labels_under_dataset
from scribblebench.report.scores import CELL


def cells(*entries):
    """Return cells from (form, density, randomness, method)."""
    return pd.DataFrame([("acdc", "val", *entry) for entry in entries], columns=CELL)


SKELETON = ("skeleton", 0.1, 0.5, "pce")
DENSE = ("dense", 1.0, np.nan, "full")
EXPERT = ("expert", np.nan, np.nan, "pce")


@pytest.mark.parametrize(
    ("entries", "names"),
    [
        (
            [SKELETON, ("skeleton", 0.3, 0.5, "pce"), EXPERT, DENSE],
            ["skeleton 10 %", "skeleton 30 %", "expert", "dense labels"],
        ),
        (
            [EXPERT, ("expert", np.nan, np.nan, "geometry"), DENSE],
            ["pce", "geometry", "dense labels"],
        ),
        (
            [SKELETON, ("skeleton", 0.1, 1.0, "pce"), EXPERT],
            ["skeleton 10 % r0.5", "skeleton 10 % r1", "expert"],
        ),
        ([SKELETON], ["skeleton"]),
        (
            [EXPERT, DENSE, ("dense", 1.0, np.nan, "full long")],
            ["expert", "dense labels (full)", "dense labels (full long)"],
        ),
    ],
)
def test_labels_say_what_differs(entries, names):
    assert labels(cells(*entries)) == names


def test_labels_tell_data_sets_apart():
    table = pd.concat([cells(SKELETON), cells(SKELETON).assign(dataset="mscmr")])
    assert labels(table) == ["skeleton acdc", "skeleton mscmr"]
    table.loc[table["dataset"] == "mscmr", "split"] = "test"
    assert labels(table) == ["skeleton acdc", "skeleton mscmr"]
    assert labels(table.assign(dataset="acdc")) == ["skeleton val", "skeleton test"]


def test_labels_under_a_data_set_do_not_repeat_it():
    dense = [cells(DENSE).assign(dataset=name) for name in ("acdc", "mscmr")]
    table = pd.concat([cells(SKELETON), cells(SKELETON).assign(dataset="mscmr"), *dense])
    table.index = [4, 5, 6, 7]
    found = labels_under_dataset(table)
    names = ["skeleton 10 %", "dense labels"]
    assert found.to_dict() == {4: names[0], 5: names[0], 6: names[1], 7: names[1]}


def test_a_cell_is_complete_if_all_seeds_that_were_asked_for_are_there():
    numbers = {
        "annotated_fraction": 0.1,
        "annotation_s": 60.0,
        "coverage_px": 2.0,
        "unreached_fraction": 0.0,
    }
    case = {"variant": None, "patient_id": "p", "case_id": "p_1", **numbers}
    rows = pd.concat(
        [
            cells(SKELETON).assign(seed=0, **case),
            cells(EXPERT).assign(seed=0, **case),
            cells(EXPERT).assign(seed=1, **case),
            cells(DENSE).assign(seed=0, **case),
        ]
    )
    planned = [
        SimpleNamespace(
            dataset="acdc",
            score_part="val",
            form=form,
            density=None if form != "skeleton" else density,
            randomness=None if np.isnan(randomness) else randomness,
            arm=lambda method=method: method,
            seed=seed,
        )
        for form, density, randomness, method in (SKELETON, EXPERT, DENSE)
        for seed in ((0, 1) if form != "dense" else (0,))
    ]
    table = cell_table(rows, planned)
    assert table["n_seeds"].tolist() == [1, 2, 1]
    assert table["n_planned"].tolist() == [2, 2, 1]
    assert table["is_complete"].tolist() == [False, True, True]
    assert table.loc[0, "coverage_px"] == 2.0
