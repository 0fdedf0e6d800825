"""Patterns of file names."""

import pytest

from scribblebench.data.patterns import Pattern, by_stem, list_names
from scribblebench.errors import InputError


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("images/*.nii.gz", "images/a.b.nii.gz", {"case": "a.b"}),
        ("images/{case}", "images/a.nii.gz", {"case": "a"}),
        ("images/{case}", "images/a.tiff", {"case": "a"}),
        ("images/{case}", "images/a.txt", None),
        ("images/{case}", "images/sub/a.png", None),
        ("{case}_{channel}.png", "a_b_0001.png", {"case": "a_b", "channel": "0001"}),
        ("{patient}/{patient}_{case}.png", "p1/p1_3.png", {"patient": "p1", "case": "3"}),
        ("{patient}/{patient}_{case}.png", "p1/p2_3.png", None),
        ("{part}/images/*.png", "val/images/a.png", {"part": "val", "case": "a"}),
        ("i[1]/*.png", "i[1]/a.png", {"case": "a"}),
        ("images/*.png", "images/.png", None),
        ("images/*.png", "images/a.PNG", {"case": "a"}),
        ("images/{case}", "images/a.b.NII.GZ", {"case": "a.b"}),
        ("images/*.NII", "images/a.nii", {"case": "a"}),
        ("images/*.nii", "images/a.nii.gz", None),
        ("./images/*.png", "images/a.png", {"case": "a"}),
    ],
)
def test_placeholders_stand_for_parts_of_names(pattern, name, found):
    assert Pattern(pattern, "images").match(name) == found


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("images/all.png", r"images: must have a \* or \{case\}"),
        ("images/{csae}.png", r"unknown placeholder '\{csae\}'\. Did you mean 'case'\?"),
        ("images/*.dcm", r"images: must end in one of \.nii\.gz, .*got 'images/\*\.dcm'"),
        ("../*.png", "must lie in the data set's folder"),
        ("/data/*.png", "must lie in the data set's folder"),
    ],
)
def test_patterns_that_cannot_work_are_refused(pattern, message):
    with pytest.raises(InputError, match=message):
        Pattern(pattern, "images")


def names_of(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return list_names(folder)


def test_of_two_files_for_one_case_both_are_named(tmp_path):
    stems = by_stem(names_of(tmp_path, "labels/a.PNG", "labels/b.bmp", "labels/b.png"))
    pattern = Pattern("labels/{case}", "labels")
    assert pattern.fill({"case": "a"}) == "labels/a"
    assert pattern.choose(tmp_path, stems["labels/a"], {"case": "a"}).name == "a.PNG"
    assert pattern.choose(tmp_path, (), {"case": "c"}) == tmp_path / "labels" / "c.nii.gz"
    with pytest.raises(InputError, match=r"/b\.png: is for the same case as .*/b\.bmp \(labels\)"):
        pattern.choose(tmp_path, stems["labels/b"], {"case": "b"})
    only = Pattern("labels/*.bmp", "labels")
    assert only.choose(tmp_path, stems["labels/b"], {"case": "b"}).name == "b.bmp"
    with pytest.raises(InputError, match=r"labels: has \{part\}, and images has not"):
        Pattern("{part}/{case}.png", "labels").fill({"case": "a"})


def test_hidden_files_are_not_found(tmp_path):
    names = names_of(tmp_path, "a.png", ".b.png", "._a.png", ".hidden/c.png", "notes.txt")
    assert names == ["a.png"]
    found = Pattern("*.png", "images").find(tmp_path, names)
    assert list(found) == [(tmp_path / "a.png", {"case": "a"})]
