"""Plans on the disk."""

import json
import time

import pytest

from scribblebench.errors import InputError
from scribblebench.sweep.plan import Imported, expand
from scribblebench.sweep.plan_file import Plan, read_plan, write_plan
from scribblebench.sweep.protocol import Protocol


def plan_of(content):
    configs = list(expand(Protocol.model_validate(content)))
    return Plan("tiny", "data", {c.trial_id("data"): c for c in configs})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "plan.json"


def test_a_plan_is_read_back_as_it_was_in_its_order(tiny, path):
    tiny["methods"] += ["zscribbleseg", {"name": "x", "method": "pce", "options": {"entropy": 0.1}}]
    tiny["seeds"] = [2, 0]
    plan = plan_of(tiny)
    write_plan(path, plan)
    again = read_plan(path)
    assert (again.protocol, again.data_fingerprint) == ("tiny", "data")
    assert list(again.trials.items()) == list(plan.trials.items())
    assert all(config.trial_id("data") == i for i, config in again.trials.items())


def test_settings_that_trials_share_are_written_once(tiny, path):
    tiny["seeds"] = list(range(100))
    write_plan(path, plan_of(tiny))
    content = json.loads(path.read_text())
    assert len(content["trials"]) == 300
    assert len(content["shared"]["training"]) == 1
    assert len(content["shared"]["objective"]) == 2
    assert content["common"]["dataset"] == "phantom"
    assert "dataset" not in content["trials"][0][1]


def test_a_plan_with_one_trial_and_one_with_none_are_read_back(tiny, path):
    plan = plan_of(tiny | {"forms": ["dense"], "methods": ["full"]})
    for trials in (plan.trials, {}):
        write_plan(path, Plan("tiny", "data", trials))
        assert read_plan(path).trials == trials


def test_plans_of_the_first_format_are_read(tiny, path):
    plan = plan_of(tiny)
    trials = [{"trial_id": i, **c.model_dump(mode="json")} for i, c in plan.trials.items()]
    path.write_text(json.dumps({"protocol": "tiny", "data_fingerprint": "data", "trials": trials}))
    assert read_plan(path).trials == plan.trials


def test_an_equal_plan_is_not_written_again(tiny, path):
    write_plan(path, plan_of(tiny))
    stamp = path.stat().st_mtime_ns
    write_plan(path, plan_of(tiny))
    assert path.stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"format": 9, "trials": []}',
        '{"format": 2, "protocol": "a", "data_fingerprint": "b", "shared": {}, "common": {},'
        ' "trials": [["id", {}]]}',
    ],
)
def test_what_is_no_plan_is_refused_in_one_line(path, content):
    path.write_text(content)
    with pytest.raises(InputError, match=r"plan\.json: cannot be read \(") as error:
        read_plan(path)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_hundred_thousand_trials_are_planned_written_and_read_in_under_ten_seconds(tiny, path):
    content = tiny | {
        "forms": ["skeleton", "random_walk", "points", "chord", "curve"],
        "methods": ["pce"],
        "densities": [i / 200 for i in range(1, 101)],
        "randomness": [i / 20 for i in range(20)],
        "seeds": list(range(10)),
    }
    start = time.process_time()
    plan = plan_of(content)
    assert len(plan.trials) == 100_000
    write_plan(path, plan)
    read_plan(path)
    assert time.process_time() - start < 10


def test_only_imported_trials_say_so_and_they_are_read_back(tiny, path):
    plan = plan_of(tiny)
    write_plan(path, plan)
    assert "imported" not in path.read_text()
    assert not read_plan(path).is_imported
    imported = Imported(tool="nnunetv2", version=None, folder="pred", digest="0" * 16)
    trials = {
        i: config.model_copy(update={"imported": imported if i == first else other})
        for first in [next(iter(plan.trials))]
        for other in [imported.model_copy(update={"digest": "1" * 16})]
        for i, config in plan.trials.items()
    }
    path.unlink()
    write_plan(path, Plan("tiny", "data", trials))
    again = read_plan(path)
    assert again.is_imported
    assert list(again.trials.items()) == list(trials.items())
    assert all(config.trial_id("data") == i for i, config in again.trials.items())
