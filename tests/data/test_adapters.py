"""Every adapter from files to scores: scribbles are drawn, a network is trained, predicts, counts.

The networks learn for two steps only; what they learn is tested elsewhere.
"""

import json

import numpy as np
import pandas as pd
import pytest
from layouts.btcv import write_btcv
from layouts.decathlon import write_decathlon
from layouts.medscribble import write_medscribble
from layouts.myops import write_myops
from layouts.own import write_folder, write_nnunet, write_pictures
from test_acdc import write_patient
from test_mscmr import write_case

from scribblebench.data import DATASETS, fingerprint
from scribblebench.io.formats import read_label_map
from scribblebench.io.names import case_name
from scribblebench.types import IGNORE_LABEL

SCORES = ["case_id", "class_id", "class_name", "dsc", "hd", "hd95", "assd", "distance_unit"]


def write_acdc(root):
    for number in (1, 2, 3):
        write_patient(root / "database" / "training", number, frames=(1,))


def write_mscmr(root):
    for number in (1, 2):
        write_case(root, "train", number, "scribble", "manual")
    write_case(root, "val", 3, "manual")


ADAPTERS = {
    "acdc": (write_acdc, {}),
    "mscmr": (write_mscmr, {}),
    "myops": (lambda root: write_myops(root, n=4), {"classes": ["oedema", "scar"]}),
    "btcv": (lambda root: write_btcv(root, n=4), {"organs": ["liver", "spleen"]}),
    "decathlon_brain_tumour": (lambda root: write_decathlon(root, 1, n=4), {}),
    "decathlon_hippocampus": (lambda root: write_decathlon(root, 4, n=4), {}),
    "decathlon_prostate": (lambda root: write_decathlon(root, 5, n=4), {}),
    "msd": (lambda root: write_decathlon(root, 5, n=4), {"task": "prostate"}),
    "folder": (lambda root: write_folder(root, n=8), {"patient": r"^(P\d)"}),
    "nnunet": (lambda root: write_nnunet(root, n=4), {}),
    "pictures": (lambda root: write_pictures(root, n=4, colour=True), {}),
    "medscribble": (write_medscribble, {"annotator": 2}),
}
"""A function that writes files in the official layout, and options."""


def opened(name, tmp_path):
    write, options = ADAPTERS[name]
    write(tmp_path / "data")
    return DATASETS["folder" if name == "pictures" else name](tmp_path / "data", **options), options


def test_no_adapter_is_left_out():
    assert {*ADAPTERS} - {"pictures"} == {*DATASETS} - {"phantom"}


@pytest.mark.parametrize("name", ADAPTERS)
def test_cases_agree_with_what_the_data_set_says_of_itself(tmp_path, name):
    dataset, _ = opened(name, tmp_path)
    assert dataset.name in DATASETS
    assert dataset.facts.title
    case_ids = list(dataset.case_ids())
    assert case_ids == sorted(set(case_ids))
    split = dataset.split()
    assert sorted(c for cases in split.parts.values() for c in cases) == case_ids
    parts_of = {}
    for part, cases in split.parts.items():
        for case_id in cases:
            parts_of.setdefault(dataset.patient_id(case_id), set()).add(part)
    assert all(len(parts) == 1 for parts in parts_of.values())
    for case_id in case_ids:
        case, files = dataset.load(case_id), dataset.files(case_id)
        assert all(path.is_file() for path in files.images)
        assert len(case.image) == len(dataset.facts.channels)
        assert case.image.dtype == np.float32
        assert (case.case_id, case.patient_id) == (case_id, dataset.patient_id(case_id))
        assert (case.label_map is None, case.scribble is None) == (
            files.label is None,
            files.scribble is None,
        )
        assert set(np.unique(case.label_map)) <= set(range(dataset.labels.n_classes))
        assert (case.label_map > 0).any()
    first = [dataset.load(c) for c in case_ids[:2]]
    assert fingerprint(first) == fingerprint([dataset.load(c) for c in case_ids[:2]])


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_trial_and_the_commands_draw_train_predict_and_score_alike(
    tmp_path, tiny, write_protocol, scribblebench, name
):
    """Scribbles of `simulate` are not those of a trial, which has densities of its own."""
    dataset, options = opened(name, tmp_path)
    parts = {part: cases for part, cases in dataset.split().parts.items() if cases}
    tiny["dataset"] = {"name": dataset.name, "options": options}
    tiny |= {"forms": ["random_walk"], "densities": [0.3], "methods": ["pce"]}
    tiny["split"] = {"train": "train", "score": "val" if "val" in parts else "test"}
    path, output = write_protocol(tiny), tmp_path / "results"
    arguments = ("--protocol", path, "--data", tmp_path / "data", "--output", output)
    ended = scribblebench("sweep", *arguments, "--device", "cpu")
    assert ended.code == 0, ended.err
    rows = pd.read_csv(next(output.glob("trials/*/rows.csv")))
    scored = parts[tiny["split"]["score"]]
    assert sorted(rows["case_id"].unique()) == list(scored)
    assert set(rows["class_name"]) == set(dataset.labels.class_names[1:])
    assert rows["dsc"].between(0, 1).all()
    assert (rows["annotated_fraction"] > 0).all()

    def run(command, *arguments):
        ended = scribblebench(command, *arguments)
        assert ended.code == 0, ended.err

    def of(part):
        settings = [f"{key}={json.dumps(value)}" for key, value in options.items()]
        given = [word for setting in settings for word in ("--dataset-option", setting)]
        place = ("--dataset", dataset.name, "--data", tmp_path / "data", "--part", part)
        return (*place, *given)

    drawing = ("--form", "skeleton", "--budget", "0.2")
    run("simulate", *of("train"), *drawing, "--output", tmp_path / "scribbles")
    drawn = [p for p in (tmp_path / "scribbles").iterdir() if p.suffix not in (".json", ".csv")]
    assert {case_name(path) for path in drawn} == {*parts["train"]}
    for path in drawn:
        scribble, there = read_label_map(path)[0], dataset.load(case_name(path)).label_map
        marked = scribble != IGNORE_LABEL
        assert (scribble[marked] > 0).any()
        np.testing.assert_array_equal(scribble[marked], there[marked])
    run("train", *arguments[:4], "--output", tmp_path / "model", "--device", "cpu")
    scored_part = tiny["split"]["score"]
    model = ("--model", tmp_path / "model" / "model.pt")
    run("predict", *model, *of(scored_part), "--output", tmp_path / "pred")
    table = tmp_path / "scores.csv"
    run("evaluate", "--pred", tmp_path / "pred", *of(scored_part), "--output", table)
    found = pd.read_csv(table)[SCORES]
    pd.testing.assert_frame_equal(found, rows[SCORES], check_exact=True)
