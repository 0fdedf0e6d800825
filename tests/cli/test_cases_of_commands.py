"""Pictures, channels in files of their own, and data sets, in `simulate`, `predict`, `evaluate`."""

import json
import shlex
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import tifffile
from layouts.btcv import write_btcv
from layouts.decathlon import write_decathlon
from PIL import Image

AFFINE = np.diag([-1.5, -1.5, 5.0, 1.0])
CLASSES = ("--class-names", "background,left,right")


def bars(seed):
    """Return a label map of two classes, shape (32, 40), and an image of it."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((32, 40), dtype=np.uint8)
    labels[6:26, 5:15], labels[8:24, 20 + seed : 32 + seed] = 1, 2
    return labels, (60 + 70 * labels + rng.normal(0, 3, labels.shape)).astype(np.uint8)


@pytest.fixture
def pictures(tmp_path):
    """Five pictures with labels, as a folder of one's own."""
    root = tmp_path / "pictures"
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
    for seed in range(5):
        labels, image = bars(seed)
        Image.fromarray(image).save(root / "images" / f"p{seed}.png")
        Image.fromarray(labels).save(root / "labels" / f"p{seed}.png")
    (root / "dataset.yaml").write_text("classes: [background, left, right]\n")
    return root


@pytest.fixture
def protocol(tiny, write_protocol):
    tiny |= {"forms": ["dense"], "methods": ["full"]}
    tiny["dataset"] = {"name": "folder"}
    tiny["training"] |= {"steps": 40, "width": 4, "learning_rate": 0.02, "patch": 48}
    tiny["split"] = {"train": "train", "score": "test"}
    return write_protocol(tiny)


def trained(scribblebench, protocol, data, output):
    ended = scribblebench("train", "--protocol", protocol, "--data", data, "--output", output)
    assert ended.code == 0, ended.err
    return output / "model.pt"


def test_scribbles_on_pictures_are_pictures(scribblebench, pictures, tmp_path):
    command = ("simulate", "--labels", pictures / "labels", "--form", "skeleton", "--budget", "0.1")
    ended = scribblebench(*command, "--output", tmp_path / "out", "--overlays", "--strokes")
    assert ended.code == 0, ended.err
    for seed in range(5):
        with Image.open(tmp_path / "out" / f"p{seed}.png") as file:
            assert file.mode == "L"
            scribble = np.asarray(file)
        labels, _ = bars(seed)
        there = scribble != 255
        assert set(np.unique(scribble)) == {0, 1, 2, 255}
        np.testing.assert_array_equal(scribble[there], labels[there])
        about = json.loads((tmp_path / "out" / f"p{seed}.json").read_text())
        assert (about["source"], about["unit"]) == (f"p{seed}.png", "px")
    assert (tmp_path / "out" / "p0-overlay.png").is_file()
    # The folder is one of scribbles again: overlays and strokes are passed over.
    ended = scribblebench(
        "realism", "--scribbles", tmp_path / "out", "--labels", pictures / "labels"
    )
    assert ended.code == 0, ended.err
    again = scribblebench(*command, "--output", tmp_path / "out")
    assert again.code == 0, again.err
    assert not (tmp_path / "out" / "p0-overlay.png").exists()


