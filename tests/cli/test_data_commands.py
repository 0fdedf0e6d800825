"""`data list`, `data check` and `data split`: what they print, write and end with."""

import json
import shutil

import pytest
from faults import FAULTS, write_acdc

from scribblebench.data import DATASETS
from scribblebench.data.acdc import Acdc
from scribblebench.data.split_file import read_split


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "acdc"
    write_acdc(folder, 10, frames=(1, 9))
    return folder


def test_list_names_every_data_set_with_its_facts(scribblebench):
    ended = scribblebench("data", "list")
    assert ended.code == 0
    for name in DATASETS:
        assert any(line.startswith(f"{name} ") for line in ended.out.splitlines()), name
    assert "https://www.creatis.insa-lyon.fr/Challenge/acdc/" in ended.out


def test_list_of_one_tells_all_of_it(scribblebench):
    out = scribblebench("data", "list", "phantom").out
    assert "classes   0 background, 1 RV, 2 myocardium, 3 LV\n" in out
    assert "options   patients = 32, size = 64, slices = 6, seed = 0, train = null" in out
    assert DATASETS["acdc"].facts.citation in scribblebench("data", "list", "acdc").out
    ended = scribblebench("data", "list", "acd")
    assert (ended.code, ended.err) == (2, "error: unknown data set 'acd'. Did you mean 'acdc'?\n")


def test_list_as_json_is_all_that_is_known(scribblebench):
    everything = json.loads(scribblebench("data", "list", "--json").out)
    assert [one["name"] for one in everything] == DATASETS.names()
    one = json.loads(scribblebench("data", "list", "acdc", "--json").out)
    assert one["classes"] == ["background", "RV", "myocardium", "LV"]
    assert one in everything


def test_check_of_a_sound_copy_ends_well_and_says_what_it_holds(scribblebench, root):
    ended = scribblebench("data", "check", "acdc", root)
    assert ended.code == 0
    lines = ended.out.splitlines()
    for line in (
        "cases       20 of 10 patients",
        "split       train 8 of 4, pool 10 of 5, val 2 of 1",
        "shape       3 x 10 x 12",
        "spacing mm  8 x 1.5 x 1.5",
        "axes        LPS",
        "image type  uint8",
        "scribbles   contradict dense labels in 0 of 720 voxels",
        "0 errors, 0 warnings",
    ):
        assert line in lines
    assert "3 LV                   3.33 %     20" in ended.out  # 12 of 360 voxels


def test_warnings_end_well_and_errors_with_code_1(scribblebench, root):
    dataset = Acdc(root)
    FAULTS["contradiction"].plant(dataset.files("patient002_frame01"), None)
    ended = scribblebench("data", "check", "acdc", root)
    assert ended.code == 0
    assert "warning: patient002_frame01: scribbles contradict the dense labels in 2 of" in ended.out
    FAULTS["truncated"].plant(dataset.files("patient003_frame01"), None)
    ended = scribblebench("data", "check", "acdc", root)
    assert ended.code == 1
    assert "            1 cannot be read and are left out below" in ended.out
    assert "error: patient003_frame01: patient003/patient003_frame01_gt.nii.gz: cannot" in ended.out
    assert ended.out.splitlines()[-1] == "1 error, 1 warning"


@pytest.mark.slow
def test_check_has_the_same_words_with_any_number_of_workers(scribblebench, root):
    for number, name in enumerate(("empty file", "unknown label", "shifted", "constant image")):
        files = Acdc(root).files(f"patient00{number + 1}_frame09")
        FAULTS[name].plant(files, None)
    one, two = (scribblebench("data", "check", "acdc", root, "--workers", n) for n in (1, 2))
    assert one.code == two.code == 1
    assert one.out == two.out
    assert one.out.splitlines()[-1] == "4 errors, 0 warnings"


def test_check_as_json_has_every_problem(scribblebench, root):
    files = Acdc(root).files("patient001_frame09")
    FAULTS["NaN"].plant(files, None)
    ended = scribblebench("data", "check", "acdc", root, "--json")
    content = json.loads(ended.out)
    assert ended.code == 1
    assert (content["n_cases"], content["n_patients"], content["n_errors"]) == (20, 10, 1)
    (problem,) = content["problems"]
    assert problem["severity"] == "error"
    assert problem["case_id"] == "patient001_frame09"
    assert content["cases"][1]["shape"] is None
    assert content["classes"][1]["annotated_share"] == pytest.approx(1 / 3)


def test_many_problems_of_a_kind_are_cut_short_unless_all_are_asked_for(scribblebench, root):
    dataset = Acdc(root)
    for case_id in dataset.case_ids():
        FAULTS["contradiction"].plant(dataset.files(case_id), None)
    out = scribblebench("data", "check", "acdc", root).out
    assert out.count("scribbles contradict the dense labels") == 10
    assert "warning: and 10 more of this kind (contradiction): --all" in out
    out = scribblebench("data", "check", "acdc", root, "--all").out
    assert out.count("scribbles contradict the dense labels") == 20


