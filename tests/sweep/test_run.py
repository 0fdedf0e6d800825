"""The main job end to end on the phantom, and trials that fail."""

import numpy as np
import pandas as pd
import pytest
import torch
from sweeping import sweep

from scribblebench.report.collect import COLUMNS, collect
from scribblebench.report.write import write_report
from scribblebench.sweep import execution, worker
from scribblebench.sweep.store import Store


def files(folder):
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.parent != folder}


@pytest.fixture
def protocol(tiny, write_protocol):
    return write_protocol(tiny)


def test_every_trial_case_and_class_has_a_row(protocol, tmp_path):
    summary, events = sweep(protocol, tmp_path / "out")
    assert (summary.wanted, summary.finished, summary.failed) == (3, 3, 0)
    assert [e[0] for e in events] == ["sweep", *["start", "finish"] * 3]
    store = Store(tmp_path / "out")
    plan = store.read_plan()
    assert plan.protocol == "tiny"
    for trial_id, config in plan.trials.items():
        rows = store.read_rows(trial_id)
        assert tuple(rows.columns) == COLUMNS
        assert len(rows) == 2 * 3
        assert set(rows["trial_id"]) == {trial_id}
        assert rows["dsc"].between(0, 1).all()
        assert (rows["distance_unit"] == "mm").all()
        assert (rows["failed"] == np.isinf(rows["hd"])).all()
        share = rows["annotated_fraction"].unique()
        expected = 1.0 if config.form == "dense" else config.density
        np.testing.assert_allclose(share, expected, rtol=0.2)
        result = store.read_result(trial_id)
        assert {"commit", "dirty", "packages", "processor"} <= set(result["provenance"])
        assert result["timing"]["wall_s"] > 0


def test_running_again_runs_nothing_and_touches_no_trial(protocol, tmp_path):
    sweep(protocol, tmp_path / "out")
    before = files(tmp_path / "out")
    summary, events = sweep(protocol, tmp_path / "out")
    assert (summary.already_finished, summary.finished) == (3, 0)
    assert events == [("sweep", 3, 3)]
    assert files(tmp_path / "out") == before


def test_a_grown_protocol_runs_only_what_is_new(tiny, write_protocol, tmp_path):
    sweep(write_protocol(tiny), tmp_path / "out")
    tiny["densities"].append(0.9)
    _, events = sweep(write_protocol(tiny), tmp_path / "out")
    assert events[0] == ("sweep", 4, 3)
    assert events[1:] == [
        ("start", "random_walk 0.9 r0.5 pce seed 0"),
        ("finish", "random_walk 0.9 r0.5 pce seed 0"),
    ]


def test_two_sweeps_give_equal_rows_to_the_last_bit(protocol, tmp_path):
    sweep(protocol, tmp_path / "one")
    sweep(protocol, tmp_path / "other")
    one, other = (sorted((tmp_path / n / "trials").glob("*/rows.csv")) for n in ("one", "other"))
    assert len(one) == 3
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in other]


def test_slices_are_resampled_where_the_protocol_says_so(tiny, write_protocol, tmp_path):
    """Phantoms of 48 pixels are 160 mm wide: 32 pixels of 5 mm, which the field of view holds."""
    tiny["training"] |= {"spacing_mm": 5.0, "field_of_view": 32}
    summary, _ = sweep(write_protocol(tiny), tmp_path / "out")
    assert (summary.finished, summary.failed) == (3, 0)
    store = Store(tmp_path / "out")
    for trial_id in store.read_plan().trials:
        samples = store.read_samples(trial_id)
        assert len(samples) == 2
        assert all(case.image.shape == case.pred.shape for case in samples)
        assert (store.read_rows(trial_id)["distance_unit"] == "mm").all()


def test_a_failing_trial_is_recorded_and_the_others_go_on(protocol, tmp_path, monkeypatch):
    whole = execution.run_trial

    def fail_at_half(config, *arguments, **options):
        if config.density == 0.5:
            raise FloatingPointError("the loss is nan at step 2")
        return whole(config, *arguments, **options)

    monkeypatch.setattr(execution, "run_trial", fail_at_half)
    summary, events = sweep(protocol, tmp_path / "out")
    assert (summary.finished, summary.failed) == (2, 1)
    assert ("fail", "random_walk 0.5 r0.5 pce seed 0") in [e[:2] for e in events]
    store = Store(tmp_path / "out")
    failed = [i for i in store.read_plan().trials if not store.is_finished(i)]
    failure = store.read_failure(failed[0])
    assert failure.error == "FloatingPointError: the loss is nan at step 2"
    assert "fail_at_half" in failure.traceback

    monkeypatch.setattr(execution, "run_trial", whole)
    summary, _ = sweep(protocol, tmp_path / "out")
    assert (summary.already_finished, summary.already_failed, summary.failed) == (2, 1, 0)
    summary, _ = sweep(protocol, tmp_path / "out", retry_failed=True)
    assert (summary.already_finished, summary.finished, summary.failed) == (2, 1, 0)
    assert store.read_failure(failed[0]) is None


def test_provenance_is_that_of_the_start_whatever_is_committed_meanwhile(
    protocol, tmp_path, monkeypatch
):
    commits = iter(["first", "second", "third", "fourth"])
    found = worker.provenance(torch.device("cpu"))
    monkeypatch.setattr(worker, "provenance", lambda device: found | {"commit": next(commits)})
    sweep(protocol, tmp_path / "out")
    store = Store(tmp_path / "out")
    found = {store.read_result(i)["provenance"]["commit"] for i in store.read_plan().trials}
    assert found == {"first"}


def test_geometry_that_the_scribbles_do_not_support_is_told(tiny, write_protocol, tmp_path):
    """Random walks leave the background's walls open."""
    tiny["methods"] = ["geometry", "full"]
    tiny["densities"] = [0.1]
    output = tmp_path / "out"
    sweep(write_protocol(tiny), output)
    results = collect(Store(output))
    (check,) = [r["geometry"] for r in results.results.values() if r["geometry"]]
    assert not check["wall_holds"]
    (remark,) = results.remarks()[:1]
    assert remark.startswith("geometry: 'geometry' on 'random_walk' did without wall, reach: walls")


def test_methods_with_other_settings_are_trials_of_their_own(tiny, write_protocol, tmp_path):
    tiny["seeds"] = [0]
    options = {"spatial": {"start": 0.0, "class_ratio": "oracle"}, "entropy": 0.1}
    tiny["methods"] += [{"name": "mine", "method": "pce", "options": options}]
    output = tmp_path / "out"
    sweep(write_protocol(tiny), output)
    results = collect(Store(output))
    assert set(results.rows["method"]) == {"pce", "full", "mine"}
    mine = next(i for i, config in results.finished.items() if config.method == "mine")
    assert {"spatial", "entropy"} <= set(
        pd.read_csv(output / "trials" / mine / "history.csv").columns
    )
    ratios = Store(output).read_ratios(mine)
    assert {"em", "argmax", "annotated", "oracle", "used"} <= set(ratios.columns)
    written = {path.name for path in write_report([output]).paths}
    assert {"class-ratios.csv", "class-ratios.png", "methods.png"} <= written
