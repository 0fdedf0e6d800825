"""Parts and folds by hand, as invariants, and as files."""

import json
from collections import Counter

import pytest
from faults import write_acdc
from hypothesis import given
from hypothesis import strategies as st

from scribblebench.data.acdc import Acdc
from scribblebench.data.groups import class_groups, own_groups, table_groups
from scribblebench.data.phantom import Phantom
from scribblebench.data.split_file import SplitFile, cases_digest, read_split, write_split
from scribblebench.data.splitting import folds_of, share_out, shuffled, united
from scribblebench.errors import InputError

GOLDEN_FOLDS = [["p03", "p04", "p07", "p08"], ["p00", "p01", "p02"], ["p05", "p06", "p09"]]
GOLDEN_TEST = ["p05", "p06", "p08", "p09"]

units = st.dictionaries(st.text(max_size=4), st.sampled_from("abc"), min_size=6, max_size=60)
SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}


@given(units=units, n_folds=st.integers(2, 6), seed=st.integers(0, 2**40))
def test_folds_are_a_partition_that_is_even_in_size_and_in_every_group(units, n_folds, seed):
    folds = folds_of(units, n_folds, seed=seed)
    assert sorted(u for fold in folds for u in fold) == sorted(units)
    for group in ("abc", *"abc"):
        sizes = [sum(units[u] in group for u in fold) for fold in folds]
        assert max(sizes) - min(sizes) <= 1


@given(units=units, seed=st.integers(0, 2**40))
def test_parts_have_their_sizes_and_every_group_its_share(units, seed):
    """A group's number in a part may miss its share by rounding at both ends of the group."""
    try:
        parts = share_out(units, SHARES, seed=seed)
    except InputError as error:
        assert len(units) < 10
        assert "would be empty" in str(error)  # noqa: PT017 # not every draw raises
        return
    assert sorted(u for part in parts.values() for u in part) == sorted(units)
    for part, share in SHARES.items():
        assert abs(len(parts[part]) - share * len(units)) < 1
        for group in "abc":
            n = sum(g == group for g in units.values())
            found = sum(units[u] == group for u in parts[part])
            assert abs(found - n * len(parts[part]) / len(units)) < 2


def test_sizes_are_those_of_largest_remainders():
    """Of 8: 5.6, 0.8 and 1.6 are 5, 0 and 1, and the two left go to .8 and the first .6."""
    parts = share_out(dict.fromkeys("abcdefgh", ""), SHARES, seed=0)
    assert {part: len(found) for part, found in parts.items()} == {"train": 6, "val": 1, "test": 1}


def test_the_order_is_a_hash_of_seed_and_name_whatever_else_there_is():
    names = [f"p{k}" for k in range(20)]
    order = shuffled(dict.fromkeys(names, ""), seed=3)
    assert order != names
    assert order == shuffled(dict.fromkeys(reversed(names), ""), seed=3)
    assert order != shuffled(dict.fromkeys(names, ""), seed=4)
    fewer = [name for name in order if name not in ("p3", "p11")]
    assert fewer == shuffled(dict.fromkeys(fewer, ""), seed=3)


def test_a_split_is_the_same_on_every_machine_and_in_every_version():
    """Others would make that published splits are not found again."""
    groups = {f"p{k:02d}": "ab"[k % 2] for k in range(10)}
    assert folds_of(groups, 3, seed=0) == GOLDEN_FOLDS
    assert share_out(groups, {"train": 0.6, "test": 0.4}, seed=1)["test"] == GOLDEN_TEST


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"a": 0.5, "b": 0.4}, r"^parts: shares must add up to 1, got 0\.9$"),
        ({"a": 1.2, "b": -0.2}, r"^parts: a: must be a share in \(0, 1\), got 1\.2$"),
        ({"a": 0.95, "b": 0.05}, r"^parts: b: would be empty with 0\.05 of 5 patients$"),
    ],
)
def test_shares_that_cannot_be_are_refused(shares, message):
    with pytest.raises(InputError, match=message):
        share_out(dict.fromkeys("abcde", ""), shares, seed=0)


def test_too_many_folds_are_refused():
    with pytest.raises(InputError, match="folds: must be 2 to 3, the number of patients, got 4"):
        folds_of(dict.fromkeys("abc", ""), 4, seed=0)


