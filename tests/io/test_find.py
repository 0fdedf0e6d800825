"""Files of cases in folders, below them and behind links."""

import pytest

from scribblebench.errors import InputError
from scribblebench.io.find import find_volumes, walk


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_links_to_folders_are_followed_and_loops_end(tmp_path):
    touch(tmp_path / "store", "b.png", "sub/a.png", ".hidden/c.png", ".d.png")
    data = tmp_path / "data"
    data.mkdir()
    (data / "images").symlink_to(tmp_path / "store")
    (tmp_path / "store" / "sub" / "back").symlink_to(data)
    (tmp_path / "store" / "self").symlink_to(tmp_path / "store")
    (tmp_path / "store" / "gone").symlink_to(tmp_path / "nothing")
    found = [path.relative_to(data).as_posix() for path in walk(data)]
    assert found == ["images/b.png", "images/sub/a.png"]
    assert list(find_volumes(data, None)) == ["a", "b"]


def test_a_file_that_is_found_twice_through_a_link_is_one(tmp_path):
    touch(tmp_path, "a/x.png")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert find_volumes(tmp_path, None) == {"x": tmp_path / "a" / "x.png"}
    touch(tmp_path, "c/x.png")
    with pytest.raises(InputError, match=r"a/x\.png and .*c/x\.png have the same case name"):
        find_volumes(tmp_path, None)


def test_endings_in_upper_case_are_the_same(tmp_path):
    touch(tmp_path, "a_gt.NII.GZ", "b_gt.nii.gz", "c.PNG", "d_GT.nii.gz", "e-OVERLAY.PNG")
    assert list(find_volumes(tmp_path, None)) == ["a_gt", "b_gt", "d_GT"]
    assert list(find_volumes(tmp_path, "*_gt.nii.gz")) == ["a", "b"]
    assert list(find_volumes(tmp_path, "*.png")) == ["c", "e-OVERLAY"]
