"""`scribblebench realism` on the layouts that people have, and on their mistakes."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

AFFINE = np.diag([1.5, 2.0, 10.0, 1.0])


def dense_labels(shift=0):
    """Return labels (x, y, z) = (40, 36, 3): a ring around a disc, the last slice empty."""
    x, y = np.ogrid[:40, :36]
    r = np.hypot(x - 18 - shift, y - 17)
    slices = np.where(r < 6, 3, np.where(r < 10, 2, 0))
    return np.stack([slices, slices, np.zeros_like(slices)], axis=-1).astype(np.uint8)


def write(array, path, affine=AFFINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)


@pytest.fixture
def acdc(tmp_path):
    """Write two patients in ACDC's layout; scribbles on two rows, 4 where not annotated."""
    root = tmp_path / "acdc"
    for number in (1, 2):
        stem = root / f"patient{number:03d}" / f"patient{number:03d}_frame01"
        dense = dense_labels(number)
        annotated = np.isin(np.arange(36), (17, 18 + number))[None, :, None]
        write(dense, stem.with_name(f"{stem.name}_gt.nii.gz"))
        write(
            np.where(annotated, dense, 4).astype(np.uint8),
            stem.with_name(f"{stem.name}_scribble.nii.gz"),
        )
        write(dense * 50, stem.with_name(f"{stem.name}.nii.gz"))
    return root


ACDC = (
    *("--reference-pattern", "*_scribble.nii.gz"),
    *("--reference-labels-pattern", "*_gt.nii.gz"),
    *("--reference-ignore-label", 4),
)


@pytest.fixture
def simulated(scribblebench, acdc, tmp_path):
    """Simulate scribbles on the dense labels of the same patients."""
    labels = tmp_path / "labels"
    for number in (1, 2):
        write(dense_labels(number), labels / f"patient{number:03d}_frame01_gt.nii.gz")
    output = tmp_path / "simulated"
    command = ("--form", "random_walk", "--density", "0.1")
    ended = scribblebench("simulate", "--labels", labels, "--output", output, *command)
    assert ended.code == 0, ended.err
    return output


def test_compares_what_simulate_wrote_with_the_official_layout(
    scribblebench, acdc, simulated, tmp_path
):
    output = tmp_path / "out"
    ended = scribblebench(
        *("realism", "--reference", acdc, *ACDC, "--scribbles", simulated),
        *("--labels", tmp_path / "labels", "--output", output),
    )
    assert ended.code == 0, ended.err
    assert max(map(len, ended.out.splitlines()[:-1])) <= 120
    assert "mean ratio" in ended.out
    assert "total length, mm" in ended.out
    table = pd.read_csv(output / "realism.csv").set_index(["class_id", "statistic"])
    assert table.loc[(3, "share"), "n_reference"] == 4
    assert table.loc[(3, "share"), "mean"] == pytest.approx(0.1, abs=0.01)
    assert table.loc[(3, "n_strokes"), "mean_reference"] == pytest.approx(2)
    # 11 pixels along x in each of the disc's rows, 1.5 mm apart.
    assert table.loc[(3, "stroke_length"), "mean_reference"] == pytest.approx(15)
    assert table["distance"].notna().any()
    statistics = pd.read_csv(output / "statistics.csv")
    assert statistics.groupby("side")["case_id"].unique().map(list).to_dict() == {
        "reference": ["patient001_frame01", "patient002_frame01"],
        "scribbles": ["patient001_frame01_gt", "patient002_frame01_gt"],
    }
    strokes = pd.read_csv(output / "strokes.csv")
    assert len(strokes) == statistics["n_strokes"].sum()
    assert (output / "realism.png").read_bytes().startswith(b"\x89PNG")


def test_a_scribble_compared_with_itself_is_at_distance_0(scribblebench, acdc, tmp_path):
    ended = scribblebench(
        *("realism", "--reference", acdc, *ACDC, "--scribbles", acdc, "--output", tmp_path / "o"),
        *("--scribbles-pattern", "*_scribble.nii.gz", "--labels-pattern", "*_gt.nii.gz"),
        *("--ignore-label", 4),
    )
    assert ended.code == 0, ended.err
    table = pd.read_csv(tmp_path / "o" / "realism.csv")
    assert table["distance"].dropna().to_numpy() == pytest.approx(0, abs=1e-9)
    assert (table["ks"].dropna() == 0).all()


