"""Which cases and trials can be looked at on the page, and what its table says."""

import shutil

import numpy as np
import pytest

from scribblebench.report.collect import collect
from scribblebench.report.page_content import (
    MARGIN_PX,
    pictures,
    trials_table,
    unfinished_table,
    viewed_trials,
)
from scribblebench.sweep.attempts import Owner


@pytest.fixture
def shown(made):
    """Return rows, the folders of trials, and the trials that can be looked at."""
    store, trials = made()
    rows = collect(store).rows
    return rows, dict.fromkeys(trials, store), viewed_trials(rows)


def test_the_first_seed_of_each_cell_can_be_looked_at(shown):
    rows, _, viewed = shown
    chosen = rows[rows["trial_id"].isin(viewed)].drop_duplicates("trial_id")
    assert set(chosen["seed"]) == {0}
    assert len(chosen) == 5
    assert len(viewed_trials(rows, 2)) == 2


def test_cases_are_cut_to_what_is_annotated_or_predicted_and_a_margin(shown):
    """Labels and predictions fill rows and columns 8 to 19 of 32."""
    rows, stores, viewed = shown
    cases, overlays = pictures(stores, viewed, rows, n_cases=50)
    assert [case.case_id for case in cases] == [f"case{i}" for i in range(4)]
    assert [case.patient_id for case in cases] == ["patient0", "patient0", "patient1", "patient1"]
    first = 8 - min(8, MARGIN_PX)
    side = min(32, 20 + MARGIN_PX) - first
    assert {case.image.shape for case in cases} == {(1, side, side)}
    assert cases[0].label[0, 8 - first, 8 - first] == 1
    assert set(overlays) == set(viewed)
    pred, scribble = overlays[viewed[0]]["case2"]
    assert pred.shape == scribble.shape == (1, side, side)
    assert set(np.unique(scribble)) == {0, 1, 2, 255}


def test_of_many_cases_some_from_the_best_to_the_worst_are_shown(shown):
    """Dice rises with the number of the case: of four, the worst, then one, and the best."""
    rows, stores, viewed = shown
    cases, overlays = pictures(stores, viewed, rows, n_cases=3)
    names = [case.case_id for case in cases]
    assert len(names) == 3
    assert {names[0], names[-1]} == {"case0", "case3"}
    assert set(overlays[viewed[0]]) == set(names)
    assert pictures(stores, viewed, rows, n_cases=0) == ([], {})


def test_without_files_there_are_no_pictures(shown):
    rows, stores, viewed = shown
    for trial_id in viewed:
        (stores[trial_id].trial_folder(trial_id) / "samples.npz").unlink()
    assert pictures(stores, viewed, rows, n_cases=50) == ([], {})


def test_the_table_of_trials_says_how_each_stands(made):
    store, trials = made()
    first, second, *_ = trials
    for trial_id in (first, second):
        shutil.rmtree(store.trial_folder(trial_id))
    attempt = store.attempts(second).claim(Owner.this_process("run", 0), None)
    attempt.end("failed", fault="trial", error="ValueError: no luck")
    results = collect(store)
    table = trials_table(results).set_index("trial_id")
    assert list(table.index) == list(trials)
    assert table["state"].value_counts().to_dict() == {"finished": 8, "failed": 1, "missing": 1}
    dense = table[table["form"] == "dense"].iloc[0]
    assert dense["dsc"] == pytest.approx(0.915)
    assert (dense["dsc_RV"], dense["hd95"]) == (pytest.approx(0.915), 3.5)
    assert dense["commit"] == "abc"
    assert table.loc[first, ["dsc", "wall_s"]].isna().all()
    left = unfinished_table(results).set_index("trial_id")
    assert left.loc[second, "error"].endswith("ValueError: no luck")
    assert left.loc[first, "state"] == "missing"
