"""Sound copies pass, and every planted fault is named, alone and among others."""

import json
import os
import re
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from faults import AFFINE, FAULTS, at_first, report_of, rewrite, write_acdc
from skimage.io import imsave

from scribblebench.data import DATASETS
from scribblebench.data.acdc import Acdc
from scribblebench.data.checking import inspect_case
from scribblebench.data.checking.between import split_problems


@pytest.fixture
def root(tmp_path):
    write_acdc(tmp_path, 4)
    return tmp_path


def lines(report, severity=None):
    return [p.line() for p in report.problems if severity in (None, p.severity)]


def test_a_sound_copy_has_no_problem_and_is_counted_by_hand(root):
    """Squares of 2 x 3 x 2 voxels of 360; the scribbles mark a third of each square."""
    report = report_of(Acdc(root), root)
    assert lines(report) == []
    assert report.counted("shape") == [((1, 3, 10, 12), 4)]
    assert report.counted("spacing_mm") == [((8.0, 1.5, 1.5), 4)]
    assert report.counted("image_types") == [(("uint8",), 4)]
    assert report.class_voxels("voxels") == {0: (4 * 324, 4)} | dict.fromkeys((1, 2, 3), (48, 4))
    assert report.class_voxels("annotated")[3] == (16, 4)
    assert report.annotated_share(2) == pytest.approx(1 / 3)
    assert {len(ids) for ids in report.parts.values()} == {1, 2}


def test_drawn_cases_have_no_files_and_pass():
    report = report_of(DATASETS["phantom"](patients=3, size=48, slices=3), None)
    assert lines(report) == []
    assert report.counted("image_types") == [((), 3)]


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_named_once_and_nothing_else(root, name):
    fault = FAULTS[name]
    dataset = Acdc(root)
    case_id, other = "patient003_frame01", "patient001_frame01"
    fault.plant(dataset.files(case_id), dataset.files(other))
    report = report_of(Acdc(root), root)
    problem = report.problems[0]
    assert len(report.problems) == fault.n_problems
    assert problem.case_id == (case_id if fault.of_case else None)
    assert fault.severity in ("any", problem.severity)
    assert re.search(fault.says, problem.text), problem.text
    assert str(root) not in problem.text


def test_all_faults_together_are_all_named(tmp_path):
    names = list(FAULTS)
    write_acdc(tmp_path, len(names) + 1)
    dataset = Acdc(tmp_path)
    ids = dataset.case_ids()
    other = dataset.files(ids[-1])
    for name, case_id in zip(names, ids, strict=False):
        FAULTS[name].plant(dataset.files(case_id), other)
    report = report_of(Acdc(tmp_path), tmp_path)
    check_all_named(report, dict(zip(names, ids, strict=False)), other_id=ids[-1])
    assert len(report.problems) == sum(FAULTS[name].n_problems for name in names)


def check_all_named(report, planted, other_id):
    for name, case_id in planted.items():
        fault = FAULTS[name]
        ids = {case_id, other_id} if name == "same image" else {case_id if fault.of_case else None}
        found = [p for p in report.problems if p.case_id in ids and re.search(fault.says, p.text)]
        assert found, (name, case_id, lines(report))
        assert fault.severity in ("any", found[0].severity)


def test_the_rest_goes_on_after_whatever_an_adapter_raises(root):
    class Broken(Acdc):
        def load(self, case_id):
            if case_id.startswith("patient002"):
                raise KeyError("a bug\nof two lines")
            return super().load(case_id)

    report = report_of(Broken(root), root)
    assert [p.case_id for p in report.problems] == ["patient002_frame01"]
    assert "KeyError: 'a bug" in report.problems[0].text
    assert len(report.readable) == 3


def test_several_damaged_files_of_a_case_are_all_named(root):
    files = Acdc(root).files("patient001_frame01")
    for path in (files.images[0], files.label, files.scribble):
        path.write_bytes(path.read_bytes()[:60])
    problems = inspect_case(Acdc(root), "patient001_frame01").problems
    assert [p.text.split(": ")[0] for p in problems] == [
        str(path) for path in (files.images[0], files.label, files.scribble)
    ]


def plant(root, case_id, *faults):
    files = Acdc(root).files(case_id)
    for fault in faults:
        FAULTS[fault].plant(files, None)
    return files


