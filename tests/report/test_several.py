"""Several folders in one report."""

import dataclasses

import pytest
from made_results import make_results

from scribblebench.report.collect import collect
from scribblebench.report.several import merge, other_data
from scribblebench.sweep.plan import Imported

PROTOCOL = {
    "name": "made",
    "dataset": {"name": "phantom"},
    "forms": ["skeleton", "expert"],
    "densities": [0.1],
    "methods": ["pce"],
    "seeds": [0, 1],
}


def results(tmp_path, name, **changes):
    protocol = {**PROTOCOL, **changes}
    protocol["forms"] = changes.get("forms", ["skeleton"])
    store, _ = make_results(tmp_path / name, protocol)
    return collect(store)


def test_a_trial_that_is_in_both_folders_counts_once(tmp_path):
    first = results(tmp_path, "a")
    second = results(tmp_path, "b", seeds=[1, 2])
    merged = merge({"a": first, "b": second})
    assert sorted(merged.rows["seed"].unique()) == [0, 1, 2]
    assert len(merged.results) == 3
    assert len(merged.rows) == 3 * len(first.rows) / 2
    assert merged.rows["variant"].isna().all()


def test_trials_of_other_settings_are_told_apart_by_their_folder(tmp_path):
    first = results(tmp_path, "a")
    second = results(tmp_path, "b", training={"steps": 50})
    merged = merge({"a": first, "b": second})
    assert set(merged.rows["variant"].dropna()) == {"b"}
    assert sorted({c.arm() for c in merged.planned.values()}) == ["pce", "pce b"]


def test_trials_of_other_settings_are_told_apart_even_if_they_share_no_seed(tmp_path):
    first = results(tmp_path, "a", seeds=[0, 1])
    second = results(tmp_path, "b", seeds=[2, 3], training={"steps": 50})
    merged = merge({"a": first, "b": second})
    assert sorted({c.arm() for c in merged.planned.values()}) == ["pce", "pce b"]


def test_what_is_missing_in_one_folder_and_finished_in_another_is_there(tmp_path):
    whole = results(tmp_path, "b")
    first = min(whole.results)
    part = dataclasses.replace(
        whole,
        results={i: r for i, r in whole.results.items() if i != first},
        rows=whole.rows[whole.rows["trial_id"] != first],
        failed={first: "no"},
    )
    merged = merge({"a": part, "b": whole})
    assert merged.failed == {}
    assert not merged.missing
    assert len(merged.rows) == len(whole.rows)


def test_imports_of_other_files_are_one_arm_and_are_told_of_without_their_machine(tmp_path):
    parts = {}
    for name, seeds in (("a", [0, 1]), ("b", [2])):
        part = results(tmp_path, name, seeds=seeds)
        imported = Imported(tool="nnunetv2", version="2.8.1", folder=name, digest=name * 16)
        planned = {i: c.model_copy(update={"imported": imported}) for i, c in part.planned.items()}
        elsewhere = {
            i: r
            | {"provenance": r["provenance"] | {"device": name, "commit": name, "source": name}}
            for i, r in part.results.items()
        }
        parts[name] = dataclasses.replace(part, planned=planned, results=elsewhere)
    merged = merge(parts)
    assert {c.arm() for c in merged.planned.values()} == {"pce"}
    assert merged.remarks() == [
        "imported: 'pce' was trained by nnunetv2 2.8.1, and only scored here: its times, its "
        "hardware and its training are not known."
    ]


def test_one_folder_is_left_as_it_is(tmp_path):
    only = results(tmp_path, "a")
    assert merge({"a": only}) is only


def test_other_data_are_marked(tmp_path):
    only = results(tmp_path, "a")
    assert other_data(only) == []
    next(iter(only.results.values()))["data_fingerprint"] = "other"
    (remark,) = other_data(only)
    assert "phantom were run on 2 versions of the data" in remark


@pytest.mark.parametrize("failed", [True, False])
def test_failures_of_all_folders_are_told(tmp_path, failed):
    first = results(tmp_path, "a")
    second = results(tmp_path, "b", seeds=[5])
    second.results.clear()
    if failed:
        second.failed[min(second.planned)] = "skeleton: no luck"
    merged = merge({"a": first, "b": dataclasses.replace(second, rows=second.rows[:0])})
    assert merged.gaps()[0].startswith("2 of 3 trials are finished; ")
    assert any("no luck" in remark for remark in merged.remarks()) == failed
