"""Splits from files: what is trained on and scored, ids, folders that were moved, errors."""

import json
import shutil

import pytest
from sweeping import sweep

from scribblebench.data.split_file import SplitFile, write_split
from scribblebench.errors import InputError
from scribblebench.sweep.plan import TrialConfig, expand
from scribblebench.sweep.protocol import read_protocol
from scribblebench.sweep.store import Store

IDS = [f"phantom00{k}" for k in range(6)]
PARTS = {"train": (IDS[5], IDS[1]), "val": (IDS[0],), "test": (IDS[2], IDS[3])}
FOLDS = [
    {"train": (*IDS[2:4], *IDS[4:6]), "val": tuple(IDS[:2])},
    {"train": (*IDS[:2], *IDS[4:6]), "val": tuple(IDS[2:4])},
    {"train": tuple(IDS[:4]), "val": tuple(IDS[4:])},
]


@pytest.fixture
def one(tiny):
    """One trial, on six phantoms."""
    return tiny | {"forms": ["dense"], "methods": ["full"]}


def write(path, **content):
    write_split(path, SplitFile(dataset="phantom", **content))
    return path.name


def scored_and_trained(results):
    store = Store(results)
    (trial_id,) = store.finished_ids()
    rows = store.read_rows(trial_id)
    return sorted(set(rows["case_id"])), store.read_result(trial_id), trial_id


def test_parts_of_a_file_are_trained_on_and_scored(one, write_protocol, tmp_path):
    one["split"] = {"file": write(tmp_path / "splits.json", parts=PARTS), "score": "test"}
    path = write_protocol(one)
    (config,) = expand(read_protocol(path))
    assert (config.split.train, config.split.score) == (PARTS["train"], PARTS["test"])
    summary, _ = sweep(path, tmp_path / "out")
    assert summary.finished == 1
    assert scored_and_trained(tmp_path / "out")[0] == list(PARTS["test"])
    rows = Store(tmp_path / "out").read_rows(scored_and_trained(tmp_path / "out")[2])
    assert set(rows["split"]) == {"test"}


def test_a_file_that_says_what_the_data_set_says_gives_the_same_network(
    one, write_protocol, tmp_path
):
    """But for the id: the trial names its cases."""
    sweep(write_protocol(one), tmp_path / "own")
    same = {"train": tuple(IDS[:3]), "val": tuple(IDS[3:5])}
    one["split"] = {"file": write(tmp_path / "splits.json", parts=same)}
    sweep(write_protocol(one, "other.yaml"), tmp_path / "file")
    rows, ids = [], []
    for results in (tmp_path / "own", tmp_path / "file"):
        trial_id = scored_and_trained(results)[2]
        ids.append(trial_id)
        rows.append(Store(results).read_rows(trial_id).drop(columns="trial_id"))
    assert rows[0]["dsc"].equals(rows[1]["dsc"])
    assert ids[0] != ids[1]


def test_folds_of_the_same_cases_are_other_trials(one, write_protocol, tmp_path):
    """The hash of the data is that of all six cases in each fold: it cannot tell them apart."""
    write(tmp_path / "splits.json", folds=FOLDS)
    ids = set()
    for fold in range(3):
        one["split"] = {"file": "splits.json", "fold": fold}
        (config,) = expand(read_protocol(write_protocol(one)))
        assert config.split.score == FOLDS[fold]["val"]
        ids.add(config.trial_id("the same data"))
    assert len(ids) == 3


def test_a_moved_folder_runs_from_itself_alone(one, write_protocol, tmp_path, scribblebench):
    origin = tmp_path / "origin"
    origin.mkdir()
    write(origin / "splits.json", folds=FOLDS)
    one |= {"seeds": [0, 1], "split": {"file": "origin/splits.json", "fold": 1}}
    path = write_protocol(one)
    (first, second) = expand(read_protocol(path))
    sweep(path, tmp_path / "out", max_failures=0, only=[])
    shutil.rmtree(origin)
    path.unlink()
    shutil.move(tmp_path / "out", tmp_path / "moved")
    plan = Store(tmp_path / "moved").read_plan()
    assert [config.split for config in plan.trials.values()] == [first.split, second.split]
    assert json.loads((tmp_path / "moved" / "plan.json").read_text())["shared"]["split"] == [
        json.loads(first.split.model_dump_json())
    ]
    ended = scribblebench("run-trial", tmp_path / "moved")
    assert ended.code == 0, ended.err
    for trial_id in plan.trials:
        rows = Store(tmp_path / "moved").read_rows(trial_id)
        assert set(rows["case_id"]) == set(FOLDS[1]["val"])


