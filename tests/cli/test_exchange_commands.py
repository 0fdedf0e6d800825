"""From a protocol to another trainer's data, and from its predictions to a report, as typed."""

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from scribblebench.data import DATASETS
from scribblebench.sweep.store import Store

SCORES = [
    *("case_id", "class_id", "class_name", "dsc", "hd", "hd95", "assd", "distance_unit", "failed"),
    *("patient_id", "dsc_raw", "annotated_fraction", "annotation_s", "coverage_px"),
    *("unreached_fraction", "form", "density", "randomness", "seed", "protocol", "split"),
]
LABELS = ("--form", "random_walk", "--density", "0.5")


@pytest.fixture
def protocol(tiny, write_protocol):
    """Two seeds, whose predictions are not filtered: such as other trainers hand in."""
    tiny["seeds"] = [0, 1]
    tiny["training"]["largest_component"] = False
    return write_protocol(tiny)


@pytest.fixture
def phantom(tiny):
    return DATASETS["phantom"](None, **tiny["dataset"]["options"])


def write_predictions(folder, phantom, label_maps):
    """Write a label map for each scored case, as nnU-Net names them."""
    folder.mkdir()
    for case_id, label_map in zip(phantom.split()["val"], label_maps, strict=True):
        affine = phantom.load(case_id).affine
        nib.save(nib.Nifti1Image(label_map.T, affine), folder / f"{case_id}.nii.gz")
    return folder


@pytest.fixture
def perfect(phantom, tmp_path):
    cases = phantom.split()["val"]
    return write_predictions(
        tmp_path / "perfect", phantom, [phantom.load(c).label_map for c in cases]
    )


@pytest.fixture
def take(scribblebench, protocol, tmp_path):
    """Return a function that imports a folder."""

    def run(folder, *more, method="other", seed=0, output="imported", labels=LABELS):
        return scribblebench(
            *("import-predictions", folder, "--protocol", protocol, *labels, "--seed", seed),
            *("--method", method, "--output", tmp_path / output, *more),
        )

    return run


def imported_rows(folder):
    store = Store(folder)
    return {c.seed: store.read_rows(i) for i, c in store.read_plan().trials.items()}


@pytest.fixture
def own_and_imported(protocol, phantom, take, scribblebench, tmp_path):
    """Return a sweep's folder, and one with the predictions of its two trials imported."""
    own = tmp_path / "own"
    run = ("sweep", "--protocol", protocol, "--output", own, "--device", "cpu")
    assert scribblebench(*run, "--keep-predictions", "--only", "density=0.5").code == 0
    store = Store(own)
    for number, (trial_id, config) in enumerate(store.read_plan().trials.items()):
        if config.density != 0.5:
            continue
        with np.load(store.trial_folder(trial_id) / "predictions.npz") as arrays:
            maps = [arrays["pred_0"], arrays["pred_1"]]
        folder = write_predictions(tmp_path / f"p{number}", phantom, maps)
        ended = take(folder, seed=config.seed)
        assert ended.code == 0, ended.err
    return own, tmp_path / "imported"


def test_own_predictions_that_are_imported_score_as_they_did(
    own_and_imported, scribblebench, tmp_path
):
    """Every column but the trial's name, for a trial of the same scribbles, is the same."""
    own, imported = own_and_imported
    store, again = Store(own), imported_rows(imported)
    assert sorted(again) == [0, 1]
    for trial_id in store.finished_ids():
        rows = store.read_rows(trial_id)
        same = again[rows["seed"].iloc[0]]
        pd.testing.assert_frame_equal(same[SCORES], rows[SCORES])
        assert set(same["method"]) == {"other"}
    ended = scribblebench("status", imported)
    assert "tiny: 2 trials: 2 finished" in ended.out
    ended = scribblebench("export", "rows", imported, "--output", tmp_path / "rows.csv")
    table = pd.read_csv(tmp_path / "rows.csv")
    assert (len(table), set(table["device"])) == (12, {"elsewhere"})
    assert table[["wall_s", "train_s"]].isna().all(axis=None)


@pytest.mark.slow
def test_imported_trials_stand_in_a_report_beside_those_of_a_sweep(
    own_and_imported, scribblebench, tmp_path
):
    """The same predictions under another name differ by nothing."""
    folders, output = own_and_imported, tmp_path / "report"
    ended = scribblebench("report", *folders, "--output", output, "--allow-partial")
    assert ended.code == 0, ended.err
    compared = pd.read_csv(output / "data" / "comparisons.csv")
    methods = compared[compared["family"] == "methods against pce"]
    assert len(methods) > 0
    assert (methods["difference"] == 0).all()
    assert "imported: 'other' was trained by another tool" in ended.err


