"""Ids are what they were, and are made fast."""

import hashlib
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scribblebench
from scribblebench.methods import METHODS
from scribblebench.scribbles import FORMS
from scribblebench.sweep import identity
from scribblebench.sweep.case_split import CaseSplit
from scribblebench.sweep.identity import canonical_json
from scribblebench.sweep.plan import SCHEMA, TrialConfig, expand
from scribblebench.sweep.protocol import Protocol, read_with_presets, shipped_protocols
from scribblebench.training.settings import AugmentationSettings, TrainingSettings, VolumeSettings

RESULTS = Path(scribblebench.__file__).parent.parent / "results"
OF_THIS_SCHEMA = {"ablation-acdc", "collapse-acdc", "em-audit", "mscmr"}
"""The others were made before settings were added that are part of the ids now."""


def id_as_json_dumps_makes_it(trial, data):
    content = {
        "schema": SCHEMA,
        "data": data,
        "trial": trial.model_dump(mode="json", exclude={"variant"}),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
options = st.recursive(
    st.none() | st.booleans() | numbers | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
trainings = st.builds(
    TrainingSettings,
    spacing_mm=st.none() | st.floats(0.1, 20),
    steps=st.integers(1, 10**7),
    learning_rate=st.floats(1e-9, 1e3),
    augmentation=st.builds(AugmentationSettings, flip=st.floats(0, 1)),
    test_time_flips=st.booleans(),
    volume=st.none() | st.just(VolumeSettings(planes=8, patch_planes=4)),
)
ids = st.lists(st.text(), max_size=3).map(tuple)
trials = st.builds(
    TrialConfig,
    dataset=st.text(),
    dataset_options=st.dictionaries(st.text(), options, max_size=3),
    train_part=st.text(),
    score_part=st.text(),
    form=st.text(),
    density=st.none() | st.floats(0, 1),
    randomness=st.none() | st.integers(0, 1) | st.floats(0, 1),
    background=st.none() | st.sampled_from(["near", "far", "whole", "none"]),
    background_density=st.none() | st.floats(0, 1),
    method=st.text(),
    objective=st.none() | st.sampled_from([METHODS[name].objective for name in METHODS]),
    seed=st.integers(0, 2**80),
    training=trainings,
    variant=st.none() | st.text(),
    split=st.none() | st.builds(CaseSplit, train=ids, score=ids),
    slice_share=st.none() | st.floats(0, 1),
    draw=st.sampled_from([None, "slices", "volume"]),
)


@given(trial=trials, data=st.text())
def test_ids_are_those_of_plain_json(trial, data):
    assert trial.trial_id(data) == id_as_json_dumps_makes_it(trial, data)


@given(value=options)
def test_values_are_written_as_json_dumps_does(value):
    config = TrialConfig.model_construct(dataset_options={"value": value})
    plain = config.model_dump(mode="json", include={"dataset_options"})["dataset_options"]
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    assert canonical_json({"value": value}) == text


def test_a_text_is_kept_for_an_object_not_for_its_address():
    """Objects that are made and dropped in turn often get the same address."""
    for steps in range(1, 4 * identity._KEPT):
        assert f'"steps":{steps},' in canonical_json(TrainingSettings(steps=steps))
        assert len(identity._texts) <= identity._KEPT


@pytest.mark.parametrize("folder", sorted(OF_THIS_SCHEMA))
def test_ids_of_committed_results_are_theirs(folder):
    path = RESULTS / folder / "plan.json"
    if not path.is_file():
        pytest.skip("results do not come with the package")
    plan = json.loads(path.read_text())
    protocols = read_with_presets(shipped_protocols() / f"{folder}.yaml").values()
    protocol = next(p for p in protocols if p.name == plan["protocol"])
    written = {trial.pop("trial_id"): trial for trial in plan["trials"]}
    assert len(written) > 20
    for trial_id, content in written.items():
        assert TrialConfig.model_validate(content).trial_id(plan["data_fingerprint"]) == trial_id
    planned = {t.trial_id(plan["data_fingerprint"]): t for t in expand(protocol)}
    assert list(planned) == list(written)
    assert [t.model_dump(mode="json") for t in planned.values()] == list(written.values())


def test_first_trials_of_shipped_protocols_have_the_ids_they_had():
    """Other ids mean that results in users' folders are not found again: raise SCHEMA."""
    ids = {
        protocol.name: next(expand(protocol)).trial_id("data")
        for path in sorted(shipped_protocols().glob("*.yaml"))
        for protocol in read_with_presets(path).values()
    }
    assert ids == {
        "ablation-acdc": "a2fbe740e6c5",
        "ablation-acdc-gpu": "d8471e3aec91",
        "collapse-acdc": "a2fbe740e6c5",
        "efficiency-acdc": "45edecc21afc",
        "efficiency": "c61ad931dc7c",
        "em-audit": "a2fbe740e6c5",
        "hippocampus": "6dd32a772d4c",
        "mscmr": "c2c85e033088",
        "mscmr-gpu": "e0550691c930",
        "realism-acdc": "a2fbe740e6c5",
    }


@pytest.mark.slow
def test_a_hundred_thousand_trials_are_planned_in_seconds():
    """1.7 s on one core of a busy machine; the bound is what a sweep can afford."""
    protocol = Protocol.model_validate(
        {
            "name": "big",
            "dataset": {"name": "phantom"},
            "forms": FORMS.names(),
            "densities": [round(0.01 * i, 2) for i in range(1, 101)],
            "randomness": [round(0.1 * i, 1) for i in range(10)],
            "methods": ["pce"],
            "seeds": list(range(10)),
        }
    )
    start = time.process_time()
    ids = {trial.trial_id("0123456789abcdef") for trial in expand(protocol)}
    seconds = time.process_time() - start
    assert len(ids) == 100_000
    assert seconds < 5.0
