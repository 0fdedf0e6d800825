"""Notes on the data of a sweep: what the field of view cuts off, and cases that no split names."""

import numpy as np
import pytest
from layouts.volumes import save

from scribblebench.data.preprocessing import prepare
from scribblebench.data.split_file import SplitFile, write_split
from scribblebench.sweep.data_notes import split_notes, view_notes
from scribblebench.sweep.training_stage import TrialData
from scribblebench.types import Case, LabelSpec

LABELS = LabelSpec(("background", "object"))


def with_object(name, rows, n=100):
    """A square image whose object is these of its rows, in columns 40 to 60."""
    labels = np.zeros((1, n, n), dtype=np.uint8)
    labels[0, rows, 40:60] = 1
    image = np.random.default_rng(0).normal(size=(1, 1, n, n)).astype(np.float32)
    return prepare(Case(name, name, image, labels, None, np.eye(4)), field_of_view=64)


def test_the_share_outside_the_field_of_view_is_counted():
    """The view of 64 is rows 18 to 81 of 100."""
    assert with_object("a", slice(20, 80)).cut_share == 0
    assert with_object("a", slice(8, 28)).cut_share == 0.5
    assert with_object("a", slice(0, 10)).cut_share == 1
    assert with_object("a", slice(0, 0)).cut_share == 0


def test_cases_that_lose_much_are_told_of():
    kept = [with_object("a", slice(20, 80)), with_object("b", slice(16, 80))]
    assert list(view_notes(TrialData(LABELS, kept, ()))) == []
    cut = [with_object("c", slice(8, 28)), with_object("d", slice(14, 34))]
    (note,) = view_notes(TrialData(LABELS, [*kept, *cut[1:]], cut[:1]))
    assert "cuts off more than 5 % of the foreground of 2 of 4 cases, most of 'c' (50 %)" in note
    assert "training.volume.planes" in note


def test_cases_that_a_file_does_not_name_are_told_of():
    assert list(split_notes((), ("a", "b"))) == []
    assert list(split_notes(("a", "b", "gone"), ("a", "b"))) == []
    (note,) = split_notes(("a",), ("c", "b", "a"))
    assert note == "split.file names 1 of 3 cases and not 'b'; the others are left out"


@pytest.fixture
def corners(tmp_path):
    """Four images whose object lies in a corner."""
    for number in range(4):
        labels = np.zeros((96, 96, 1), dtype=np.uint8)
        labels[3:15, 3:15] = 1
        image = np.random.default_rng(number).normal(size=labels.shape).astype(np.float32)
        save(tmp_path / "data" / "images" / f"c{number}.nii.gz", image, np.eye(4))
        save(tmp_path / "data" / "labels" / f"c{number}.nii.gz", labels, np.eye(4))
    (tmp_path / "data" / "dataset.yaml").write_text("classes: [background, object]\n")
    return tmp_path / "data"


def test_a_sweep_tells_or_refuses(scribblebench, corners, tiny, write_protocol, tmp_path):
    tiny |= {"dataset": {"name": "folder"}, "forms": ["dense"], "methods": ["full"]}
    tiny["split"] = {"file": "split.json"}
    parts = {"train": ("c0", "c1"), "val": ("c2",)}
    write_split(tmp_path / "split.json", SplitFile(dataset="folder", parts=parts))
    command = ("sweep", "--data", corners, "--output", tmp_path / "out", "--protocol")
    ended = scribblebench(*command, write_protocol(tiny))
    assert ended.code == 2
    assert "training.field_of_view: no foreground of any training case lies in" in ended.err
    tiny["training"]["field_of_view"] = 72  # rows 12 to 83: a quarter of rows and columns
    ended = scribblebench(*command, write_protocol(tiny))
    assert ended.code == 0, ended.err
    assert "note: the field of view cuts off more than 5 %" in ended.err
    assert "of 3 of 3 cases" in ended.err
    assert "note: split.file names 3 of 4 cases and not 'c3'" in ended.err
    tiny["training"]["field_of_view"] = 96
    parts["pool"] = ("c3",)
    write_split(tmp_path / "split.json", SplitFile(dataset="folder", parts=parts))
    path = write_protocol(tiny)
    command = ("sweep", "--data", corners, "--output", tmp_path / "two", "--protocol")
    ended = scribblebench(*command, path)
    assert ended.code == 0, ended.err
    assert "note:" not in ended.err