def test_wrong_usage_ends_with_code_2(scribblebench, tmp_path):
    for arguments, message in (
        (("acdc",), "acdc: needs its folder"),
        (("acdc", tmp_path / "none"), "no such data folder"),
        (("acdc", tmp_path), "holds no patientNNN/patientNNN_frameFF.nii.gz"),
        (("phantom", "--option", "size"), "--option: must be KEY=VALUE, got 'size'"),
        (
            ("phantom", "--option", "siz=48"),
            "--option: 'phantom' has no option 'siz'. Did you mean",
        ),
        (("phantom", "--option", "size=4"), "--option: phantom: size must be an integer from 48"),
    ):
        ended = scribblebench("data", "check", *arguments)
        assert ended.code == 2
        assert message in ended.err


def test_phantoms_are_checked_without_a_folder(scribblebench):
    ended = scribblebench("data", "check", "phantom", "--option", "patients=3")
    assert ended.code == 0
    assert "3 of 3 patients" in ended.out


def test_split_writes_folds_that_check_agrees_with(scribblebench, root, tmp_path):
    table, output = tmp_path / "group.csv", tmp_path / "s.json"
    table.write_text(
        "patient,group\n" + "".join(f"patient{k:03d},{'ab'[k < 5]}\n" for k in range(15))
    )
    command = ("data", "split", "acdc", root, "--output", output, "--stratify", table, "--folds")
    ended = scribblebench(*command, 3)
    assert ended.code == 0, ended.err
    split = read_split(output, "acdc")
    assert (split.seed, split.stratified_by) == (0, "group.csv")
    assert sorted(c for fold in split.folds for c in fold["val"]) == list(Acdc(root).case_ids())
    for fold in split.folds:
        assert not {c[:10] for c in fold["train"]} & {c[:10] for c in fold["val"]}
        assert len(fold["train"]) + len(fold["val"]) == 20
    assert [line.split() for line in ended.out.splitlines()[:2]] == [
        ["part", "patients", "cases", "a", "b"],
        ["fold", "0", "4", "8", "2", "2"],
    ]
    assert scribblebench("data", "check", "acdc", root, "--split", output).code == 0
    before = output.read_text()
    scribblebench(*command, 3)
    assert output.read_text() == before
    scribblebench(*command, 3, "--seed", 1)
    assert output.read_text() != before


def test_split_by_classes_within_a_part_keeps_patients_together(scribblebench, root, tmp_path):
    output = tmp_path / "s.json"
    ended = scribblebench(
        *("data", "split", "acdc", root, "--output", output, "--parts", "a=0.5,b=0.5"),
        *("--part", "train", "--part", "val", "--stratify", "classes"),
        *("--together", "patient001,patient010"),
    )
    assert ended.code == 0, ended.err
    parts = read_split(output, "acdc").parts
    assert "RV+myocardium+LV" in ended.out
    own = Acdc(root).split()
    assert sorted(c for ids in parts.values() for c in ids) == sorted(own["train"] + own["val"])
    (both,) = (part for part, ids in parts.items() if "patient001_frame01" in ids)
    assert "patient010_frame09" in parts[both]


def test_a_scan_under_two_names_in_two_folds_is_found_by_check(scribblebench, root, tmp_path):
    output = tmp_path / "s.json"
    scribblebench("data", "split", "acdc", root, "--output", output, "--folds", 10)
    shutil.copy(*(Acdc(root).files(f"patient00{k}_frame01").images[0] for k in (1, 2)))
    ended = scribblebench("data", "check", "acdc", root, "--split", output)
    assert ended.code == 1
    assert "has the same image as patient001_frame01, called another patient; they are" in ended.out


def test_split_says_what_is_wrong_in_a_line(scribblebench, root, tmp_path):
    output = tmp_path / "s.json"
    for arguments, message in (
        ((), "--output, and either --parts or --folds, must be given"),
        (("--folds", 3, "--parts", "a=1"), "--output, and either --parts or --folds, must be"),
        (("--parts", "a=0.5,b"), "--parts: must be NAME=SHARE,..., got 'a=0.5,b'"),
        (("--parts", "a=0.5,a=0.5"), "--parts: names must differ and not be empty"),
        (("--parts", "a=0.5,b=0.4"), "--parts: shares must add up to 1, got 0.9"),
        (("--folds", 11), "--folds: must be 2 to 10, the number of patients, got 11"),
        (("--folds", 2, "--part", "tset"), "--part: 'acdc' has no cases in 'tset'."),
        (("--folds", 2, "--stratify", "x.csv"), "x.csv: no such file"),
        (("--folds", 2, "--together", "a,b"), "--together: unknown patient 'a'"),
    ):
        ended = scribblebench("data", "split", "acdc", root, "--output", output, *arguments)
        assert ended.code == 2
        assert ended.err.splitlines()[-1].startswith(f"error: {message}")
    assert not output.exists()