def test_pages_of_a_tiff_are_slices(scribblebench, tmp_path):
    stack = np.stack([bars(seed)[0] for seed in range(3)])
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    command = ("simulate", "--labels", tmp_path / "stack.tif", "--form", "chord", "--budget", "0.1")
    ended = scribblebench(*command, "--output", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert tifffile.imread(tmp_path / "out" / "stack.tif").shape == stack.shape
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert sorted(summary["slice_index"].unique()) == [0, 1, 2]


def test_pictures_are_predicted_and_scored_as_the_data_set_they_are(
    scribblebench, pictures, protocol, tmp_path
):
    model = trained(scribblebench, protocol, pictures, tmp_path / "model")
    predict = ("predict", "--model", model, "--output")
    ended = scribblebench(*predict, tmp_path / "one", "--images", pictures / "images")
    assert ended.code == 0, ended.err
    assert "dense labels under the images' names (p0.png, ...)" in ended.out
    of_dataset = ("--dataset", "folder", "--data", pictures)
    ended = scribblebench(*predict, tmp_path / "two", *of_dataset)
    assert ended.code == 0, ended.err
    assert f"evaluate --pred {tmp_path / 'two'} --dataset folder --data {pictures}" in ended.out
    for seed in range(5):
        one, two = (np.asarray(Image.open(tmp_path / d / f"p{seed}.png")) for d in ("one", "two"))
        np.testing.assert_array_equal(one, two)
    targets = ("--target", pictures / "labels", *CLASSES)
    tables = []
    for pred, source in (("one", targets), ("two", of_dataset)):
        output = tmp_path / f"{pred}.csv"
        ended = scribblebench("evaluate", "--pred", tmp_path / pred, *source, "--output", output)
        assert ended.code == 0, ended.err
        tables.append(pd.read_csv(output))
    pd.testing.assert_frame_equal(*tables)
    assert tables[0]["dsc"].mean() > 0.5
    # A photograph's label map is no photograph.
    Image.open(pictures / "images" / "p0.png").convert("L").save(tmp_path / "photo.jpg", quality=95)
    ended = scribblebench(*predict, tmp_path / "three", "--images", tmp_path / "photo.jpg")
    assert ended.code == 0, ended.err
    assert [p.name for p in (tmp_path / "three").iterdir()] == ["photo.png"]


def test_images_larger_than_the_field_of_view_are_told_of(
    scribblebench, pictures, protocol, tmp_path
):
    """The model sees 48 x 48 pixels about the middle of 60 x 40."""
    model = trained(scribblebench, protocol, pictures, tmp_path / "model")
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (60, 40)).astype(np.uint8)).save(tmp_path / "large.png")
    for path, told in ((tmp_path / "large.png", True), (pictures / "images" / "p0.png", False)):
        ended = scribblebench(
            *("predict", "--model", model, "--images", path, "--output", tmp_path / "pred")
        )
        assert ended.code == 0, ended.err
        assert ("note: 1 image larger than the model's field of view" in ended.err) is told
    pred = np.asarray(Image.open(tmp_path / "pred" / "large.png"))
    assert pred.shape == (60, 40)
    assert not pred[:6].any()


def test_channels_may_lie_in_files_of_their_own(
    scribblebench, protocol, tiny, write_protocol, tmp_path
):
    """The same two channels, in two files and along the fourth axis, give the same labels."""
    root = tmp_path / "data"
    for folder in ("images", "labels", "whole"):
        (root / folder).mkdir(parents=True)
    for seed in range(5):
        labels, image = bars(seed)
        channels = [image[:, ::-1], image]
        for number, channel in enumerate(channels):
            path = root / "images" / f"p{seed}_{number:04d}.nii.gz"
            nib.save(nib.Nifti1Image(channel.T[..., None], AFFINE), path)
        both = np.stack([c.T[..., None] for c in channels], axis=-1)
        nib.save(nib.Nifti1Image(both, AFFINE), root / "whole" / f"p{seed}.nii.gz")
        nib.save(nib.Nifti1Image(labels.T[..., None], AFFINE), root / "labels" / f"p{seed}.nii.gz")
    (root / "dataset.yaml").write_text(
        "classes: [background, left, right]\nimages: images/{case}_{channel}\n"
    )
    model = trained(scribblebench, protocol, root, tmp_path / "model")
    for folder in ("images", "whole"):
        ended = scribblebench(
            *("predict", "--model", model, "--images", root / folder),
            *("--output", tmp_path / folder),
        )
        assert ended.code == 0, ended.err
        assert "5 images" in ended.out
    names = [f"p{seed}.nii.gz" for seed in range(5)]
    assert sorted(p.name for p in (tmp_path / "images").iterdir()) == names
    for name in names:
        one, two = (nib.load(tmp_path / f / name) for f in ("images", "whole"))
        np.testing.assert_array_equal(one.get_fdata(), two.get_fdata())
        np.testing.assert_array_equal(one.affine, AFFINE)
        assert one.shape == (40, 32, 1)
    again = (
        "predict",
        "--model",
        model,
        "--images",
        root / "images",
        "--output",
        tmp_path / "less",
    )
    # One channel may be a mask: it is no label map that has got among the images.
    path = root / "images" / "p2_0001.nii.gz"
    nib.save(nib.Nifti1Image((bars(2)[0].T[..., None] > 0).astype(np.uint8), AFFINE), path)
    assert "5 images" in scribblebench(*again).out
    (root / "images" / "p3_0001.nii.gz").unlink()
    ended = scribblebench(*again)
    assert ended.code == 2
    assert "p3_0000.nii.gz: must have 2 channels, as the model, got 1" in ended.err
    (root / "images" / "p4_0000.nii.gz").unlink()
    ended = scribblebench(*again)
    assert ended.code == 2
    assert "p4_0000.nii.gz: no such file, although p4_0001.nii.gz is there" in ended.err


