"""Masks of 0 and 255, which the package would take for not annotated."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

MASK = np.zeros((32, 40), dtype=np.uint8)
MASK[8:24, 10:26] = 255
OPTIONS = ("images=masks/*", "labels=masks/*", "classes={background: 0, lesion: 255}")
AS_DATASET = [part for option in OPTIONS for part in ("--dataset-option", option)]


def write(folder, **masks):
    folder.mkdir()
    for name, mask in masks.items():
        Image.fromarray(mask).save(folder / f"{name}.png")
    return folder


def simulate(scribblebench, output, *source):
    form = ("--form", "centerline", "--budget", "0.1")
    return scribblebench("simulate", *form, "--output", output, *source)


def test_simulate_refuses_a_mask_and_draws_it_as_a_data_set(scribblebench, tmp_path):
    masks = write(tmp_path / "masks", a=MASK)
    ended = simulate(scribblebench, tmp_path / "out", "--labels", masks)
    assert ended.code == 2
    assert f"{masks / 'a.png'}: label values must be classes, got 0 and 255 only" in ended.err
    assert "--dataset folder with classes: {background: 0, lesion: 255}" in ended.err
    assert not (tmp_path / "out" / "a.png").exists()
    of_dataset = ("--dataset", "folder", "--data", tmp_path, *AS_DATASET)
    ended = simulate(scribblebench, tmp_path / "out", *of_dataset)
    assert ended.code == 0, ended.err
    scribble = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    assert set(np.unique(scribble)) == {0, 1, 255}
    assert (MASK[scribble == 1] == 255).all()


def test_a_void_border_is_not_annotated_as_before(scribblebench, tmp_path):
    labels = np.where(MASK == 255, 1, 0).astype(np.uint8)
    labels[:4] = 255
    folder = write(tmp_path / "labels", a=labels)
    ended = simulate(scribblebench, tmp_path / "out", "--labels", folder)
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("names", [(), ("--class-names", "background,lesion")])
def test_evaluate_refuses_masks_on_either_side(scribblebench, tmp_path, names):
    masks = write(tmp_path / "masks", a=MASK)
    ids = write(tmp_path / "ids", a=(MASK == 255).astype(np.uint8))
    output = ("--output", tmp_path / "m.csv")
    ended = scribblebench("evaluate", "--pred", ids, "--target", masks, *output, *names)
    assert ended.code == 2
    assert f"{masks / 'a.png'}: label values must be classes, got 0 and 255 only" in ended.err
    assert "--dataset folder with classes:" in ended.err
    ended = scribblebench("evaluate", "--pred", masks, "--target", ids, *output, *names)
    assert f"{masks / 'a.png'}: label values must be classes, got 0 and 255 only" in ended.err
    assert "predictions must hold class ids (0, 1, ...)" in ended.err


def test_evaluate_scores_by_masks_as_a_data_set(scribblebench, tmp_path):
    write(tmp_path / "masks", a=MASK)
    ids = write(tmp_path / "ids", a=(MASK == 255).astype(np.uint8))
    output = tmp_path / "m.csv"
    of_dataset = ("--dataset", "folder", "--data", tmp_path, *AS_DATASET)
    ended = scribblebench("evaluate", "--pred", ids, *of_dataset, "--output", output)
    assert ended.code == 0, ended.err
    assert pd.read_csv(output)[["class_name", "dsc"]].to_numpy().tolist() == [["lesion", 1.0]]