def test_one_side_alone_without_dense_labels(scribblebench, simulated, tmp_path):
    ended = scribblebench("realism", "--scribbles", simulated, "--output", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert "ratio" not in ended.out
    table = pd.read_csv(tmp_path / "out" / "realism.csv")
    assert set(table["statistic"]) == {
        *("annotated_px", "n_strokes", "length"),
        *("stroke_length", "stroke_width", "stroke_closed", "stroke_tortuosity"),
    }
    one = scribblebench("realism", "--scribbles", simulated / "patient001_frame01_gt.nii.gz")
    assert one.code == 0, one.err


def test_one_file_goes_with_one_file_whatever_their_names(scribblebench, acdc):
    stem = acdc / "patient001" / "patient001_frame01"
    ended = scribblebench(
        *("realism", "--scribbles", f"{stem}_scribble.nii.gz", "--ignore-label", 4),
        *("--labels", f"{stem}_gt.nii.gz"),
    )
    assert ended.code == 0, ended.err
    assert "depth" in ended.out


def error(ended):
    """Return the message of a command that ended with bad input, which is one line."""
    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    return ended.err


def test_the_value_of_pixels_not_annotated_is_not_guessed(scribblebench, acdc, tmp_path):
    scribbles = ("realism", "--scribbles", acdc, "--scribbles-pattern", "*_scribble.nii.gz")
    message = error(scribblebench(*scribbles))
    assert "patient001_frame01_scribble.nii.gz: no pixel is 255" in message
    assert "but only 0, 2, 3, 4; give the value of this file by --ignore-label" in message
    assert "ACDC and MSCMR use 4" in message
    both = (*scribbles, "--ignore-label", 4, "--reference", acdc, *ACDC[:4])
    assert "by --reference-ignore-label" in error(scribblebench(*both))
    write(np.array([[[4, 255, 1]]], dtype=np.uint8), tmp_path / "odd" / "a.nii.gz")
    odd = ("realism", "--scribbles", tmp_path / "odd", "--ignore-label", 4)
    assert "a.nii.gz: holds 255, which no class may be" in error(scribblebench(*odd))


def test_units_are_not_mixed(scribblebench, acdc, simulated, tmp_path):
    plain = tmp_path / "plain" / "a.nii.gz"
    array = np.full((12, 12, 1), 255, dtype=np.uint8)
    array[2:8, 5] = 1
    write(array, plain, affine=np.eye(4))
    command = ("realism", "--reference", simulated, "--scribbles", plain.parent)
    message = error(scribblebench(*command))
    assert "distances must have one unit, got reference: mm; scribbles: px" in message
    assert "--pixels" in message
    ended = scribblebench(*command, "--pixels")
    assert ended.code == 0, ended.err
    assert "total length, px" in ended.out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--scribbles-pattern", "scribble"), "--scribbles: pattern must have one *"),
        (("--scribbles-pattern", "*_x.nii"), "holds no *_x.nii (sub-folders were searched)"),
        (("--labels", "nowhere"), "--labels: nowhere: no such file or folder"),
        (("--labels-pattern", "*_x.nii"), "--labels: "),
        (("--labels-pattern", "*1_frame01_gt.nii.gz"), "no dense labels of its case, 'patient001"),
        (("--reference-pattern", "*.nii"), "--reference: must be given with options that"),
    ],
)
def test_says_in_one_line_what_is_wrong(scribblebench, simulated, more, message):
    assert message in error(scribblebench("realism", "--scribbles", simulated, *more))


def test_labels_must_be_dense_and_of_the_same_shape(scribblebench, simulated, tmp_path):
    command = ("realism", "--scribbles", simulated, "--labels")
    assert "must be dense, got 255" in error(scribblebench(*command, simulated))
    for path in (tmp_path / "labels").iterdir():
        write(np.zeros((5, 5, 3), dtype=np.uint8), path)
    message = error(scribblebench(*command, tmp_path / "labels"))
    assert "must have the scribble's shape (3, 36, 40), got (3, 5, 5)" in message


def test_two_files_of_one_case_are_refused(scribblebench, simulated):
    name = "patient001_frame01_gt.nii.gz"
    write(dense_labels(), simulated / "again" / name)
    message = error(scribblebench("realism", "--scribbles", simulated))
    assert "have the same case name" in message
    assert str(simulated / "again" / name) in message


def test_output_must_be_a_folder(scribblebench, simulated, tmp_path):
    (tmp_path / "file").write_text("")
    command = ("realism", "--scribbles", simulated, "--output", tmp_path / "file")
    assert "--output: must be a folder" in error(scribblebench(*command))