def test_the_file_is_looked_for_beside_the_protocol_that_names_it(one, write_protocol, tmp_path):
    (tmp_path / "base").mkdir()
    write(tmp_path / "base" / "splits.json", folds=FOLDS)
    write(tmp_path / "splits.json", parts=PARTS)
    one["split"] = {"file": "splits.json", "fold": 0}
    write_protocol(one, "base/base.yaml")
    mine = {"name": "mine", "extends": "base/base.yaml", "split": {"fold": 2}}
    mine["presets"] = {"own": {"split": {"file": "splits.json", "fold": None}}}
    path = write_protocol(mine, "mine.yaml")
    assert read_protocol(path).split.cases.score == FOLDS[2]["val"]
    assert read_protocol(path, "own").split.cases.score == PARTS["val"]


def test_trials_without_a_file_are_written_as_before(one, write_protocol):
    (config,) = expand(read_protocol(write_protocol(one)))
    assert config.split is None
    assert "split" not in config.model_dump(mode="json")
    assert TrialConfig.model_validate(config.model_dump(mode="json")) == config


def test_prepared_cases_of_several_parts_serve_every_fold(
    one, write_protocol, tmp_path, scribblebench
):
    file = tmp_path / "made.npz"
    parts = [f"--part={part}" for part in ("train", "val", "test")]
    path = write_protocol(one)
    assert scribblebench("prepare", "--protocol", path, "--output", file, *parts).code == 0
    write(tmp_path / "splits.json", folds=FOLDS)
    one["split"] = {"file": "splits.json", "fold": 1}
    sweep(write_protocol(one), tmp_path / "out", prepared=file)
    assert scored_and_trained(tmp_path / "out")[0] == list(FOLDS[1]["val"])


def test_prepare_takes_the_cases_of_the_file(one, write_protocol, tmp_path, scribblebench):
    one["split"] = {"file": write(tmp_path / "splits.json", parts=PARTS)}
    path, file = write_protocol(one), tmp_path / "made.npz"
    ended = scribblebench("prepare", "--protocol", path, "--output", file)
    assert "3 cases (2 train, 1 val)" in ended.out
    sweep(path, tmp_path / "out", prepared=file)
    assert scored_and_trained(tmp_path / "out")[0] == [IDS[0]]


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"file": "none.json"}, r"split\.file: .*none\.json: no such file"),
        ({"file": "tiny.yaml"}, r"split\.file: .*tiny\.yaml: is not JSON \("),
        ({"file": "other.json"}, r"split\.file: .*other\.json: dataset: must be 'phantom', got 'a"),
        ({"file": "parts.json", "train": "trian"}, r"split\.train: .* has no part 'trian'\. Did y"),
        ({"file": "parts.json", "fold": 0}, r"split\.fold: the file has parts and no folds, got 0"),
        ({"file": "folds.json"}, r"split\.fold: must be given, because the file has 3 folds"),
        ({"file": "folds.json", "fold": 3}, r"split\.fold: must be 0 to 2, got 3"),
        ({"fold": 1}, r"split\.fold: goes with file, which must be given"),
        ({"file": ""}, r"split\.file: string should have at least 1 character, got ''"),
    ],
)
def test_mistakes_are_named_with_file_and_key(one, write_protocol, tmp_path, split, message):
    write(tmp_path / "parts.json", parts=PARTS)
    write(tmp_path / "folds.json", folds=FOLDS)
    write_split(tmp_path / "other.json", SplitFile(dataset="acdc", parts={"train": ("a",)}))
    path = write_protocol(one | {"split": split})
    with pytest.raises(InputError, match=f"^{path}: {message}"):
        read_protocol(path)


def test_cases_that_are_not_there_are_named_before_any_work(one, write_protocol, tmp_path):
    parts = {"train": (IDS[0], "phantom032", "phantom033"), "val": (IDS[1],)}
    one["split"] = {"file": write(tmp_path / "splits.json", parts=parts)}
    with pytest.raises(InputError, match=r"^split\.file: 'phantom' has no case 'phantom032' and"):
        sweep(write_protocol(one), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_patient_on_both_sides_is_refused(one, write_protocol, tmp_path, monkeypatch):
    from scribblebench.data.phantom import Phantom

    monkeypatch.setattr(Phantom, "patient_id", lambda self, case_id: "somebody")
    one["split"] = {"file": write(tmp_path / "splits.json", parts=PARTS)}
    with pytest.raises(InputError, match=r"^split: patient 'somebody' is both in 'train' and in"):
        sweep(write_protocol(one), tmp_path / "out")
