"""`train` and `predict` as people type them, held against what a sweep does."""

import json
import shlex
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch

from scribblebench.data.phantom import Phantom
from scribblebench.training.model_file import load_model

SCORES = ["case_id", "class_id", "class_name", "dsc", "hd", "hd95", "assd", "distance_unit"]
PIXEL_MM = 160 / 48
AFFINE = np.diag([-PIXEL_MM, PIXEL_MM, 10.0, 1.0])
CPU = torch.device("cpu")


@pytest.fixture
def mscmr(tmp_path):
    """Phantoms in the layout of MSCMRseg: three with scribbles to train on, two with labels."""
    phantom = Phantom(patients=5, size=48, slices=3, train=3, val=2, test=0)
    for part, ids in (("train", phantom.split()["train"]), ("val", phantom.split()["val"])):
        folder = tmp_path / "data" / part
        for sub in ("images", "labels"):
            (folder / sub).mkdir(parents=True)
        for case_id in ids:
            case = phantom.load(case_id)
            stripes = np.where(np.arange(48) % 6 == 0, case.label_map, 4).astype(np.uint8)
            kind, labels = ("scribble", stripes) if part == "train" else ("manual", case.label_map)
            image = case.image[0].astype(np.int16)
            nib.save(nib.Nifti1Image(image.T, AFFINE), folder / "images" / f"{case_id}.nii.gz")
            # Under the name of the image, with the kind as the layout has it.
            path = folder / "labels" / f"{case_id}_{kind}.nii.gz"
            nib.save(nib.Nifti1Image(labels.T, AFFINE), path)
    return tmp_path / "data"


@pytest.fixture
def targets(mscmr, tmp_path):
    """The dense labels of the part that is scored, under the names of the images."""
    folder = tmp_path / "targets"
    folder.mkdir()
    for path in (mscmr / "val" / "labels").iterdir():
        (folder / path.name.replace("_manual", "")).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def protocol(tiny, write_protocol):
    """One trial on pixels of 4 mm: 40 of them a side, padded to 48."""
    tiny |= {"dataset": {"name": "mscmr"}, "forms": ["expert"], "methods": ["pce"]}
    del tiny["densities"]
    tiny["training"] |= {"spacing_mm": 4.0, "steps": 60, "width": 4, "learning_rate": 0.02}
    return write_protocol(tiny)


def trained(scribblebench, protocol, data, output, *more):
    ended = scribblebench(
        "train", "--protocol", protocol, "--data", data, "--output", output, *more
    )
    assert ended.code == 0, ended.err
    return ended


VOLUME = {"volume": {"planes": 5, "patch_planes": 4, "spacing_mm": 8.0}}
"""Three planes of 10 mm become four, with one of padding."""


@pytest.mark.parametrize(
    "changes", [{"largest_component": True}, {"largest_component": False}, VOLUME], ids=str
)
def test_train_predict_and_evaluate_give_the_scores_of_a_trial(
    scribblebench, tiny, write_protocol, protocol, mscmr, targets, tmp_path, changes
):
    tiny["training"] |= changes
    protocol = write_protocol(tiny)
    ended = scribblebench(
        "sweep", "--protocol", protocol, "--data", mscmr, "--output", tmp_path / "swept"
    )
    assert ended.code == 0, ended.err
    trained(scribblebench, protocol, mscmr, tmp_path / "model")
    ended = scribblebench(
        *("predict", "--model", tmp_path / "model" / "model.pt"),
        *("--images", mscmr / "val" / "images", "--output", tmp_path / "pred"),
    )
    assert ended.code == 0, ended.err
    assert "2 images, classes background, RV, myocardium, LV" in ended.out
    ended = scribblebench(
        *("evaluate", "--pred", tmp_path / "pred", "--target", targets),
        *("--class-names", "background,RV,myocardium,LV", "--output", tmp_path / "scores.csv"),
    )
    assert ended.code == 0, ended.err
    (rows,) = (tmp_path / "swept").glob("trials/*/rows.csv")
    one, other = (pd.read_csv(path)[SCORES] for path in (rows, tmp_path / "scores.csv"))
    assert one["dsc"].max() > 0.3
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_train_writes_what_a_trial_writes_and_needs_no_cases_to_score(
    scribblebench, protocol, mscmr, tmp_path
):
    scribblebench("sweep", "--protocol", protocol, "--data", mscmr, "--output", tmp_path / "swept")
    shutil.rmtree(mscmr / "val")
    ended = trained(scribblebench, protocol, mscmr, tmp_path / "model")
    assert "expert pce seed 0: trained. Next: scribblebench predict" in ended.out
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert names == {"model.pt", "config.json", "history.csv"}
    (folder,) = (tmp_path / "swept" / "trials").iterdir()
    one, other = (pd.read_csv(f / "history.csv") for f in (folder, tmp_path / "model"))
    pd.testing.assert_frame_equal(one.drop(columns="seconds"), other.drop(columns="seconds"))
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    assert config.pop("data_fingerprint")
    assert config == json.loads((folder / "config.json").read_text())
    model = load_model(tmp_path / "model" / "model.pt", CPU)
    assert model.labels.class_names == ("background", "RV", "myocardium", "LV")
    assert model.provenance["trial"] == config
    assert "commit" in model.provenance["provenance"]


