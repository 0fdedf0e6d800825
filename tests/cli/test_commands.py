"""The commands as people type them, typos included."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from scribblebench.report import scribble_overlays

AFFINE = np.array([[-1.4, 0, 0, 20], [0, 1.4, 0, -5], [0, 0, 9.0, 3], [0, 0, 0, 1.0]])


@pytest.fixture
def labels(tmp_path):
    """Two label maps (x, y, z) = (40, 36, 3) with classes 1 and 3."""
    folder = tmp_path / "labels"
    folder.mkdir()
    for name, shift in (("a.nii.gz", 0), ("b.nii", 3)):
        array = np.zeros((40, 36, 3), dtype=np.int16)
        array[5 + shift : 25 + shift, 5:15, :2] = 1
        array[10:20, 20:30, 0] = 3
        nib.save(nib.Nifti1Image(array, AFFINE), folder / name)
    return folder


def simulate(scribblebench, labels, output, *more):
    options = {"--form": "random_walk", "--density": "0.1", "--randomness": "0.5", "--seed": "0"}
    flat = [part for option in options.items() for part in option]
    return scribblebench("simulate", "--labels", labels, "--output", output, *flat, *more)


def test_simulate_writes_scribbles_and_a_summary(scribblebench, labels, tmp_path):
    ended = simulate(scribblebench, labels, tmp_path / "out")
    assert ended.code == 0, ended.err
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert set(summary["case_id"]) == {"a", "b"}
    assert (summary["requested"] == summary["achieved"]).all()
    for name in ("a.nii.gz", "b.nii"):
        source, scribble = nib.load(labels / name), nib.load(tmp_path / "out" / name)
        np.testing.assert_array_equal(scribble.affine, source.affine)
        dense, drawn = np.asarray(source.dataobj), np.asarray(scribble.dataobj)
        annotated = drawn != 255
        np.testing.assert_array_equal(drawn[annotated], dense[annotated])
        for class_id in (1, 3):
            for plane in range(3):
                size = (dense[..., plane] == class_id).sum()
                n = (drawn[..., plane] == class_id).sum()
                assert n == (max(1, round(0.1 * size)) if size else 0)
        assert [(drawn[..., plane] == 0).sum() for plane in range(3)] == [30, 20, 25]


def test_simulate_one_file_is_the_same_as_in_a_folder(scribblebench, labels, tmp_path):
    simulate(scribblebench, labels, tmp_path / "all")
    simulate(scribblebench, labels / "b.nii", tmp_path / "one")
    both = [np.asarray(nib.load(tmp_path / f / "b.nii").dataobj) for f in ("all", "one")]
    np.testing.assert_array_equal(*both)


def test_two_workers_write_what_one_does(scribblebench, labels, tmp_path):
    for n in (1, 2):
        ended = simulate(scribblebench, labels, tmp_path / str(n), "--workers", n, "--strokes")
        assert ended.code == 0, ended.err
    names = sorted(path.name for path in (tmp_path / "1").iterdir())
    assert len(names) == 2 * 3 + 1
    for name in names:
        one, two = ((tmp_path / n / name).read_bytes() for n in ("1", "2"))
        assert one == two, name


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--form", "randomwalk"), "unknown form 'randomwalk'. Did you mean 'random_walk'?"),
        (("--density", "0"), "--budget: density must be in (0, 1], got 0.0"),
        (("--budget", "7"), "--budget: density must be in (0, 1], got 7.0"),
        (("--budget", "a lot"), "--budget: must be a share such as 0.1, or 120px, 80mm or 12s"),
        (
            ("--budget", "1=0.1,x=2"),
            "--budget: must be CLASS=AMOUNT,... with classes from 1 to 254, got",
        ),
        (("--budget", "1=0.1,1=0.2"), "--budget: has class 1 twice, got '1=0.1,1=0.2'"),
        (("--budget", "0=0.1,1=0.2"), "with classes from 1 to 254, got '0=0.1'"),
        (("--budget", "1=.1,4=.1,3=.1", "--classes", "1,3"), "class 4 is not in --classes 1,3"),
        (
            ("--budget", "1=0.1"),
            "a.nii.gz: budget must be given for class 3 too, as in --budget ...,3",
        ),
        (("--randomness", "2"), "--randomness must be in [0, 1], got 2.0"),
        (("--background-budget", "7"), "--background-budget: density must be in (0, 1], got 7.0"),
        (("--background", "nar"), "--background must be one of near, far, whole, none, got 'nar'"),
        (("--ring", "9,4"), "--ring must be two distances, 0 <= near < far, got (9.0"),
        (("--ring", "9"), "--ring: must be two numbers such as 6,14, got '9'"),
        (("--budget", "infpx"), "--budget: budget in pixels must be finite and > 0, got inf"),
        (("--budget", "nanpx"), "--budget: budget in pixels must be finite and > 0, got nan"),
        (("--budget", "infmm"), "--budget: budget in length must be finite and > 0, got inf"),
        (("--budget", "infs"), "--budget: budget in seconds must be finite and > 0, got inf"),
        (("--ring", "5,inf"), "--ring must be two distances, 0 <= near < far, got (5.0, inf)"),
        (("--ring", "5,nan"), "two distances, 0 <= near < far, got (5.0, nan)"),
        (("--form", "curve", "--option", "corners=inf"), "--option: must be NAME=NUMBER, got 'co"),
        (("--form", "curve", "--option", "corners=nan"), "--option: must be NAME=NUMBER, got 'co"),
        (("--form", "curve", "--option", "corners=0"), "--option: corners must be at least 2"),
        (("--form", "curve", "--option", "corners=2.5"), "--option: corners must be a whole numb"),
        (("--form", "curve", "--option", "corners=1e30"), "--option: corners must be at most 1e+"),
        (("--form", "contour", "--option", "depth=2"), "--option: depth must be in [0, 1], got 2"),
        (("--form", "spiral", "--option", "depth=2"), "--option: depth must be in [0, 1], got 2"),
        (("--form", "spiral", "--option", "gap=0"), "--option: gap must be > 0, got 0"),
        (
            ("--form", "directed_walk", "--option", "persistence=2"),
            "--option: persistence must be in [0, 1], got 2",
        ),
        (
            ("--form", "max_supervision", "--option", "strokes=0"),
            "--option: strokes must be at least 1, got 0",
        ),
        (("--option", "strokes"), "--option: must be NAME=NUMBER, got 'strokes'"),
        (("--option", "strokes=2"), "--option: form 'random_walk' has no option 'strokes'"),
        (("--width", "inf"), "a.nii.gz: width must be at most 64 voxels, got inf"),
        (("--width", "-1"), "--width must be > 0, got -1.0"),
        (("--components", "al"), "--components: must be every, largest, one or a probability"),
        (("--slices", "0"), "--slices must be in (0, 1], got 0.0"),
        (("--slice-choice", "odd"), "--slice-choice must be even, random or content, got 'odd'"),
        (("--3d", "--slices", "0.5"), "--slices: a share of slices cannot be chosen when drawing"),
        (("--budget", "1=9px,3=9mm"), "--background-budget must be given where classes differ"),
        (("--per", "patient"), "--budget: per must be slice or volume, got 'patient'"),
        (("--3d", "--form", "chord"), "--3d: form 'chord' does not draw in 3D; these do: skel"),
        (("--ignore-label", "3"), "a.nii.gz: holds class 3, so --ignore-label 3 cannot mean not"),
        (("--convention", "nnunet"), "--convention nnunet: needs --classes"),
        (("--convention", "nnunet", "--classes", "1,3"), "needs classes 1,2,3,..., got [1, 3]"),
        (("--classes", "1,x"), "--classes: must be integers from 1 to 254"),
        (("--classes", "1,2"), "a.nii.gz: label values must be among 0, 1, 2, 255, got 3"),
    ],
)
def test_simulate_says_in_one_line_what_is_wrong(scribblebench, labels, tmp_path, more, message):
    ended = simulate(scribblebench, labels, tmp_path / "out", *more)
    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert message in ended.err
    assert ended.err.count("\n") == 1


def test_simulate_does_not_overwrite_its_input(scribblebench, labels):
    ended = simulate(scribblebench, labels, labels)
    assert ended.code == 2
    assert "holds the input file" in ended.err


def test_sweep_and_report(scribblebench, tiny, write_protocol, tmp_path):
    path, output = write_protocol(tiny), tmp_path / "results"
    ended = scribblebench("sweep", "--protocol", path, "--output", output, "--device", "cpu")
    assert ended.code == 0, ended.err
    assert "3 trials: 0 were finished, 3 finished now, 0 failed." in ended.out
    assert "[3/3] Dice" in ended.err
    again = scribblebench("sweep", "--protocol", path, "--output", output)
    assert "3 trials: 3 were finished, 0 finished now, 0 failed." in again.out
    ended = scribblebench("report", output)
    assert ended.code == 0, ended.err
    assert "full supervision" in ended.out
    assert "| random_walk 10 % |" in ended.out
    assert str(output / "report" / "figures" / "efficiency.png") in ended.out
    assert str(output / "report" / "report.html") in ended.out
    ended = scribblebench("report", output, "--figure", "gap", "--style", "talk")
    assert ended.out.split() == [
        "Written:",
        *(str(output / "report" / "figures" / f"gap.{kind}") for kind in ("png", "pdf", "csv")),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--style", "poster"), "unknown style 'poster'"),
        (("--format", "docx"), "unknown format 'docx'"),
        (("--metric", "dice"), "unknown metric 'dice'"),
        (("--figure", "efficency"), "Did you mean 'efficiency'?"),
        (("--margin", "0"), "--margin: must be points of Dice between 0 and 100, got 0"),
    ],
)
def test_report_options_that_make_no_sense_are_refused(scribblebench, tmp_path, options, message):
    ended = scribblebench("report", tmp_path, *options)
    assert (ended.code, message in ended.err) == (2, True), ended.err


def test_sweep_says_in_one_line_what_is_wrong(scribblebench, tiny, write_protocol, tmp_path):
    tiny["forms"][0] = "randomwalk"
    path = write_protocol(tiny)
    ended = scribblebench("sweep", "--protocol", path, "--output", tmp_path / "out")
    assert ended.code == 2
    expected = f"error: {path}: forms[0]: unknown form 'randomwalk'. Did you mean 'random_walk'?\n"
    assert ended.err == expected
    assert not (tmp_path / "out").exists()


def test_bad_data_end_a_sweep_in_one_line_and_lose_nothing(
    scribblebench, tiny, write_protocol, tmp_path
):
    folder = tmp_path / "data" / "acdc"
    rng = np.random.default_rng(0)
    for number in range(1, 17):
        stem = folder / f"patient{number:03d}" / f"patient{number:03d}_frame01"
        stem.parent.mkdir(parents=True)
        labels = rng.integers(0, 4, (48, 48, 2)).astype(np.uint8)
        for suffix, array in (("", labels * 60), ("_gt", labels)):
            nib.save(nib.Nifti1Image(array, AFFINE), f"{stem}{suffix}.nii.gz")
    path = write_protocol(tiny | {"dataset": {"name": "acdc"}})
    command = ("sweep", "--protocol", path, "--output", tmp_path / "out", "--data")
    assert scribblebench(*command, tmp_path / "data").code == 0
    kept = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}

    broken = folder / "patient002" / "patient002_frame01_gt.nii.gz"
    whole = broken.read_bytes()
    for content, message in (
        (whole[:200], "cannot be read as NIfTI"),
        (None, "no such file"),
    ):
        broken.unlink() if content is None else broken.write_bytes(content)
        ended = scribblebench(*command, tmp_path / "data")
        assert ended.code == 2
        assert ended.err.splitlines()[-1].startswith(f"error: {broken}: {message}")
    strange = np.full((48, 48, 2), 9, dtype=np.uint8)
    nib.save(nib.Nifti1Image(strange, AFFINE), broken)
    ended = scribblebench(*command, tmp_path / "data")
    assert "got 9 (4608 px)" in ended.err
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == kept


def test_report_of_a_folder_without_results(scribblebench, tmp_path):
    ended = scribblebench("report", tmp_path)
    assert ended.code == 2
    assert "is not a results folder" in ended.err


def test_evaluate_by_hand(scribblebench, labels, tmp_path):
    """Class 1 moved by one voxel along x (1.4 mm): Dice .95, HD 1.4; class 3 is missed in b."""
    pred = tmp_path / "pred"
    pred.mkdir()
    for name in ("a.nii.gz", "b.nii"):
        array = np.asarray(nib.load(labels / name).dataobj)
        moved = np.where(np.roll(array == 1, 1, axis=0), 1, 0)
        if name == "a.nii.gz":
            moved[array == 3] = 3
        nib.save(nib.Nifti1Image(moved.astype(np.uint8), AFFINE), pred / name)
    output = tmp_path / "metrics.csv"
    ended = scribblebench("evaluate", "--pred", pred, "--target", labels, "--output", output)
    assert ended.code == 0, ended.err
    table = pd.read_csv(output).set_index(["case_id", "class_id"])
    assert table.loc[("a", 1), "dsc"] == pytest.approx(0.95)
    assert table.loc[("a", 1), "hd"] == pytest.approx(1.4, abs=1e-5)
    assert table.loc[("a", 3), "dsc"] == 1.0
    assert table.loc[("b", 3), "dsc"] == 0.0
    assert np.isinf(table.loc[("b", 3), "hd95"])
    assert table.loc[("b", 3), "failed"]
    assert set(table["distance_unit"]) == {"mm"}
    assert "label 3: Dice 0.500" in ended.out


def test_evaluate_refuses_a_missing_prediction_another_grid_and_unknown_values(
    scribblebench, labels, tmp_path
):
    pred = tmp_path / "pred"
    pred.mkdir()
    command = ("evaluate", "--pred", pred, "--target", labels, "--output", tmp_path / "m.csv")
    assert f"{pred}: holds no .nii.gz" in scribblebench(*command).err
    nib.save(nib.load(labels / "b.nii"), pred / "b.nii")
    assert "a.nii.gz: no such file (prediction for" in scribblebench(*command).err
    for name in ("a.nii.gz", "b.nii"):
        image = nib.load(labels / name)
        away = AFFINE.copy()
        away[0, 3] += 20.0
        nib.save(nib.Nifti1Image(np.asarray(image.dataobj), away), pred / name)
    message = "a.nii.gz: must be on the image's grid, got its first voxel (20, 0, 0) mm"
    assert message in scribblebench(*command).err
    for name in ("a.nii.gz", "b.nii"):
        nib.save(nib.Nifti1Image(np.full((40, 36, 3), 2, dtype=np.uint8), AFFINE), pred / name)
    assert "label values must be among 0, 1, 3, got 2" in scribblebench(*command).err
    assert not (tmp_path / "m.csv").exists()


def test_version_and_help(scribblebench):
    assert scribblebench("--version").out.startswith("scribblebench 0.")
    text = scribblebench("--help").out
    assert all(name in text for name in ("simulate", "sweep", "report", "evaluate"))


def test_efficiency_protocol_is_the_default(scribblebench):
    assert "efficiency.yaml" in scribblebench("sweep", "--help").out


def test_simulate_refuses_images_and_keeps_the_summary_of_what_was_written(
    scribblebench, labels, tmp_path
):
    image = np.arange(200, dtype=np.uint8).reshape(10, 10, 2)
    nib.save(nib.Nifti1Image(image, AFFINE), labels / "c.nii.gz")
    ended = simulate(scribblebench, labels, tmp_path / "out")
    assert ended.code == 2
    assert "c.nii.gz: holds 199 values besides 0" in ended.err
    assert set(pd.read_csv(tmp_path / "out" / "summary.csv")["case_id"]) == {"a", "b"}


def test_simulate_of_a_map_without_any_class_writes_an_empty_scribble(scribblebench, tmp_path):
    nothing = np.full((8, 8, 2), 255, dtype=np.uint8)
    nib.save(nib.Nifti1Image(nothing, AFFINE), tmp_path / "n.nii.gz")
    ended = simulate(scribblebench, tmp_path / "n.nii.gz", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert (np.asarray(nib.load(tmp_path / "out" / "n.nii.gz").dataobj) == 255).all()


def test_simulate_does_not_write_through_a_link_onto_its_input(scribblebench, labels, tmp_path):
    links = tmp_path / "links"
    links.mkdir()
    (links / "a.nii.gz").symlink_to(labels / "a.nii.gz")
    before = (labels / "a.nii.gz").read_bytes()
    assert simulate(scribblebench, links, labels).code == 2
    assert (labels / "a.nii.gz").read_bytes() == before


def test_two_files_with_one_case_name_are_refused(scribblebench, labels, tmp_path):
    nib.save(nib.load(labels / "b.nii"), labels / "b.nii.gz")
    ended = simulate(scribblebench, labels, tmp_path / "out")
    assert "b.nii and b.nii.gz have the same case name" in ended.err


def test_evaluate_keeps_what_it_scored_before_a_bad_file(scribblebench, labels, tmp_path):
    pred = tmp_path / "pred"
    pred.mkdir()
    for name in ("a.nii.gz", "b.nii"):
        (pred / name).write_bytes((labels / name).read_bytes()[: 300 if name == "b.nii" else None])
    output = tmp_path / "m.csv"
    ended = scribblebench("evaluate", "--pred", pred, "--target", labels, "--output", output)
    assert ended.code == 2
    assert ended.err.startswith(f"error: {pred / 'b.nii'}: cannot be read as NIfTI")
    assert set(pd.read_csv(output)["case_id"]) == {"a"}


def test_evaluate_refuses_scribbles_as_targets_or_predictions(scribblebench, labels, tmp_path):
    simulate(scribblebench, labels, tmp_path / "scribbles")
    (tmp_path / "scribbles" / "summary.csv").unlink()
    for pred, target in ((labels, tmp_path / "scribbles"), (tmp_path / "scribbles", labels)):
        ended = scribblebench(
            "evaluate", "--pred", pred, "--target", target, "--output", tmp_path / "m.csv"
        )
        assert ended.code == 2
        assert "a.nii.gz: must be dense, got 255, which means not annotated" in ended.err


@pytest.mark.parametrize("name", ["a.nii.gz", "new.nii", "scores", "scores.txt"])
def test_evaluate_writes_into_csv_files_only(scribblebench, labels, name):
    """A label map that is given as --output by mistake stays as it is."""
    before = {path: path.read_bytes() for path in labels.iterdir()}
    ended = scribblebench(
        "evaluate", "--pred", labels, "--target", labels, "--output", labels / name
    )
    assert ended.code == 2
    assert ended.err == f"error: --output: must end in .csv, got {labels / name}\n"
    assert {path: path.read_bytes() for path in labels.iterdir()} == before


def test_evaluate_prints_pixels_and_millimetres_apart(scribblebench, labels, tmp_path):
    array = np.asarray(nib.load(labels / "b.nii", mmap=False).dataobj)
    nib.save(nib.Nifti1Image(array, np.eye(4)), labels / "b.nii")
    ended = scribblebench(
        "evaluate", "--pred", labels, "--target", labels, "--output", tmp_path / "m.csv"
    )
    assert "label 1: Dice 1.000, median HD95 0.00 mm, 0 failures in 1 case\n" in ended.out
    assert "label 1: Dice 1.000, median HD95 0.00 px, 0 failures in 1 case\n" in ended.out


def test_output_that_cannot_be_written_is_named_without_a_traceback(
    scribblebench, labels, tmp_path
):
    (tmp_path / "file").touch()
    ended = simulate(scribblebench, labels, tmp_path / "file")
    assert ended.code == 1
    assert ended.err.startswith(f"error: {tmp_path / 'file' / 'a.json'}: cannot be written")


def test_overlays_show_the_slices_that_were_drawn_in(scribblebench, labels, tmp_path, monkeypatch):
    """Volumes are (z, y, x) = (3, 36, 40) inside; across x there are 40 slices of 3 by 36."""
    shapes = []
    draw = scribble_overlays.scribble_figure

    def spied(label_map, scribble, title):
        shapes.append((label_map.shape, scribble.shape))
        return draw(label_map, scribble, title)

    monkeypatch.setattr(scribble_overlays, "scribble_figure", spied)
    for more in (("--axis", "0"), ("--axis", "2"), ("--axis", "0", "--3d")):
        ended = simulate(scribblebench, labels / "b.nii", tmp_path / "out", "--overlays", *more)
        assert ended.code == 0, ended.err
    assert shapes == [((40, 3, 36),) * 2, ((3, 36, 40),) * 2, ((3, 36, 40),) * 2]
    assert (tmp_path / "out" / "b-overlay.png").exists()


def test_nothing_of_an_earlier_run_is_left_beside_a_label_map(scribblebench, labels, tmp_path):
    output = tmp_path / "out"
    simulate(scribblebench, labels, output, "--strokes", "--overlays")
    assert {p.name for p in output.glob("b*")} == {
        *("b.nii", "b.json", "b-strokes.json", "b-overlay.png")
    }
    simulate(scribblebench, labels, output)
    assert {p.name for p in output.glob("b*")} == {"b.nii", "b.json"}
    ended = simulate(scribblebench, labels, output, "--budget", "1=0.2")
    assert ended.code == 2
    assert {p.name for p in output.iterdir()} == {"b.nii", "b.json"}


@pytest.mark.parametrize("workers", [1, 2])
def test_the_summary_has_all_that_was_written_also_when_a_file_is_bad(
    scribblebench, labels, tmp_path, workers
):
    """The first file is bad but slow to read, so that other workers are ahead of it."""
    for number in range(12):
        nib.save(nib.load(labels / "b.nii"), labels / f"c{number:02d}.nii")
    bad = np.zeros((200, 200, 40), dtype=np.int16)
    bad[0, 0, :] = np.arange(40)
    nib.save(nib.Nifti1Image(bad, AFFINE), labels / "a.nii.gz")
    ended = simulate(scribblebench, labels, tmp_path / "out", "--workers", workers)
    assert ended.code == 2
    assert "a.nii.gz: holds 39 values besides 0" in ended.err
    assert ended.err.count("\n") == 1
    written = sorted(path.stem for path in (tmp_path / "out").glob("*.nii"))
    assert "a" not in written
    if workers == 1:
        assert not (tmp_path / "out").exists()
    else:
        assert written
        found = pd.read_csv(tmp_path / "out" / "summary.csv")["case_id"]
        assert list(dict.fromkeys(found)) == written