def test_every_fault_of_a_case_has_its_line(root):
    """The place of an image with NaN is known from its header."""
    case_id = "patient003_frame01"
    files = plant(root, case_id, "NaN", "unknown label", "shifted")
    affine = nib.load(files.images[0]).affine.copy()
    affine[2, 3] += 80
    rewrite(files.scribble, at_first(7), affine=affine)
    report = report_of(Acdc(root), root)
    assert len(report.readable) == 3
    image, dense, marks = (
        f"{case_id}: patient003/{case_id}{kind}.nii.gz: " for kind in ("", "_gt", "_scribble")
    )
    classes = "0 background, 1 RV, 2 myocardium, 3 LV"
    away = "must be on the image's grid, got its first voxel"
    assert lines(report) == [
        f"{image}image must be finite, got NaN or infinity",
        f"{dense}label values must be among [{classes}], got 9 (1 px)",
        f"{dense}{away} (-4.5, 0, 0) mm (x, y, z) away",
        f"{marks}label values must be among [{classes}, 4 not annotated], got 7 (1 px)",
        f"{marks}{away} (0, 0, 80) mm (x, y, z) away",
    ]


def test_an_image_in_the_place_of_labels_is_one_short_line(root):
    files = plant(root, "patient003_frame01")
    files.label.write_bytes(files.images[0].read_bytes())
    (line,) = lines(report_of(Acdc(root), root))
    assert re.search(r"got 4 \(\d+ px\), .* and \d+ other values \(\d+ px\)$", line)
    assert len(line) < 300


@pytest.mark.parametrize("fault", ["empty file", "garbage"])
def test_labels_are_looked_at_where_the_image_says_nothing_of_its_place(root, fault):
    plant(root, "patient003_frame01", "unknown label", "shifted", fault)
    first, second = lines(report_of(Acdc(root), root))
    assert re.search(FAULTS[fault].says, first)
    assert "_gt.nii.gz: label values must be among" in second


def test_numbers_that_are_no_integers_do_not_hide_where_a_file_lies(root):
    files = plant(root, "patient003_frame01", "shifted")
    rewrite(files.label, at_first(1.5), dtype=np.float32)
    first, second = lines(report_of(Acdc(root), root))
    assert "labels must be integers" in first
    assert "must be on the image's grid" in second


def test_each_channel_in_a_file_of_its_own_has_its_lines(tmp_path):
    """Channel b has NaN and lies elsewhere, c has two channels; the labels hold a 9."""
    (tmp_path / "dataset.yaml").write_text("classes: [background, blob]\n")
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    image = np.random.default_rng(0).random((6, 5, 4)).astype(np.float32)
    for name in ("images/x_a", "images/x_b", "images/x_c", "labels/x"):
        nib.save(nib.Nifti1Image(image, AFFINE), tmp_path / f"{name}.nii.gz")
    moved = AFFINE.copy()
    moved[1, 3] += 9
    rewrite(tmp_path / "images/x_b.nii.gz", at_first(np.nan), affine=moved)
    rewrite(tmp_path / "images/x_c.nii.gz", lambda array: np.stack([array, array], -1))
    rewrite(tmp_path / "labels/x.nii.gz", lambda array: at_first(9)(np.zeros_like(array)))
    dataset = DATASETS["folder"](tmp_path, images="images/{case}_{channel}", split={"train": ["x"]})
    assert [line.partition("nii.gz: ")[2][:26] for line in lines(report_of(dataset, tmp_path))] == [
        "image must be finite, got ",
        "must have 1 channel, got 2",
        "must be on the image's gri",
        "label values must be among",
    ]


def test_what_becomes_of_a_file_with_other_axes_is_said(root):
    """Turned by its only transform; as it is by a qform; refused where the two contradict."""
    images = [Acdc(root).files(f"patient00{n}_frame01") for n in (1, 2, 3)]
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    flip[0, 3] = 11
    tilted = AFFINE[:, [1, 0, 2, 3]]
    for files, reverse, sform in zip(images, (True, False, True), (flip, None, flip), strict=True):
        image = nib.load(files.label)
        array = np.asarray(image.dataobj)
        written = nib.Nifti1Image(array[::-1] if reverse else array, None)
        written.set_qform(AFFINE, code=int(files is not images[0]))
        written.set_sform(tilted if sform is None else AFFINE @ sform, code=1)
        nib.save(written, files.label)
    report = report_of(Acdc(root), root)
    found = [(p.severity, p.text.partition("_gt.nii.gz: ")[2]) for p in report.problems]
    assert found[:2] == [
        ("warning", "has its axes to RPS, the image's being LPS; it is turned"),
        ("warning", "has its axes to PLS, the image's being LPS; it is taken as it is"),
    ]
    assert found[2][0] == "error"
    assert "its sform turns it (axes to RPS, by the image's sform LPS), its qform" in found[2][1]