def test_ratios_are_written_where_there_are_dense_labels(
    scribblebench, tiny, write_protocol, tmp_path
):
    tiny["training"]["steps"] = 6
    protocol = write_protocol(tiny)
    more = ("--form", "random_walk", "--density", "0.5")
    ended = scribblebench(
        "train", "--protocol", protocol, "--output", tmp_path / "model", *more, "--device", "cpu"
    )
    assert ended.code == 0, ended.err
    assert "random_walk 0.5 r0.5 pce seed 0: trained" in ended.out
    assert {"epoch", "oracle"} <= set(pd.read_csv(tmp_path / "model" / "ratios.csv").columns)


def test_an_interrupted_training_goes_on_and_ends_the_same(
    scribblebench, protocol, mscmr, tmp_path
):
    trained(scribblebench, protocol, mscmr, tmp_path / "whole")
    command = ("train", "--protocol", protocol, "--data", mscmr, "--output", tmp_path / "pieces")
    for step in (1, 2):
        ended = scribblebench(*command, "--stop-after", 0)
        assert ended.code == 3
        assert f"out of time: stopped after step {step} of 60" in ended.err
        names = {path.name for path in (tmp_path / "pieces").iterdir()}
        assert names == {"config.json", "checkpoint.pt"}
    assert scribblebench(*command).code == 0
    one, other = (load_model(tmp_path / f / "model.pt", CPU) for f in ("whole", "pieces"))
    state, again = one.network.state_dict(), other.network.state_dict()
    assert all(torch.equal(state[name], again[name]) for name in state)
    assert not (tmp_path / "pieces" / "checkpoint.pt").exists()
    before = (tmp_path / "pieces" / "model.pt").stat().st_mtime_ns
    ended = scribblebench(*command)
    assert "was trained before" in ended.out
    assert (tmp_path / "pieces" / "model.pt").stat().st_mtime_ns == before


def test_a_folder_of_another_trial_or_other_data_is_refused(
    scribblebench, tiny, write_protocol, protocol, mscmr, tmp_path
):
    output = tmp_path / "model"
    trained(scribblebench, protocol, mscmr, output)
    (mscmr / "train" / "images" / "phantom000.nii.gz").unlink()
    command = ("train", "--data", mscmr, "--output", output, "--protocol")
    tiny["seeds"] = [1]
    for path in (protocol, write_protocol(tiny, "other.yaml")):
        ended = scribblebench(*command, path)
        assert ended.code == 2
        assert f"error: {output}: holds another trial or one of other data" in ended.err


def test_train_says_in_one_line_which_trial_it_cannot_tell(
    scribblebench, tiny, write_protocol, tmp_path
):
    command = ("train", "--protocol", write_protocol(tiny), "--output", tmp_path / "model")
    for more, message in (
        ((), "3 trials of the protocol fit; add --method pce | full, --form"),
        (("--method", "pcee"), "has method pcee. Did you mean 'pce'?"),
        (("--method", "full", "--data", "x", "--prepared", "y"), "--prepared: stands in for --d"),
    ):
        ended = scribblebench(*command, *more)
        assert ended.code == 2
        assert message in ended.err
        assert ended.err.count("\n") == 1
    assert not (tmp_path / "model").exists()