def test_predictions_of_raw_scans_see_the_window_of_the_training(
    scribblebench, tiny, write_protocol, tmp_path
):
    """Metal and air of the scans lie far outside the window, which the model keeps."""
    root = write_btcv(tmp_path / "data", n=4)
    tiny["dataset"] = {"name": "btcv", "options": {"organs": ["aorta"]}}
    tiny |= {"forms": ["dense"], "methods": ["full"]}
    tiny["training"] |= {"steps": 150, "width": 8, "learning_rate": 0.01, "batch_size": 4}
    protocol, place = write_protocol(tiny), ("--data", root, "--device", "cpu")
    output = tmp_path / "swept"
    ended = scribblebench("sweep", "--protocol", protocol, *place, "--output", output)
    assert ended.code == 0, ended.err
    rows = pd.read_csv(next(output.glob("trials/*/rows.csv")))
    ended = scribblebench("train", "--protocol", protocol, *place, "--output", tmp_path / "model")
    assert ended.code == 0, ended.err
    (case_id,) = rows["case_id"].unique()
    scan = root / "RawData" / "Training" / "img" / f"{case_id}.nii.gz"
    predict = ("predict", "--model", tmp_path / "model" / "model.pt", "--images", scan)
    ended = scribblebench(*predict, "--output", tmp_path / "pred")
    assert ended.code == 0, ended.err
    ended = scribblebench(
        *("evaluate", "--pred", tmp_path / "pred", "--dataset", "btcv", "--data", root),
        *("--dataset-option", "organs=[aorta]", "--output", tmp_path / "scores.csv"),
    )
    assert ended.code == 0, ended.err
    scores = pd.read_csv(tmp_path / "scores.csv")
    assert rows["dsc"].max() > 0
    assert scores["dsc"].tolist() == rows["dsc"].tolist()


