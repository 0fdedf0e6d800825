"""`--cache`: sweeps share prepared cases, and their results are those of prepared files."""

import pandas as pd
import pytest
from layouts.decathlon import write_decathlon

from scribblebench.sweep.store import Store


@pytest.fixture
def protocol(tiny, write_protocol, tmp_path):
    write_decathlon(tmp_path / "data", 4, n=10)
    tiny["dataset"] = {"name": "decathlon_hippocampus", "data": str(tmp_path / "data")}
    tiny["forms"] = ["dense"]
    tiny["methods"] = ["full"]
    tiny.pop("densities", None)
    tiny["training"] = {**tiny["training"], "field_of_view": 32, "patch": 32}
    return write_protocol(tiny)


def rows_of(output):
    store = Store(output)
    ids = list(store.read_plan().trials)
    return ids, pd.concat([store.read_rows(i) for i in ids])


def test_sweeps_fill_it_and_find_what_another_has_left(scribblebench, protocol, tmp_path):
    cache = tmp_path / "cache"
    command = ("sweep", "--protocol", protocol, "--cache", cache, "--workers", 1, "--output")
    assert scribblebench(*command, tmp_path / "one").code == 0
    stamps = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert len(stamps) == len(set(rows_of(tmp_path / "one")[1]["case_id"])) + 7  # 7 to train on
    assert scribblebench(*command, tmp_path / "two").code == 0
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == stamps
    file = tmp_path / "made.npz"
    assert scribblebench("prepare", "--protocol", protocol, "--output", file).code == 0
    prepared = ("sweep", "--protocol", protocol, "--prepared", file, "--workers", 1, "--output")
    assert scribblebench(*prepared, tmp_path / "three").code == 0
    (one, rows), (two, again), (three, others) = (
        rows_of(tmp_path / name) for name in ("one", "two", "three")
    )
    assert one == two == three
    pd.testing.assert_frame_equal(rows, again, check_exact=True)
    pd.testing.assert_frame_equal(rows, others, check_exact=True)


def test_train_takes_it_too_and_computed_cases_are_not_kept(
    scribblebench, protocol, tiny, write_protocol, tmp_path
):
    cache = tmp_path / "cache"
    ended = scribblebench("train", "--protocol", protocol, "--cache", cache, "--output", tmp_path)
    assert ended.code == 0, ended.err
    assert len(list(cache.iterdir())) == 7
    tiny["dataset"] = {"name": "phantom", "options": {"patients": 4, "size": 48, "slices": 3}}
    path = write_protocol(tiny, "phantom.yaml")
    command = ("sweep", "--protocol", path, "--output", tmp_path / "out", "--cache")
    assert scribblebench(*command, tmp_path / "unused").code == 0
    assert not (tmp_path / "unused").exists()


def test_a_file_is_no_cache(scribblebench, protocol, tmp_path):
    command = ("sweep", "--protocol", protocol, "--output", tmp_path / "out", "--cache", protocol)
    ended = scribblebench(*command)
    assert ended.code == 2
    assert ended.err == f"error: --cache: must be a folder, got {protocol}\n"