def test_patients_that_stay_together_are_one_unit():
    groups = {"a": "x", "b": "x", "c": "y", "d": "y"}
    assert united(groups, [("d", "c")]) == {"a": ("a",), "b": ("b",), "c": ("c", "d")}
    for together, message in (
        ([("a", "e")], "unknown patient 'e'"),
        ([("a", "b"), ("b", "c")], "'b' is named twice"),
        ([("a", "a")], "'a' is named twice"),
        ([("a", "c")], "must be of one group, got 'a' of 'x' and 'c' of 'y'"),
    ):
        with pytest.raises(InputError, match=f"^together: .*{message}"):
            united(groups, together)


def test_groups_come_from_a_table(tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text("patient,age,group\n01,30,x\n02,40,y\n03,1,x\n")
    assert table_groups(path, ["02", "01"]) == {"01": "x", "02": "y"}
    with pytest.raises(InputError, match=r"groups\.csv: has no patient '1' and 1 more"):
        table_groups(path, ["1", "9", "01"])
    path.write_text("patient,group\n01,x\n01,y\n")
    with pytest.raises(InputError, match="patient '01' has the groups 'x' and 'y'"):
        table_groups(path, ["01"])
    path.write_text("id,group\n01,x\n")
    with pytest.raises(InputError, match="must have a column patient, got id, group"):
        table_groups(path, ["01"])


def test_groups_are_the_classes_that_occur():
    found = {"a": [[0, 1, 255], [2]], "b": [[0]], "c": [[2, 1]]}
    groups = class_groups(found, ("background", "RV", "LV"))
    assert groups == {"a": "RV+LV", "b": "none", "c": "RV+LV"}


def test_acdc_tells_diagnoses_by_info_or_by_id_and_the_phantom_has_none(tmp_path):
    write_acdc(tmp_path, 21)
    (tmp_path / "patient002" / "Info.cfg").write_text("ED: 1\nES: 12\nGroup: MINF\nHeight: 180\n")
    patients = ["patient001", "patient002", "patient021"]
    assert list(own_groups(Acdc(tmp_path), patients).values()) == ["DCM", "MINF", "HCM"]
    (tmp_path / "patient021").rename(tmp_path / "patient101")
    image = tmp_path / "patient101" / "patient021_frame01.nii.gz"
    image.rename(image.with_name("patient101_frame01.nii.gz"))
    with pytest.raises(InputError, match=r"patient101/Info\.cfg: must hold the patient's Group"):
        own_groups(Acdc(tmp_path), ["patient101"])
    with pytest.raises(InputError, match=r"^stratify: 'phantom' knows no groups"):
        own_groups(Phantom(), ["phantom000"])


FOLDS = [{"train": ("a", "b"), "val": ("c",)}, {"train": ("c",), "val": ("a", "b")}]


def test_a_file_is_read_back_and_is_a_line_a_part(tmp_path):
    path = tmp_path / "s.json"
    digest = cases_digest("bca")
    for content in ({"folds": FOLDS}, {"parts": {"x": ("a", "c"), "y": ("b",)}}):
        split = SplitFile(dataset="d", cases_sha256=digest, seed=3, **content)
        write_split(path, split)
        assert read_split(path, "d") == split
        assert '"train": ["a", "b"]' in path.read_text() or '"x": ["a", "c"]' in path.read_text()
    assert digest == cases_digest(["a", "b", "c"]) != cases_digest(["ab", "c"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": {"a": ["x"]}}, "must hold either parts or folds"),
        ({"folds": None}, "must hold either parts or folds"),
        ({"dataset": "e"}, "dataset: must be 'd', got 'e'"),
        ({"fold": []}, "unknown key 'fold'. Did you mean 'folds'?"),
        ({"format": "x"}, "format: input should be 'scribblebench split'"),
        ({"cases_sha256": "0"}, "cases_sha256: is not that of the cases; leave it out if"),
        ({"folds": [{"train": ["a"], "val": ["a"]}, FOLDS[0]]}, r"folds\[0\]: case 'a' is both in"),
        ({"folds": [{"a": ["a"], "val": ["b"]}, FOLDS[0]]}, r"folds\[0\]: must hold train and val"),
        ({"folds": [{"train": [], "val": ["b"]}, FOLDS[0]]}, r"folds\.0\.train: tuple should have"),
    ],
)
def test_files_that_are_wrong_are_refused(tmp_path, change, message):
    path = tmp_path / "s.json"
    content = {"format": "scribblebench split", "dataset": "d", "folds": FOLDS} | change
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=f"^{path}: {message}") as error:
        read_split(path, "d")
    assert "\n" not in str(error.value)


def test_folds_stand_for_exclusive_parts():
    split = SplitFile(dataset="d", folds=FOLDS)
    assert split.exclusive_parts() == {"fold 0": ("c",), "fold 1": ("a", "b")}
    assert Counter(split.case_ids()) == Counter("abc")