def test_a_training_that_diverges_is_told_in_one_line(
    scribblebench, tiny, write_protocol, tmp_path
):
    tiny["training"] |= {"learning_rate": 1e30, "steps": 30}
    more = ("--method", "full", "--protocol", write_protocol(tiny), "--output", tmp_path / "model")
    ended = scribblebench("train", *more)
    assert ended.code == 1
    assert "error: dense full seed 0: training diverged: the loss's term" in ended.err
    assert not (tmp_path / "model" / "model.pt").exists()


def test_a_sweep_keeps_its_models_if_asked(scribblebench, tiny, write_protocol, tmp_path):
    protocol = write_protocol(tiny)
    command = ("sweep", "--protocol", protocol, "--output")
    assert scribblebench(*command, tmp_path / "without").code == 0
    assert not list(tmp_path.rglob("model.pt"))
    assert scribblebench(*command, tmp_path / "with", "--keep-models").code == 0
    models = list((tmp_path / "with").glob("trials/*/model.pt"))
    assert len(models) == 3
    for path in models:
        model = load_model(path, CPU)
        assert model.training.steps == 2
        result = json.loads(path.with_name("result.json").read_text())
        assert model.provenance["mean_dsc"] == result["mean_dsc"]
        stored = torch.load(path, weights_only=True)["weights"]
        assert {t.dtype for t in stored.values() if t.ndim > 1} == {torch.bfloat16}


@pytest.fixture
def model(scribblebench, protocol, mscmr, tmp_path):
    trained(scribblebench, protocol, mscmr, tmp_path / "model")
    return tmp_path / "model" / "model.pt"


def test_predictions_have_the_name_and_the_grid_of_their_image(
    scribblebench, model, mscmr, tmp_path
):
    image = nib.load(mscmr / "val" / "images" / "phantom003.nii.gz")
    shifted = AFFINE.copy()
    shifted[:3, 3] = 5.0, -7.0, 11.0
    source = nib.Nifti1Image(np.asarray(image.dataobj).astype(np.float32)[..., None], shifted)
    source.header.set_xyzt_units("mm", "sec")
    nib.save(source, tmp_path / "one.nii")
    command = ("predict", "--model", model, "--images", tmp_path / "one.nii", "--output")
    assert scribblebench(*command, tmp_path / "pred").code == 0
    pred = nib.load(tmp_path / "pred" / "one.nii")
    assert (pred.shape, pred.get_data_dtype()) == (image.shape, np.uint8)
    np.testing.assert_array_equal(pred.affine, nib.load(tmp_path / "one.nii").affine)
    assert set(np.unique(np.asarray(pred.dataobj))) <= {0, 1, 2, 3}
    for option in ("--no-flips", "--no-largest-component"):
        assert scribblebench(*command, tmp_path / option, option).code == 0
        other = nib.load(tmp_path / option / "one.nii")
        assert (np.asarray(other.dataobj) != np.asarray(pred.dataobj)).any(), option


def test_what_a_model_cannot_predict_is_named_and_the_rest_is_kept(
    scribblebench, model, mscmr, tmp_path
):
    images = mscmr / "val" / "images"
    output = tmp_path / "pred"
    command = ("predict", "--model", model, "--images", images, "--output", output)
    assert scribblebench(*command).code == 0
    whole = images / "phantom004.nii.gz"
    array = np.asarray(nib.load(whole).dataobj)
    content = whole.read_bytes()
    for spoil, message in (
        (lambda: whole.write_bytes(content[:300]), "cannot be read as NIfTI"),
        (
            lambda: nib.save(nib.Nifti1Image(np.stack([array] * 2, -1), AFFINE), whole),
            "must have 1 channel, as the model, got 2",
        ),
        (
            lambda: nib.save(nib.Nifti1Image(array, None), whole),
            "must state its spacing, because the model sees pixels of 4 mm",
        ),
    ):
        spoil()
        ended = scribblebench(*command)
        assert ended.code == 2
        assert ended.err.startswith(f"error: {whole}: {message}")
        assert ended.err.count("\n") == 1
        # What an earlier run has written for this image is not left as if it were of this one.
        assert [path.name for path in output.iterdir()] == ["phantom003.nii.gz"]


