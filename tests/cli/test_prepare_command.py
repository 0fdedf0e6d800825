"""Sweeps on prepared cases, held against sweeps on the data set."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from scribblebench.data.phantom import Phantom
from scribblebench.sweep.store import Store


def prepared(scribblebench, protocol, output, *more):
    ended = scribblebench("prepare", "--protocol", protocol, "--output", output, *more)
    assert ended.code == 0, ended.err
    return ended


def swept(scribblebench, protocol, output, *more):
    """Return the rows of a sweep in the order of its plan."""
    ended = scribblebench("sweep", "--protocol", protocol, "--output", output, *more)
    assert ended.code == 0, ended.err
    store = Store(output)
    ids = list(store.read_plan().trials)
    return ids, pd.concat([store.read_rows(i).drop(columns="trial_id") for i in ids])


def losses(output, ids):
    return pd.concat([pd.read_csv(output / "trials" / i / "history.csv") for i in ids])["loss"]


@pytest.fixture
def integers(monkeypatch):
    """Give phantoms whole intensities up to 255, as data sets of 8 bits have."""
    whole = Phantom.load

    def load(self, case_id):
        case = whole(self, case_id)
        case.image[:] = np.rint(np.clip(case.image, 0, 255))
        return case

    monkeypatch.setattr(Phantom, "load", load)


def test_results_are_the_same_where_the_levels_hold_all_intensities(
    scribblebench, tiny, write_protocol, tmp_path, integers
):
    path, file = write_protocol(tiny), tmp_path / "made.npz"
    ended = prepared(scribblebench, path, file)
    assert "5 cases (3 train, 2 val), 0.0 MiB, largest error 0.000 standard dev" in ended.out
    ids, rows = swept(scribblebench, path, tmp_path / "original")
    other_ids, other_rows = swept(scribblebench, path, tmp_path / "other", "--prepared", file)
    pd.testing.assert_frame_equal(rows, other_rows, check_exact=True)
    assert set(ids).isdisjoint(other_ids)


@pytest.mark.parametrize("spacing_mm", [None, 4.0])
def test_results_agree_up_to_the_error_of_the_levels(
    scribblebench, tiny, write_protocol, tmp_path, spacing_mm
):
    """The losses of two steps differ by less than a percent, and Dice by a few pixels."""
    tiny["training"]["spacing_mm"] = spacing_mm
    path, file = write_protocol(tiny), tmp_path / "made.npz"
    prepared(scribblebench, path, file)
    ids, rows = swept(scribblebench, path, tmp_path / "original")
    other_ids, other_rows = swept(scribblebench, path, tmp_path / "other", "--prepared", file)
    same = [c for c in rows if c not in ("dsc", "dsc_raw", "hd", "hd95", "assd", "failed")]
    pd.testing.assert_frame_equal(rows[same], other_rows[same], check_exact=True)
    np.testing.assert_allclose(rows["dsc"], other_rows["dsc"], atol=0.03)
    one, other = losses(tmp_path / "original", ids), losses(tmp_path / "other", other_ids)
    np.testing.assert_allclose(one, other, rtol=0.01)


def test_other_intensities_make_other_trials(scribblebench, tiny, write_protocol, tmp_path):
    path, file = write_protocol(tiny), tmp_path / "made.npz"
    prepared(scribblebench, path, file)
    ids, _ = swept(scribblebench, path, tmp_path / "out", "--prepared", file)
    with np.load(file) as arrays:
        content = dict(arrays)
    content["0/values"] = content["0/values"] * np.float32(1.01)
    np.savez(file, **content)
    other_ids, _ = swept(scribblebench, path, tmp_path / "out", "--prepared", file)
    assert set(ids).isdisjoint(other_ids)


def test_a_file_may_hold_more_parts_and_train_takes_it_too(
    scribblebench, tiny, write_protocol, tmp_path
):
    path, file = write_protocol(tiny), tmp_path / "made.npz"
    parts = ("--part", "train", "--part", "val", "--part", "test")
    assert "6 cases (3 train, 2 val, 1 test)" in prepared(scribblebench, path, file, *parts).out
    tiny["split"] = {"score": "test"}
    _, rows = swept(
        scribblebench, write_protocol(tiny, "test.yaml"), tmp_path / "out", "--prepared", file
    )
    assert set(rows["case_id"]) == {"phantom005"}
    ended = scribblebench(
        *("train", "--protocol", path, "--method", "full", "--prepared", file),
        *("--output", tmp_path / "model"),
    )
    assert ended.code == 0, ended.err
    assert (tmp_path / "model" / "model.pt").is_file()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training": {"field_of_view": 64}}, "training.field_of_view: must be 48, as FILE was"),
        ({"training": {"spacing_mm": 4.0}}, "training.spacing_mm: must be None, as FILE was pr"),
        ({"dataset": {"name": "acdc", "options": {}}}, "dataset.name: must be 'phantom', as FILE"),
        ({"dataset": {"options": {"size": 64}}}, "dataset.options: must be {"),
        ({"split": {"score": "test"}}, "split.score: 'phantom' has no cases in 'test'."),
        ({"split": {"train": "val"}}, "split: patient 'phantom003' is both in 'val' and in 'val'"),
        ({"forms": ["expert", "dense"]}, "forms: 'expert' needs scribbles"),
    ],
)
def test_a_file_that_is_not_what_the_protocol_asks_for_is_refused(
    scribblebench, tiny, write_protocol, tmp_path, change, message
):
    path, file = write_protocol(tiny), tmp_path / "made.npz"
    prepared(scribblebench, path, file)
    for key, value in change.items():
        tiny[key] = tiny.get(key, {}) | value if isinstance(value, dict) else value
    path = write_protocol(tiny, "other.yaml")
    command = ("sweep", "--protocol", path, "--output", tmp_path / "out", "--prepared")
    ended = scribblebench(*command, file)
    assert ended.code == 2
    assert message.replace("FILE", str(file)) in ended.err
    assert not (tmp_path / "out").exists()


def test_sweep_and_prepare_say_in_one_line_what_is_wrong(
    scribblebench, tiny, write_protocol, tmp_path
):
    path, file = write_protocol(tiny), tmp_path / "made.npz"
    for command, message in (
        (("sweep", "--prepared", file), f"{file}: no such file"),
        (("sweep", "--prepared", path), f"{path}: is not a file of `scribblebench prepare`"),
        (("sweep", "--prepared", file, "--data", tmp_path), "--prepared: stands in for --data"),
        (("prepare", "--output", tmp_path), f"--output: must be a file, got the folder {tmp_path}"),
        (("prepare", "--output", file, "--part", "vall"), "--part: 'phantom' has no cases in 'va"),
    ):
        ended = scribblebench(*command, "--protocol", path)
        assert ended.code == 2
        assert message in ended.err
        assert ended.err.splitlines()[-1].startswith("error: ")
    assert not file.exists()


def test_cases_that_have_scribbles_only_can_be_trained_on(
    scribblebench, tiny, write_protocol, tmp_path
):
    """Scribbles of two cases and dense labels of one, in the layout of MSCMRseg."""
    rng = np.random.default_rng(0)
    for part, kind, names in (("train", "scribble", "ab"), ("val", "manual", "c")):
        for name in names:
            labels = np.zeros((40, 44, 2), dtype=np.uint8)
            labels[8:16, 8:16], labels[20:30, 8:16], labels[20:30, 20:30] = 1, 2, 3
            if kind == "scribble":
                labels[:, np.arange(44) % 5 > 0] = 4
            image = rng.integers(0, 900, labels.shape).astype(np.int16)
            for sub, stem, array in (
                ("images", name, image),
                ("labels", f"{name}_{kind}", labels),
            ):
                target = tmp_path / "data" / part / sub / f"{stem}.nii.gz"
                target.parent.mkdir(parents=True, exist_ok=True)
                nib.save(nib.Nifti1Image(array, np.diag([1.5, 1.25, 8.0, 1.0])), target)
    tiny |= {"dataset": {"name": "mscmr"}, "forms": ["expert"], "methods": ["pce"]}
    del tiny["densities"]
    tiny["training"]["spacing_mm"] = 1.36719
    path, file = write_protocol(tiny), tmp_path / "made.npz"
    prepared(scribblebench, path, file, "--data", tmp_path / "data")
    ids, _ = swept(scribblebench, path, tmp_path / "original", "--data", tmp_path / "data")
    other_ids, rows = swept(scribblebench, path, tmp_path / "other", "--prepared", file)
    assert (rows["distance_unit"] == "mm").all()
    one, other = losses(tmp_path / "original", ids), losses(tmp_path / "other", other_ids)
    np.testing.assert_allclose(one, other, rtol=0.01)
