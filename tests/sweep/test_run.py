"""The main job end to end on the phantom, and what happens when it is disturbed."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from scribblebench.data.phantom import Phantom
from scribblebench.errors import InputError
from scribblebench.report.collect import COLUMNS, collect
from scribblebench.report.write import write_report
from scribblebench.sweep import run as run_module
from scribblebench.sweep.protocol import ProtocolError, read_protocol
from scribblebench.sweep.run import run_sweep
from scribblebench.sweep.store import Store
from scribblebench.training.checkpoint import Checkpoint


class Recorder:
    def __init__(self):
        self.events = []

    def sweep_started(self, *, n_trials, finished):
        self.events.append(("sweep", n_trials, len(finished)))

    def trial_started(self, config):
        self.events.append(("start", config.label()))

    def step(self, done, total):
        pass

    def trial_finished(self, config, outcome):
        self.events.append(("finish", config.label()))

    def trial_failed(self, config, error):
        self.events.append(("fail", config.label(), error))


def sweep(path, output, **options):
    watcher = Recorder()
    summary = run_sweep(
        read_protocol(path),
        protocol_text=path.read_text(),
        output=output,
        root=options.pop("root", None),
        device=torch.device("cpu"),
        watcher=watcher,
        **options,
    )
    return summary, watcher.events


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
    name, trials = store.read_plan()
    assert name == "tiny"
    for trial_id, config in trials.items():
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
    for trial_id in store.read_plan()[1]:
        samples = store.read_samples(trial_id)
        assert samples["image"].shape == samples["pred"].shape == (2, 32, 32)
        assert (store.read_rows(trial_id)["distance_unit"] == "mm").all()


def test_resampling_cases_of_unknown_spacing_is_refused_before_any_work(
    tiny, write_protocol, tmp_path, monkeypatch
):
    whole = Phantom.load
    monkeypatch.setattr(
        Phantom, "load", lambda self, case_id: replace(whole(self, case_id), spacing_mm=None)
    )
    tiny["training"]["spacing_mm"] = 5.0
    with pytest.raises(InputError, match="phantom000: cannot be resampled to 5 mm"):
        sweep(write_protocol(tiny), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_failing_trial_is_recorded_and_the_others_go_on(protocol, tmp_path, monkeypatch):
    whole = run_module.run_trial

    def fail_at_half(config, *arguments, **options):
        if config.density == 0.5:
            raise FloatingPointError("the loss is nan at step 2")
        return whole(config, *arguments, **options)

    monkeypatch.setattr(run_module, "run_trial", fail_at_half)
    summary, events = sweep(protocol, tmp_path / "out")
    assert (summary.finished, summary.failed) == (2, 1)
    assert ("fail", "random_walk 0.5 r0.5 pce seed 0") in [e[:2] for e in events]
    store = Store(tmp_path / "out")
    failed = [i for i in store.read_plan()[1] if not store.is_finished(i)]
    failure = store.read_failure(failed[0])
    assert failure["error"] == "FloatingPointError: the loss is nan at step 2"
    assert "fail_at_half" in failure["traceback"]

    monkeypatch.setattr(run_module, "run_trial", whole)
    summary, _ = sweep(protocol, tmp_path / "out")
    assert (summary.already_finished, summary.finished, summary.failed) == (2, 1, 0)
    assert store.read_failure(failed[0]) is None


def test_expert_form_without_scribbles_is_refused_before_any_work(tiny, write_protocol, tmp_path):
    tiny["forms"].append("expert")
    with pytest.raises(InputError, match="form 'expert' needs scribbles"):
        sweep(write_protocol(tiny), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def without_dense(monkeypatch):
    """Give the first phantom a scribble in place of its dense labels."""
    whole = Phantom.load

    def load(self, case_id):
        case = whole(self, case_id)
        scribble = np.where(np.arange(48) % 8 == 0, case.label_map, 255).astype(np.uint8)
        label_map = None if case_id == "phantom000" else case.label_map
        return replace(case, label_map=label_map, scribble=scribble)

    monkeypatch.setattr(Phantom, "load", load)


@pytest.mark.parametrize("form", ["random_walk", "dense", "acdc_expert"])
def test_forms_on_cases_without_dense_labels_are_refused_before_any_work(
    tiny, write_protocol, tmp_path, without_dense, form
):
    tiny["forms"] = ["expert", form]
    tiny["methods"] = ["pce", "full"] if form == "dense" else ["pce"]
    if form != "random_walk":
        del tiny["densities"]
    message = f"phantom: form '{form}' needs dense labels, and case 'phantom000' comes without"
    with pytest.raises(InputError, match=message):
        sweep(write_protocol(tiny), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_oracle_without_dense_labels_is_refused_before_any_work(
    tiny, write_protocol, tmp_path, without_dense
):
    tiny["forms"] = ["expert"]
    del tiny["densities"]
    options = {"spatial": {"class_ratio": "oracle"}}
    tiny["methods"] = [{"name": "told", "method": "pce", "options": options}]
    message = "phantom: method 'told' needs dense labels for its oracle, and case 'phantom000'"
    with pytest.raises(InputError, match=message):
        sweep(write_protocol(tiny), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_scored_cases_without_dense_labels_are_refused_before_any_work(
    tiny, write_protocol, tmp_path, without_dense
):
    tiny["split"] = {"train": "val", "score": "train"}
    message = "phantom: scoring needs dense labels, and case 'phantom000' of 'train' comes without"
    with pytest.raises(InputError, match=message):
        sweep(write_protocol(tiny), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_expert_scribbles_are_enough_to_train_on_and_to_report(
    tiny, write_protocol, tmp_path, without_dense
):
    """What cannot be known without dense labels is NaN, and the report draws a line for it."""
    tiny |= {"forms": ["expert"], "methods": ["pce"]}
    del tiny["densities"]
    summary, _ = sweep(write_protocol(tiny), tmp_path / "out")
    assert (summary.finished, summary.failed) == (1, 0)
    rows = collect(Store(tmp_path / "out")).rows
    assert rows["dsc"].notna().all()
    assert rows[["annotated_fraction", "annotation_s"]].isna().all(axis=None)
    assert "| expert | - | - | pce | - | - |" in write_report(tmp_path / "out").markdown


def test_a_preset_that_does_not_know_a_class_is_refused(tiny, write_protocol, tmp_path):
    tiny["forms"][0] = "medscribble"
    message = "forms: preset 'medscribble' does not say how to draw myocardium, LV"
    with pytest.raises(ProtocolError, match=message):
        sweep(write_protocol(tiny), tmp_path / "out")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("split", {"score": "vall"}, "split.score: 'phantom' has no cases in 'vall'. Did you mean"),
        ("split", {"score": "train"}, "split: patient 'phantom000' is both in 'train' and in"),
        ("options", {"sise": 48}, "dataset.options: 'phantom' has no option 'sise'. Did you mean"),
        ("options", {"size": 4800}, "dataset.options: phantom: size must be an integer from 48"),
    ],
)
def test_what_the_data_set_does_not_have_is_named_by_key(
    tiny, write_protocol, tmp_path, key, value, message
):
    (tiny["dataset"] if key == "options" else tiny)[key] = value
    with pytest.raises(ProtocolError) as error:
        sweep(write_protocol(tiny), tmp_path / "out")
    assert str(error.value).startswith(message)


def test_provenance_is_that_of_the_start_whatever_is_committed_meanwhile(
    protocol, tmp_path, monkeypatch
):
    commits = iter(["first", "second", "third", "fourth"])
    monkeypatch.setattr(run_module, "provenance", lambda device: {"commit": next(commits)})
    sweep(protocol, tmp_path / "out")
    store = Store(tmp_path / "out")
    found = {store.read_result(i)["provenance"]["commit"] for i in store.read_plan()[1]}
    assert found == {"first"}


def test_killed_sweep_is_finished_by_the_same_command_without_repeating(
    tiny, write_protocol, tmp_path
):
    """kill -9 as soon as the first trial is finished; trials are made long enough to be hit."""
    tiny["training"]["steps"] = 40
    path, output = write_protocol(tiny), tmp_path / "out"
    command = [sys.executable, "-c", "from scribblebench.cli.app import main; main()", "sweep"]
    command += ["--protocol", str(path), "--output", str(output)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ})
    try:
        deadline = time.monotonic() + 90
        while not (finished := list(output.glob("trials/*/result.json"))):
            assert process.poll() is None, "the sweep ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    finished = list(output.glob("trials/*/result.json"))
    assert 1 <= len(finished) < 3
    stamps = {p: p.stat().st_mtime_ns for p in finished}
    summary, _ = sweep(path, output)
    assert (summary.already_finished, summary.finished) == (len(finished), 3 - len(finished))
    assert {p: p.stat().st_mtime_ns for p in finished} == stamps
    for result in output.glob("trials/*/result.json"):
        assert json.loads(result.read_text())["mean_dsc"] >= 0
        assert len(pd.read_csv(result.with_name("rows.csv"))) == 6


def test_a_sweep_in_pieces_gives_what_one_in_a_go_gives(tiny, write_protocol, tmp_path):
    """A deadline that has passed stops each trial after its first row of history."""
    tiny["training"]["steps"] = 60
    tiny["seeds"] = [0]
    path = write_protocol(tiny)
    whole, _ = sweep(path, tmp_path / "whole")
    assert whole.left == 0
    output = tmp_path / "pieces"
    n_pieces = 0
    while True:
        summary, _ = sweep(path, output, stop_after_s=0.0 if n_pieces == 0 else 0.3)
        n_pieces += 1
        assert summary.failed == 0
        if not summary.left:
            break
        assert n_pieces < 200
    assert n_pieces > 1
    assert not list(output.glob("trials/*/checkpoint.pt"))
    one, other = (collect(Store(folder)).rows for folder in (tmp_path / "whole", output))
    pd.testing.assert_frame_equal(one, other)


def test_a_trial_that_ran_out_of_time_goes_on_from_its_checkpoint(
    tiny, write_protocol, tmp_path, monkeypatch
):
    tiny["training"]["steps"] = 60
    path, output = write_protocol(tiny), tmp_path / "out"
    monkeypatch.setattr(run_module, "Checkpoint", partial(Checkpoint, every_s=0.0))
    monkeypatch.setattr(Checkpoint, "out_of_time", lambda self: True)
    summary, events = sweep(path, output)
    assert (summary.finished, summary.left) == (0, 3)
    assert [e[0] for e in events] == ["sweep", "start"]
    (checkpoint,) = output.glob("trials/*/checkpoint.pt")
    assert torch.load(checkpoint, weights_only=True)["step"] == 25
    monkeypatch.setattr(Checkpoint, "out_of_time", lambda self: False)
    summary, _ = sweep(path, output)
    assert (summary.finished, summary.left) == (3, 0)
    history = pd.read_csv(checkpoint.with_name("history.csv"))
    assert history["step"].tolist() == [25, 50, 60]
    assert not checkpoint.exists()


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


def test_a_checkpoint_of_other_code_is_not_taken_up(tiny, write_protocol, tmp_path, monkeypatch):
    tiny["training"]["steps"] = 60
    path, output = write_protocol(tiny), tmp_path / "out"
    monkeypatch.setattr(Checkpoint, "out_of_time", lambda self: True)
    sweep(path, output)
    monkeypatch.setattr(Checkpoint, "out_of_time", lambda self: False)
    taken = []
    load = Checkpoint.load
    monkeypatch.setattr(
        Checkpoint, "load", lambda self, device: taken.append(load(self, device)) or taken[-1]
    )
    monkeypatch.setattr(run_module, "source_digest", lambda: "changed")
    summary, _ = sweep(path, output)
    assert summary.finished == 3
    assert taken == [None, None, None]


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
    report = write_report(output)
    written = {path.name for path in [*report.tables, *report.figures]}
    assert {"class-ratios.csv", "class-ratios.png", "methods.png"} <= written