def test_a_perfect_prediction_has_dice_1_and_says_where_it_is_from(perfect, take, tmp_path):
    ended = take(perfect, "--tool", "nnunetv2", "--tool-version", "2.8.1")
    assert ended.code == 0, ended.err
    assert "random_walk 0.5 r0.5 other seed 0: 2 cases, mean Dice 1.000" in ended.out
    store = Store(tmp_path / "imported")
    ((trial_id, config),) = store.read_plan().trials.items()
    told = json.loads((store.trial_folder(trial_id) / "config.json").read_text())["imported"]
    assert told == store.read_result(trial_id)["imported"] == config.imported.model_dump()
    assert (told["tool"], told["version"], told["folder"]) == ("nnunetv2", "2.8.1", "perfect")
    assert (store.read_rows(trial_id)[["dsc", "dsc_raw"]] == 1).all(axis=None)
    assert [c.case_id for c in store.read_samples(trial_id)] == ["phantom003", "phantom004"]
    for planes in store.read_samples(trial_id):
        np.testing.assert_array_equal(planes.pred, planes.label)


def test_dense_labels_give_full_supervision(perfect, take, tmp_path):
    for method, labels in (("other", LABELS), ("other-full", ("--form", "dense"))):
        assert take(perfect, method=method, labels=labels).code == 0
    store = Store(tmp_path / "imported")
    trials = {config.method: i for i, config in store.read_plan().trials.items()}
    dense = store.read_rows(trials["other-full"])
    assert set(dense["annotated_fraction"]) == set(dense["density"]) == {1.0}
    assert set(store.read_rows(trials["other"])["density"]) == {0.5}


def _trials(folder):
    return sorted((folder / "trials").iterdir())


def test_the_same_trial_is_replaced_only_on_request(perfect, phantom, take, tmp_path):
    assert take(perfect).code == 0
    empty = [np.zeros_like(phantom.load(c).label_map) for c in phantom.split()["val"]]
    other = write_predictions(tmp_path / "empty", phantom, empty)
    ended = take(other)
    assert ended.code == 2
    assert "other seed 0' is there already, from the folder 'perfect'; --replace" in ended.err
    assert imported_rows(tmp_path / "imported")[0]["dsc"].min() == 1
    assert take(other, "--replace").code == 0
    assert imported_rows(tmp_path / "imported")[0]["dsc"].max() == 0
    assert len(_trials(tmp_path / "imported")) == 1


def test_nothing_is_kept_of_predictions_that_cannot_be_scored(perfect, take, tmp_path):
    (perfect / "phantom004.nii.gz").unlink()
    ended = take(perfect)
    assert ended.code == 2
    assert "lacks 1 of 2: phantom004" in ended.err
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("pce", "--method: must be a new name, got 'pce'"),
        ("zscribbleseg", "--method: must be a new name, got 'zscribbleseg'"),
        ("a b", "--method: must be letters, digits, . _ + -, got 'a b'"),
    ],
)
def test_a_method_needs_a_name_of_its_own(perfect, take, method, message):
    ended = take(perfect, method=method)
    assert ended.code == 2
    assert message in ended.err


def test_labels_that_are_not_told_apart_are_asked_for(perfect, take):
    assert "add --density 0.1 | 0.5" in take(perfect, labels=("--form", "random_walk")).err
    assert "has seed 5. Known: 0, 1." in take(perfect, seed=5).err


def test_sweeps_and_imports_do_not_share_a_folder(perfect, take, protocol, scribblebench, tmp_path):
    assert take(perfect).code == 0
    run = ("sweep", "--protocol", protocol, "--device", "cpu", "--only", "form=dense")
    ended = scribblebench(*run, "--output", tmp_path / "imported")
    assert ended.code == 2
    assert "imported: holds imported results; give another --output" in ended.err
    assert len(Store(tmp_path / "imported").read_plan().trials) == 1
    assert scribblebench(*run, "--output", tmp_path / "own").code == 0
    ended = take(perfect, output="own")
    assert "own: holds results of a sweep; give another --output" in ended.err


def test_other_data_need_another_folder(perfect, take, tiny, protocol, write_protocol):
    assert take(perfect).code == 0
    tiny["dataset"]["options"]["seed"] = 1
    write_protocol(tiny)
    ended = take(perfect, seed=1)
    assert ended.code == 2
    assert "imported: holds results on other data (" in ended.err


