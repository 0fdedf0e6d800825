import math
from concurrent.futures import ThreadPoolExecutor

import pytest

from scribblebench.io.atomic import atomic_path, create_json, write_json, write_text


def test_file_appears_whole_and_leaves_nothing_else(tmp_path):
    write_text(tmp_path / "deep" / "a.txt", "new")
    assert (tmp_path / "deep" / "a.txt").read_text() == "new"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["a.txt"]


def test_a_writer_that_fails_leaves_the_old_file_and_no_temporary_one(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail_half_way():
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        fail_half_way()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_json_refuses_what_json_cannot_say(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"x": math.inf})
    assert not (tmp_path / "a.json").exists()


def test_a_file_that_is_there_is_not_created_again(tmp_path):
    path = tmp_path / "result.json"
    assert create_json(path, {"a": 1})
    assert not create_json(path, {"a": 2})
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


def test_of_many_creators_one_wins(tmp_path):
    """Twenty rounds of eight threads."""
    for round_ in range(20):
        path = tmp_path / str(round_) / "result.json"
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda k, path=path: create_json(path, k), range(8)))
        assert won.count(True) == 1
        assert path.read_text() == f"{won.index(True)}\n"
