"""What a protocol needs of its cases, and what is refused before any work."""

from dataclasses import replace

import numpy as np
import pytest
from sweeping import sweep

from scribblebench.data.phantom import Phantom
from scribblebench.errors import InputError
from scribblebench.report.collect import collect
from scribblebench.report.write import write_report
from scribblebench.sweep.protocol import ProtocolError
from scribblebench.sweep.store import Store


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


def test_expert_form_without_scribbles_is_refused_before_any_work(tiny, write_protocol, tmp_path):
    tiny["forms"].append("expert")
    with pytest.raises(InputError, match=r"^forms: 'expert' needs scribbles"):
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
    message = f"^forms: '{form}' needs dense labels, and case 'phantom000' of 'phantom' comes"
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
    message = "^methods: the oracle of 'told' needs dense labels, and case 'phantom000'"
    with pytest.raises(InputError, match=message):
        sweep(write_protocol(tiny), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_scored_cases_without_dense_labels_are_refused_before_any_work(
    tiny, write_protocol, tmp_path, without_dense
):
    tiny["split"] = {"train": "val", "score": "train"}
    message = "^split.score: 'train' must have dense labels, and case 'phantom000' of 'phantom'"
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
    report = write_report([tmp_path / "out"])
    assert "| expert |" in report.markdown
    assert "nan" not in f"{report.markdown} {report.findings}".lower()


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