def test_a_class_that_no_case_has_is_named(root):
    dataset = Acdc(root)
    for case_id in dataset.case_ids():
        files = dataset.files(case_id)
        for path in (files.label, files.scribble):
            rewrite(path, lambda array: np.where(array == 3, 1, array).astype(np.uint8))
    assert lines(report_of(dataset, root)) == [
        "class 3 'LV' occurs in none of the cases that can be read"
    ]


def test_a_case_that_states_no_spacing_among_others_is_odd(root):
    files = Acdc(root).files("patient002_frame01")
    for path in (*files.images, files.label, files.scribble):
        rewrite(path, affine=np.eye(4))
    (line,) = lines(report_of(Acdc(root), root), "warning")
    assert line == "patient002_frame01: states no spacing, as 3 other cases do"


def test_files_that_are_called_otherwise_are_no_problem(root):
    image = root / "patient001" / "patient001_frame01.nii.gz"
    shutil.copy(image, root / "patient001" / "patient001_4d.nii.gz")
    shutil.copy(image, root / "patient001" / "._patient001_frame01_gt.nii.gz")
    (root / "patient001" / "Info.cfg").write_text("Group: DCM")
    report = report_of(Acdc(root), root)
    assert lines(report) == []
    assert report.unused == ("patient001/patient001_4d.nii.gz",)


def test_an_image_that_the_data_set_does_not_list_is_an_orphan(tmp_path):
    """In the Decathlon, dataset.json lists the cases."""
    write_decathlon(tmp_path, ["spleen_1", "spleen_2", "spleen_3"])
    shutil.copy(tmp_path / "imagesTr/spleen_1.nii.gz", tmp_path / "imagesTr/spleen_77.nii.gz")
    found = lines(report_of(DATASETS["msd"](tmp_path), tmp_path), "error")
    assert found == [
        "imagesTr/spleen_77.nii.gz: is called like the image of a case, and there are no labels "
        "for it"
    ]


def write_decathlon(root, names):
    described = {
        "modality": {"0": "CT"},
        "labels": {"0": "background", "1": "blob"},
        "training": [
            {"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"}
            for name in names
        ],
    }
    rng = np.random.default_rng(0)
    for name in names:
        labels = np.zeros((8, 8, 3), dtype=np.uint8)
        labels[2:5, 2:5] = 1
        image = rng.integers(0, 99, labels.shape).astype(np.int16)
        for folder, array in (("imagesTr", image), ("labelsTr", labels)):
            (root / folder).mkdir(exist_ok=True)
            nib.save(nib.Nifti1Image(array, AFFINE), root / folder / f"{name}.nii.gz")
    (root / "dataset.json").write_text(json.dumps(described))


def test_problems_of_the_split_are_named():
    patients = {"a1": "a", "a2": "a", "b": "b", "c": "c", "d": "d"}
    parts = {"train": ("a1", "b", "b"), "val": ("a2", "d", "e")}
    found = [p.line() for p in split_problems(parts, patients)]
    assert found == [
        "e: part 'val' has it, and the data set has not",
        "patient 'a' is in the parts 'train', 'val'",
        "b: is twice in the part 'train'",
        "c: is in no part of the split",
    ]
    assert [p.severity for p in split_problems(parts, patients)] == [*["error"] * 3, "warning"]


def test_the_same_image_in_two_parts_is_an_error_and_in_one_a_warning(root):
    a, b = "patient001_frame01", "patient002_frame01"
    dataset = Acdc(root)
    shutil.copy(dataset.files(a).images[0], dataset.files(b).images[0])
    rest = ("patient003_frame01", "patient004_frame01")
    (problem,) = report_of(dataset, root, {"train": (a, b, *rest)}).problems
    assert problem.severity == "warning"
    (problem,) = report_of(dataset, root, {"train": (a,), "val": (b, *rest)}).problems
    assert (problem.severity, problem.line()) == (
        "error",
        f"{b}: has the same image as {a}, called another patient; they are in the part 'train' "
        "and in the part 'val'",
    )


def real_folder(name):
    root = Path(os.environ.get("SCRIBBLEBENCH_DATA", "")) / name
    if not root.is_dir():
        pytest.skip(f"SCRIBBLEBENCH_DATA names no folder with {name}")
    return root


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mscmr", "hippocampus"])
def test_real_copies_pass(name):
    root = real_folder(name)
    dataset = DATASETS["msd" if name == "hippocampus" else name](root)
    report = report_of(dataset, root)
    assert lines(report, "error") == []
    assert len(report.readable) == len(dataset.case_ids())


