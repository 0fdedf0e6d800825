"""MedScribble in both of its layouts: what the three annotators drew, and what is damaged."""

import os
from pathlib import Path

import numpy as np
import pytest
from faults import report_of
from layouts.medscribble import write_archives, write_medscribble

from scribblebench.data.groups import own_groups
from scribblebench.data.medscribble import MedScribble
from scribblebench.errors import InputError


def marked_rows(case):
    return sorted(set(np.nonzero(case.scribble[0] != 255)[0] % 4))


@pytest.mark.parametrize("first", [0, 1])
def test_annotators_count_from_one_whichever_number_their_files_begin_with(tmp_path, first):
    """The k-th annotator marked the rows k - 1, k + 3, ..."""
    write_medscribble(tmp_path, first=first)
    for annotator in (1, 2, 3):
        dataset = MedScribble(tmp_path, annotator=annotator)
        case = dataset.load("ACDC_p0_axis2_maxslice")
        assert marked_rows(case) == [annotator - 1]
        there = case.scribble != 255
        np.testing.assert_array_equal(case.scribble[there], case.label_map[there])
    (tmp_path / f"MedScribble/ACDC/task/p0_axis2_maxslice/scribble_{first + 2}.npy").unlink()
    assert MedScribble(tmp_path, annotator=3).load("ACDC_p0_axis2_maxslice").scribble is None


def test_both_layouts_hold_the_same(tmp_path):
    write_medscribble(tmp_path / "one", tasks=("ACDC",))
    write_archives(tmp_path / "two")
    one, two = (
        MedScribble(tmp_path / "one", annotator=2),
        MedScribble(tmp_path / "two", annotator=2),
    )
    for first, second in zip(one.case_ids(), two.case_ids(), strict=True):
        for name in ("image", "label_map", "scribble"):
            np.testing.assert_array_equal(
                getattr(one.load(first), name), getattr(two.load(second), name)
            )


def test_images_that_may_not_be_passed_on_are_left_out_and_tasks_are_groups(tmp_path):
    root = write_medscribble(tmp_path)
    for path in (root / "STARE").glob("*/*/img.npy"):
        path.unlink()
    dataset = MedScribble(tmp_path)
    assert own_groups(dataset, dataset.case_ids()) == dict.fromkeys(dataset.case_ids(), "acdc")
    with pytest.raises(InputError, match=r"tasks: unknown 'stare'"):
        MedScribble(tmp_path, tasks=["stare"])


def test_images_of_one_name_in_two_tasks_are_two_cases(tmp_path):
    root = write_medscribble(tmp_path, n=2, tasks=("ACDC",))
    (root / "ACDC" / "task").rename(root / "ACDC" / "one")
    write_medscribble(tmp_path, n=2, tasks=("ACDC",))
    names = [f"p{n}_axis2_maxslice" for n in range(2)]
    ids = list(MedScribble(tmp_path).case_ids())
    assert ids == sorted(f"ACDC_{task}_{name}" for task in ("one", "task") for name in names)


def test_a_pixel_marked_as_both_is_not_annotated(tmp_path):
    root = write_archives(tmp_path, n=1)
    with np.load(root / "acdc_00.npz") as file:
        content = dict(file)
    content["scribbles"][0, :, 5, 7] = 1
    np.savez(root / "acdc_00.npz", **content)
    scribble = MedScribble(root).load("acdc_00").scribble
    assert scribble[0, 5, 7] == 255
    assert (scribble != 255).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mask": np.full((32, 36), 2)}, r"label values must be among \[0 background, 1 object\]"),
        ({"mask": np.full((32, 36), 0.5)}, "labels must be integers, got 0.5"),
        ({"mask": np.zeros((30, 36))}, r"mask must have the image's shape \(32, 36\)"),
        ({"scribbles": np.zeros((3, 2, 36, 32))}, r"must have the shape \(2, 32, 36\)"),
        ({"scribbles": np.zeros((1, 2, 32, 36))}, "annotator must be from 1 to 1, got 2"),
        ({"image": np.full((32, 36), np.nan)}, "must be finite"),
        ({"image": np.array(["a"])}, "must hold real numbers"),
        ({"image": np.array([{}])}, "cannot be read as npz"),
    ],
)
def test_what_does_not_fit_is_named_with_its_file(tmp_path, change, message):
    root = write_archives(tmp_path, n=2)
    with np.load(root / "acdc_01.npz") as file:
        content = dict(file)
    np.savez(root / "acdc_01.npz", **content | change)
    dataset = MedScribble(root, annotator=2)
    dataset.load("acdc_00")
    with pytest.raises(InputError, match=rf"acdc_01\.npz: .*{message}"):
        dataset.load("acdc_01")


def test_damaged_files_are_errors_of_a_check_and_the_rest_is_counted(tmp_path):
    root = write_archives(tmp_path, n=5)
    assert report_of(MedScribble(root), root).problems == ()
    content = (root / "acdc_01.npz").read_bytes()
    (root / "acdc_01.npz").write_bytes(content[: len(content) // 2])
    (root / "acdc_02.npz").write_bytes(b"")
    with np.load(root / "acdc_04.npz") as file:
        np.savez(root / "acdc_04.npz", image=file["image"])
    report = report_of(MedScribble(root), root)
    named = [(p.severity, p.case_id) for p in report.problems]
    assert named == [("error", f"acdc_0{n}") for n in (1, 2, 4)]
    assert len(report.readable) == 2


@pytest.mark.parametrize("annotator", [0, 1.5, True, "2"])
def test_an_annotator_is_a_number_from_one(tmp_path, annotator):
    write_archives(tmp_path, n=1)
    with pytest.raises(InputError, match="annotator must be 1 or more, got"):
        MedScribble(tmp_path, annotator=annotator)


def test_an_empty_folder_is_no_medscribble(tmp_path):
    with pytest.raises(InputError, match="holds neither"):
        MedScribble(tmp_path)


@pytest.mark.slow
def test_the_real_copy_passes_for_each_annotator():
    root = Path(os.environ.get("SCRIBBLEBENCH_DATA", "")) / "medscribble"
    if not root.is_dir():
        pytest.skip("SCRIBBLEBENCH_DATA names no folder with medscribble")
    for annotator in (1, 2, 3):
        report = report_of(MedScribble(root, annotator=annotator), root)
        assert report.count("error") == 0
        assert len(report.readable) == len(report.cases) > 0
