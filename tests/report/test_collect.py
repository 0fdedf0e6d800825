"""What is read from a results folder, and what a reader is told about it."""

import json

import numpy as np
import pandas as pd
from made_results import write

from scribblebench.report.collect import arms, collect
from scribblebench.sweep.plan_file import Plan
from scribblebench.training.scribble_geometry import check_geometry


def test_results_of_several_versions_or_of_changed_code_are_marked(made):
    store, trials = made()
    first, *_ = trials
    (store.trial_folder(first) / "result.json").unlink()
    write(store, first, trials[first], commit="def", dirty=True)
    remarks = " ".join(collect(store).remarks())
    assert "run by 2 versions of the code" in remarks
    assert "uncommitted changes" in remarks


def test_variants_of_a_method_are_compared_as_methods(made):
    store, _ = made()
    rows = collect(store).rows
    short = (rows["method"] == "pce") & (rows["seed"] == 0)
    rows["variant"] = np.where(short, "steps=300", None)
    assert set(arms(rows)["method"]) == {"pce", "pce steps=300", "full"}


def test_results_from_before_columns_were_added_are_read(made):
    store, trials = made()
    later = ["annotation_s", "coverage_px", "unreached_fraction"]
    for trial_id in trials:
        path = store.trial_folder(trial_id) / "rows.csv"
        pd.read_csv(path).drop(columns=later).to_csv(path, index=False)
        forget_digest(store, trial_id)
    assert collect(store).rows[later].isna().all(axis=None)


def test_results_of_other_commits_with_the_same_code_are_one_version(made):
    store, trials = made()
    for trial_id in trials:
        change_origin(store, trial_id, commit=f"commit of {trial_id}", source="0123")
    assert collect(store).remarks() == []
    change_origin(store, min(trials), source="4567")
    assert "run by 2 versions of the code" in collect(store).remarks()[0]


def test_other_libraries_and_devices_are_marked(made):
    store, trials = made()
    first, *_ = trials
    packages = json.loads((store.trial_folder(first) / "result.json").read_text())["provenance"]
    older = packages["packages"] | {"torch": "2.11.0"}
    change_origin(store, first, packages=older, device="NVIDIA H100")
    remarks = collect(store).remarks()
    assert f"The trials differ in torch: 2.11.0, {packages['packages']['torch']}." in remarks
    assert "The trials differ in device: NVIDIA H100, cpu." in remarks


def change_origin(store, trial_id, **about):
    """Change the provenance of a result."""
    path = store.trial_folder(trial_id) / "result.json"
    result = json.loads(path.read_text())
    result["provenance"] |= about
    path.write_text(json.dumps(result))


def test_rules_of_geometry_that_were_not_used_are_told_with_what_speaks_against_them(made):
    """Volumes of one plane have no slice between two others, which would speak for `absent`."""
    store, trials = made()
    plane = np.full((1, 16, 16), 255, dtype=np.uint8)
    plane[0, 4] = plane[0, 12] = 0
    plane[0, 8, 8] = 1
    path = store.trial_folder(min(trials)) / "result.json"
    result = json.loads(path.read_text()) | {"geometry": check_geometry([plane], 2).record()}
    path.write_text(json.dumps(result))
    (remark,) = collect(store).remarks()
    assert "did without absent, wall, reach: walls are closed in 0% of the slices" in remark
    assert remark.endswith("and no slice lies between two with a scribble of one class.")
    result["geometry"] |= {"missed_fraction": 0.25}
    path.write_text(json.dumps(result))
    assert (
        collect(store).remarks()[0].endswith("25.0% of the classes are missing between two slices.")
    )


def test_trials_that_the_plan_no_longer_asks_for_are_left_out(made):
    store, trials = made()
    dense = {i: c for i, c in trials.items() if c.form == "dense"}
    store.write_plan("", Plan("made", "data", dense))
    results = collect(store)
    assert set(results.rows["form"]) == {"dense"}
    assert results.remarks()[0].startswith("8 more finished trials in the folder belong to")


def forget_digest(store, trial_id):
    """Make a result as of before rows had a digest."""
    path = store.trial_folder(trial_id) / "result.json"
    result = json.loads(path.read_text())
    del result["rows_sha256"]
    path.write_text(json.dumps(result))


def test_a_trial_is_called_what_the_plan_calls_it_now(made):
    """A protocol that grew a grid may take up what was run before it had variants."""
    store, trials = made()
    first, *_ = trials
    named = dict(trials) | {first: trials[first].model_copy(update={"variant": "steps=300"})}
    store.write_plan("", Plan("made", "data", named))
    rows = collect(store).rows
    assert set(rows.loc[rows["trial_id"] == first, "variant"]) == {"steps=300"}
    assert rows.loc[rows["trial_id"] != first, "variant"].isna().all()


def test_a_damaged_trial_counts_as_failed_and_says_why(made):
    store, trials = made()
    first, *_ = trials
    path = store.trial_folder(first) / "rows.csv"
    whole = path.read_text()

    def said():
        results = collect(store)
        assert (len(results.results), list(results.failed)) == (9, [first])
        assert results.gaps()[0].startswith("9 of 10 trials are finished; 1 failed")
        return results.failed[first]

    path.write_text(whole.replace("hd95", "hd96"))
    assert "rows.csv: is not what result.json was written for" in said()
    forget_digest(store, first)
    assert f"{first}: rows.csv has no column 'hd95'" in said()
    path.write_text("".join(whole.splitlines(True)[:-1]))
    assert f"{first}: rows.csv must have one row for each case" in said()
    path.write_text(whole)
    table = pd.read_csv(path)
    table.loc[3, "assd"] = np.nan
    table.to_csv(path, index=False)
    assert "rows.csv has no assd of case 'case1', class LV" in said()
    path.unlink()
    assert f"{first}/rows.csv: cannot be read" in said()
    (store.trial_folder(first) / "result.json").write_text("{")
    assert "result.json: cannot be read" in said()
