"""Patterns of file names."""

import pytest

from scribblebench.data.patterns import Pattern
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


def test_a_filled_pattern_takes_the_ending_that_there_is(tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.png").touch()
    pattern = Pattern("labels/{case}", "labels")
    assert pattern.fill(tmp_path, {"case": "a"}) == tmp_path / "labels" / "a.png"
    assert not pattern.fill(tmp_path, {"case": "b"}).exists()
    with pytest.raises(InputError, match=r"labels: has \{part\}, and images has not"):
        Pattern("{part}/{case}.png", "labels").fill(tmp_path, {"case": "a"})


def test_hidden_files_are_not_found(tmp_path):
    for name in ("a.png", ".b.png", "._a.png"):
        (tmp_path / name).touch()
    assert [p.name for p, _ in Pattern("*.png", "images").find(tmp_path)] == ["a.png"]