def test_a_data_set_and_files_are_one_or_the_other(scribblebench, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("SCRIBBLEBENCH_DATA", str(pictures))
    draw = ("simulate", "--output", tmp_path / "out", "--form", "skeleton", "--budget", "0.1")
    labels = ("--labels", pictures / "labels")
    for more, message in (
        ((), "--labels or --dataset must be given"),
        ((*labels, "--dataset", "folder"), "--labels or --dataset must be given, not both"),
        ((*labels, "--part", "val"), "--part: goes with --dataset, not with --labels"),
        ((*labels, "--data", pictures), "--data: goes with --dataset, not with --labels"),
        (("--dataset", "foler"), "Did you mean 'folder'?"),
        (("--dataset", "folder", "--part", "vall"), "no cases in 'vall'. Did you mean 'val'?"),
        (("--dataset", "folder", "--dataset-option", "x"), "--dataset-option: must be KEY=VALUE"),
        (("--dataset", "folder", "--dataset-option", "clases=1"), "Did you mean 'classes'?"),
    ):
        ended = scribblebench(*draw, *more)
        assert ended.code == 2, more
        assert message in ended.err
        assert ended.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
    ended = scribblebench(*draw, "--dataset", "folder", "--part", "val")
    assert ended.code == 0, ended.err
    assert len([*(tmp_path / "out").glob("*.png")]) == 1


def test_scribbles_of_a_data_set_hold_its_class_ids_for_every_case(scribblebench, tmp_path):
    """A case that lacks a class is drawn on like the others, with the same budgets by class."""
    draw = ("simulate", "--form", "random_walk", "--budget", "1=0.1,2=0.1,3=5px", "--dataset")
    options = ("--dataset-option", "patients=3", "--dataset-option", "size=48")
    ended = scribblebench(*draw, "phantom", *options, "--output", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert len([*(tmp_path / "out").glob("*.nii.gz")]) == 3
    scribble = np.asarray(nib.load(next((tmp_path / "out").glob("*.nii.gz"))).dataobj)
    assert set(np.unique(scribble)) == {0, 1, 2, 3, 255}
    assert scribble.dtype == np.uint8


def test_evaluate_asks_for_predictions_of_all_of_a_part_and_dense_labels(
    scribblebench, pictures, tmp_path
):
    pred = tmp_path / "pred"
    shutil.copytree(pictures / "labels", pred)
    (pred / "p1.png").unlink()
    command = ("evaluate", "--pred", pred, "--dataset", "folder", "--data", pictures)
    command += ("--output", tmp_path / "m.csv")
    assert scribblebench(*command).code == 0
    table = pd.read_csv(tmp_path / "m.csv")
    assert sorted(table["case_id"].unique()) == ["p0", "p2", "p3", "p4"]
    assert (table["dsc"] == 1).all()
    for path in pred.iterdir():
        path.unlink()
    shutil.copy(pictures / "labels" / "p1.png", pred / "other.png")
    ended = scribblebench(*command)
    assert "must hold label maps named by case, lacks 5 of 5, the first of them p0" in ended.err
    ended = scribblebench(*command, "--part", "test")
    assert "lacks 1 of 1" in ended.err
    ended = scribblebench(*command, *CLASSES)
    assert "--class-names: are the data set's" in ended.err


def test_label_maps_are_not_written_among_the_files_they_are_made_from(
    scribblebench, pictures, tmp_path
):
    """The scribbles of a.bmp are called a.png, which may be another picture."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    Image.fromarray(bars(0)[0]).save(folder / "a.bmp")
    Image.fromarray(bars(0)[1]).save(folder / "a.png")
    before = (folder / "a.png").read_bytes()
    draw = ("simulate", "--form", "skeleton", "--budget", "0.1", "--output", folder)
    ended = scribblebench(*draw, "--labels", folder / "a.bmp")
    assert ended.code == 2
    assert f"--output: holds the input file {folder / 'a.bmp'}, give a folder" in ended.err
    assert (folder / "a.png").read_bytes() == before
    draw = (*draw[:-1], pictures / "images", "--dataset", "folder", "--data", pictures)
    assert "--output: holds the input file" in scribblebench(*draw).err


def test_what_predict_says_to_type_next_has_all_that_is_needed(
    scribblebench, pictures, protocol, tmp_path
):
    model = trained(scribblebench, protocol, pictures, tmp_path / "model")
    (pictures / "dataset.yaml").unlink()
    of_dataset = ("--dataset", "folder", "--data", pictures, "--part", "test")
    classes = ("--dataset-option", "classes=[background, left, right]")
    predict = ("predict", "--model", model, "--output", tmp_path / "pred")
    ended = scribblebench(*predict, *of_dataset, *classes)
    assert ended.code == 0, ended.err
    words = shlex.split(ended.out.split("Next: scribblebench ")[1])
    ended = scribblebench(*[tmp_path / "s.csv" if word == "FILE.csv" else word for word in words])
    assert ended.code == 0, ended.err
    assert len(pd.read_csv(tmp_path / "s.csv")) == 2


def test_scribbles_keep_the_header_of_labels_that_come_alone(scribblebench, tmp_path):
    """Of a label map in microns the spacing stays what it is."""
    folder = write_decathlon(tmp_path / "data", 5, n=1)
    shutil.rmtree(folder / "imagesTr")
    path = folder / "labelsTr" / "prostate_001.nii.gz"
    image = nib.load(path)
    image.header.set_xyzt_units("micron", "sec")
    nib.save(image, path)
    draw = ("simulate", "--form", "skeleton", "--budget", "0.1", "--output", tmp_path / "out")
    of_dataset = ("--dataset", "decathlon_prostate", "--data", folder)
    ended = scribblebench(*draw, *of_dataset, "--dataset-option", "images=false")
    assert ended.code == 0, ended.err
    written = nib.load(tmp_path / "out" / "prostate_001.nii.gz")
    assert written.header.get_xyzt_units() == ("micron", "sec")
    np.testing.assert_allclose(written.affine, image.affine)
    assert written.header["sform_code"] == image.header["sform_code"]


def test_predictions_of_several_formats_are_found_and_cases_without_labels_passed_over(
    scribblebench, pictures, tmp_path
):
    """One prediction is NIfTI beside PNG; a case that nobody predicted has lost its labels."""
    pred = tmp_path / "pred"
    shutil.copytree(pictures / "labels", pred)
    for name in ("p1.png", "p2.png"):
        (pred / name).unlink()
    nib.save(nib.Nifti1Image(bars(1)[0].T[..., None], np.eye(4)), pred / "p1.nii.gz")
    (pictures / "labels" / "p2.png").unlink()
    command = ("evaluate", "--pred", pred, "--dataset", "folder", "--data", pictures)
    ended = scribblebench(*command, "--output", tmp_path / "m.csv")
    assert ended.code == 0, ended.err
    assert "note: no prediction of 1 case" in ended.err
    table = pd.read_csv(tmp_path / "m.csv")
    assert sorted(table["case_id"].unique()) == ["p0", "p1", "p3", "p4"]
    assert (table["dsc"] == 1).all()


def test_a_model_of_other_classes_is_refused(scribblebench, pictures, protocol, tmp_path):
    model = trained(scribblebench, protocol, pictures, tmp_path / "model")
    ended = scribblebench(
        *("predict", "--model", model, "--dataset", "phantom", "--output", tmp_path / "out")
    )
    assert ended.code == 2
    assert "--dataset: must have the model's classes background, left, right, got" in ended.err