@pytest.mark.slow
def test_the_real_copy_of_acdc_passes_and_its_experts_err_a_little():
    """Two patients of the copy are one scan with two sets of labels."""
    root = real_folder("acdc")
    report = report_of(Acdc(root), root)
    assert lines(report, "error") == []
    n_marked = sum(sum(facts.annotated.values()) for facts in report.cases)
    assert 0 < sum(facts.contradicting for facts in report.cases) / n_marked < 0.0005
    assert [p.line() for p in report.problems if p.kind == "duplicate"] == [
        f"patient076_frame{frame}: has the same image as patient074_frame{frame}, called another "
        "patient"
        for frame in ("01", "12")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["acdc", "mscmr"])
def test_every_fault_in_a_damaged_real_copy_is_named(name, tmp_path):
    """ACDC has both kinds of labels, but no geometry; MSCMRseg has geometry and one kind."""
    root = real_folder(name)
    original = DATASETS[name](root)
    kinds = {"both", "scribble", "label"} if name == "acdc" else {"label"}
    geometry = {"shifted", "other spacing", "turned", "lost position"}
    names = [
        fault
        for fault, f in FAULTS.items()
        if f.needs in kinds and not (name == "acdc" and fault in geometry)
    ]
    with_dense = [c for c in original.case_ids() if original.files(c).label is not None]
    ids = dict(zip(names, with_dense[: 2 * len(names) : 2 if name == "acdc" else 1], strict=False))
    other_id = with_dense[-1]
    assert len(ids) == len(names)
    assert other_id not in ids.values()

    def copied(case_ids, to):
        for case_id in case_ids:
            files = original.files(case_id)
            for path in (*files.images, files.label, files.scribble):
                if path is not None:
                    new = to / path.relative_to(root)
                    new.parent.mkdir(parents=True, exist_ok=True)
                    new.write_bytes(path.read_bytes())
        return DATASETS[name](to)

    for number, fault in enumerate(names):
        folder = tmp_path / str(number)
        case_id = ids[fault]
        dataset = copied([case_id, other_id, *with_dense[-4:-1]], folder)
        FAULTS[fault].plant(dataset.files(case_id), dataset.files(other_id))
        check_all_named(report_of(DATASETS[name](folder), folder), {fault: case_id}, other_id)
        shutil.rmtree(folder)
    dataset = copied([*ids.values(), *with_dense[-4:]], tmp_path / "all")
    for fault, case_id in ids.items():
        FAULTS[fault].plant(dataset.files(case_id), dataset.files(other_id))
    report = report_of(DATASETS[name](tmp_path / "all"), tmp_path / "all")
    check_all_named(report, ids, other_id)


def write_pictures(root):
    """Write four images of one's own, 20 x 24 pixels in colours, and their labels."""
    rng = np.random.default_rng(5)
    for name in ("anna", "bert", "carl", "dora"):
        labels = np.zeros((20, 24), dtype=np.uint8)
        labels[4:9, 5:15] = 1
        image = rng.integers(0, 255, (20, 24, 3)).astype(np.uint8)
        for folder, array in (("images", image), ("labels", labels)):
            (root / folder).mkdir(exist_ok=True)
            imsave(root / folder / f"{name}.png", array, check_contrast=False)
    (root / "dataset.yaml").write_text("classes: [background, blob]\n")


def test_pictures_in_a_folder_are_checked_too(tmp_path):
    write_pictures(tmp_path)
    report = report_of(DATASETS["folder"](tmp_path), tmp_path)
    assert lines(report) == []
    assert report.counted("shape") == [((3, 1, 20, 24), 4)]
    assert report.class_voxels("voxels")[1] == (4 * 50, 4)
    shutil.copy(tmp_path / "labels/anna.png", tmp_path / "labels/emil.png")
    (tmp_path / "images/bert.png").write_bytes(b"")
    (tmp_path / "labels/carl.png").write_bytes(b"no picture")
    (tmp_path / "labels/dora.png").unlink()
    found = lines(report_of(DATASETS["folder"](tmp_path), tmp_path))
    assert [line.split(".")[0] for line in found] == [
        "bert: images/bert",
        "carl: labels/carl",
        "dora: labels/dora",
        "labels/emil",
    ]
    assert found[3].endswith("is called like the labels of a case, and there is no image for it")