def save(path, array, affine=AFFINE):
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def test_an_image_whose_planes_lie_along_another_axis_is_refused(
    scribblebench, model, mscmr, tmp_path
):
    array = np.asarray(nib.load(mscmr / "val" / "images" / "phantom003.nii.gz").dataobj)
    affine = np.diag([10.0, PIXEL_MM, PIXEL_MM, 1.0])
    turned = save(tmp_path / "turned.nii.gz", np.moveaxis(array, 2, 0), affine)
    command = ("predict", "--model", model, "--output", tmp_path / "pred", "--images")
    ended = scribblebench(*command, turned)
    assert ended.code == 2
    assert ended.err == (
        f"error: {turned}: must have its planes along the third axis, where pixels are near "
        "square, got rows 3.33333 mm and columns 10 mm apart\n"
    )
    assert not (tmp_path / "pred").exists()
    oblong = save(tmp_path / "oblong.nii.gz", array, np.diag([1.9, 1.0, 10.0, 1.0]))
    assert scribblebench(*command, oblong).code == 0


def test_label_maps_among_the_images_are_left_out(scribblebench, model, mscmr, tmp_path):
    images, output = mscmr / "val" / "images", tmp_path / "pred"
    labels = np.arange(48 * 48 * 3).reshape(48, 48, 3) % 16
    few = save(images / "a_gt.nii.gz", labels.astype(np.float32))
    save(images / "phantom003_gt.nii.gz", labels.astype(np.uint8))
    save(images / "halves.nii.gz", labels.astype(np.float32) / 2)  # no whole numbers: an image
    save(images / "many.nii.gz", (np.arange(labels.size).reshape(labels.shape) % 17).astype("i2"))
    command = ("predict", "--model", model, "--output", output, "--images")
    ended = scribblebench(*command, images)
    assert ended.code == 0, ended.err
    assert ended.err == f"left out 2 label maps, the first of them {few}\n"
    assert "4 images, classes" in ended.out
    names = ["halves", "many", "phantom003", "phantom004"]
    assert sorted(path.name for path in output.iterdir()) == [f"{n}.nii.gz" for n in names]
    ended = scribblebench(*command, few)
    assert ended.code == 2
    assert ended.err == (
        f"error: {few}: is a label map and not an image: whole numbers, no more than 16 different "
        "ones\n"
    )
    for name in names:
        (images / f"{name}.nii.gz").unlink()
    ended = scribblebench(*command, images)
    assert ended.code == 2
    assert f"{images}: holds no images, only 2 label maps, the first of them {few}" in ended.err


@pytest.mark.parametrize("one", [True, False])
def test_the_next_step_that_predict_names_works(
    scribblebench, model, mscmr, targets, tmp_path, monkeypatch, one
):
    """With the target's file or folder in the place that is left for it."""
    monkeypatch.chdir(tmp_path)
    images, labels = mscmr / "val" / "images", targets
    if one:
        images = images / "phantom003.nii.gz"
        labels = mscmr / "val" / "labels" / "phantom003_manual.nii.gz"
    ended = scribblebench("predict", "--model", model, "--images", images, "--output", "my pred")
    assert ended.code == 0, ended.err
    said, hint = ended.out.split("Next: scribblebench ")
    assert said.startswith("1 image, " if one else "2 images, ")
    command, _, where = hint.partition(", where ")
    assert ("DIR holds dense labels under the images' names (phantom003.nii.gz" in where) != one
    words = shlex.split(command)
    words[words.index("FILE" if one else "DIR")] = labels
    ended = scribblebench(*words)
    assert ended.code == 0, ended.err
    assert set(pd.read_csv("FILE.csv")["class_name"]) == {"RV", "myocardium", "LV"}


def test_predict_does_not_overwrite_its_input_and_names_a_bad_model(
    scribblebench, model, mscmr, tmp_path
):
    images = mscmr / "val" / "images"
    ended = scribblebench("predict", "--model", model, "--images", images, "--output", images)
    assert ended.code == 2
    assert "holds the input file" in ended.err
    spoilt = tmp_path / "spoilt.pt"
    spoilt.write_bytes(model.read_bytes()[:1000])
    ended = scribblebench("predict", "--model", spoilt, "--images", images, "--output", tmp_path)
    assert ended.code == 2
    assert ended.err.startswith(f"error: {spoilt}: is not a model of `scribblebench train`")
    assert ended.err.count("\n") == 1