def test_a_missing_import_is_not_trained(perfect, take, scribblebench, tmp_path):
    assert take(perfect).code == 0
    (folder,) = _trials(tmp_path / "imported")
    assert scribblebench("run-trial", tmp_path / "imported", "--device", "cpu").code == 0
    (folder / "result.json").unlink()
    ended = scribblebench("run-trial", tmp_path / "imported", "--device", "cpu")
    assert ended.code == 2
    assert f"trial {folder.name} was imported, and its result is gone; import it again" in ended.err
    assert "1 to do" in scribblebench("status", tmp_path / "imported").out
    assert take(perfect).code == 0


def test_nnunet_gets_the_labels_of_a_trial(protocol, scribblebench, tmp_path):
    where = ("--protocol", protocol, "--output", tmp_path / "raw", "--dataset-id", 501)
    ended = scribblebench("export", "nnunet", *where, *LABELS, "--seed", 1)
    assert ended.code == 0, ended.err
    folder = tmp_path / "raw" / "Dataset501_phantom-random_walk-0.5-r0.5-seed1"
    assert f"3 training cases and 2 to predict: {folder}" in ended.out
    assert {p.name for p in folder.iterdir()} == {
        *("dataset.json", "imagesTr", "labelsTr", "imagesTs", "labelsTs"),
        *("scribblebench.json", "splits_final.json"),
    }
    assert (
        "(was there already)" in scribblebench("export", "nnunet", *where, *LABELS, "--seed", 1).out
    )
    ended = scribblebench("export", "nnunet", *where, *LABELS, "--seed", 0)
    assert ended.code == 2
    assert "has this number already" in ended.err
    ended = scribblebench("export", "nnunet", *where, "--form", "random_walk", "--seed", 0)
    assert "add --density 0.1 | 0.5" in ended.err
    # Dense labels are the same for all seeds.
    ended = scribblebench("export", "nnunet", *where[:-1], 502, "--form", "dense", "--name", "full")
    assert "Dataset502_full" in ended.out


SHARES = {"grid": {"slice_share": [1, 0.5]}, "densities": [0.5]}


@pytest.mark.parametrize("command", ["export", "import"])
def test_labels_on_a_part_of_the_slices_are_not_taken_for_all(
    command, tiny, write_protocol, scribblebench, perfect, tmp_path
):
    where = ("--protocol", write_protocol(tiny | SHARES), "--output", tmp_path / "out", *LABELS)
    start = ("export", "nnunet", "--dataset-id", 501)
    if command == "import":
        start = ("import-predictions", perfect, "--method", "other")
    ended = scribblebench(*start, *where, "--seed", 0)
    assert ended.code == 2
    assert "trials of the protocol fit; add --variant slice_share=1 | slice_share=0.5" in ended.err
    assert scribblebench(*start, *where, "--seed", 0, "--variant", "slice_share=0.5").code == 0


def test_an_export_with_other_labels_under_the_same_name_is_refused(
    tiny, write_protocol, scribblebench, tmp_path
):
    output = ("--output", tmp_path / "raw", "--dataset-id", 501, "--name", "one", "--seed", 0)
    path = write_protocol(tiny | SHARES)
    export = ("export", "nnunet", "--protocol", path, *LABELS, *output, "--variant")
    assert scribblebench(*export, "slice_share=1").code == 0
    ended = scribblebench(*export, "slice_share=0.5")
    assert ended.code == 2
    assert "Dataset501_one: is there with other content" in ended.err


def test_an_export_that_is_no_longer_whole_is_not_taken_for_there(
    protocol, scribblebench, tmp_path
):
    where = ("--output", tmp_path / "raw", "--dataset-id", 501, "--name", "one", "--seed", 0)
    export = ("export", "nnunet", "--protocol", protocol, *LABELS, *where)
    assert scribblebench(*export).code == 0
    path = sorted((tmp_path / "raw").glob("*/labelsTr/*"))[1]
    content = path.read_bytes()
    path.unlink()
    ended = scribblebench(*export)
    assert ended.code == 2
    assert f"{path}: is not as it was written; remove the data set" in ended.err
    path.write_bytes(content)
    assert "(was there already)" in scribblebench(*export).out


def test_without_a_variant_the_name_says_where_scribbles_are(
    tiny, write_protocol, scribblebench, tmp_path
):
    path = write_protocol(tiny | {"slice_share": 0.5, "densities": [0.5]})
    where = ("--output", tmp_path / "raw", "--dataset-id", 501, "--seed", 0)
    assert scribblebench("export", "nnunet", "--protocol", path, *LABELS, *where).code == 0
    assert (tmp_path / "raw" / "Dataset501_phantom-random_walk-0.5-r0.5-slices0.5-seed0").is_dir()
