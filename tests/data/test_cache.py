"""The cache: cases are prepared once, a change makes another file, and damage is mended."""

import multiprocessing
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from layouts.decathlon import write_decathlon

from scribblebench.data import DATASETS
from scribblebench.data.cache import Cache
from scribblebench.data.decathlon import Hippocampus
from scribblebench.data.prepared import Preparation
from scribblebench.errors import InputError

PREPARATION = Preparation(
    dataset="decathlon_hippocampus", options={}, field_of_view=32, spacing_mm=2.0
)
CASE = "hippocampus_002"


@pytest.fixture
def root(tmp_path):
    return write_decathlon(tmp_path / "data", 4, n=4)


def cache_of(root, folder, **changes):
    return Cache(folder, Hippocampus(root), PREPARATION.model_copy(update=changes))


@pytest.fixture
def loads(monkeypatch):
    """Count the cases that are read from their data set."""
    read = []
    whole = Hippocampus.load

    def load(self, case_id):
        read.append(case_id)
        return whole(self, case_id)

    monkeypatch.setattr(Hippocampus, "load", load)
    return read


def test_cases_are_prepared_once_and_come_back_alike(root, tmp_path, loads):
    cache = cache_of(root, tmp_path / "cache")
    first, again = cache.slices(CASE), cache_of(root, tmp_path / "cache").slices(CASE)
    assert loads == [CASE]
    np.testing.assert_array_equal(first.image, again.image)
    direct = PREPARATION.apply(Hippocampus(root).load(CASE))
    np.testing.assert_array_equal(first.label_map, direct.label_map)
    span = np.ptp(direct.image)
    np.testing.assert_allclose(first.image, direct.image, atol=1.01 * span / 255 / 2)
    assert first.case.spacing_mm == direct.case.spacing_mm


def change_image(root):
    path = root / "imagesTr" / f"{CASE}.nii.gz"
    volume = nib.load(path)
    voxels = np.asarray(volume.dataobj).copy()
    voxels[0, 0, 0] += 1
    nib.save(nib.Nifti1Image(voxels, volume.affine), path)


def change_label(root):
    path = root / "labelsTr" / f"{CASE}.nii.gz"
    volume = nib.load(path)
    nib.save(nib.Nifti1Image(np.zeros_like(np.asarray(volume.dataobj)), volume.affine), path)


@pytest.mark.parametrize("change", [change_image, change_label])
def test_another_file_is_another_entry(root, tmp_path, loads, change):
    cache = cache_of(root, tmp_path / "cache")
    before = cache.path_of(CASE)
    other = cache.path_of("hippocampus_001")
    cache.keep(CASE)
    change(root)
    assert cache.path_of(CASE) != before
    assert cache.path_of("hippocampus_001") == other
    cache.slices(CASE)
    assert loads == [CASE, CASE]


def test_other_settings_are_another_entry(root, tmp_path):
    paths = {
        cache_of(root, tmp_path, **changes).path_of(CASE)
        for changes in ({}, {"field_of_view": 48}, {"spacing_mm": None}, {"planes": 8})
    }
    assert len(paths) == 4


@pytest.mark.parametrize("where", [0.1, 0.5, 0.95])
def test_damaged_entries_are_made_again(root, tmp_path, loads, where):
    """One bit is turned at a time; zip's checksums find it."""
    cache = cache_of(root, tmp_path / "cache")
    whole = cache.slices(CASE)
    path = cache.path_of(CASE)
    content = bytearray(path.read_bytes())
    content[int(where * len(content))] ^= 4
    path.write_bytes(content)
    again = cache.slices(CASE)
    assert len(loads) <= 2  # a bit of the padding between members is of no account
    np.testing.assert_array_equal(whole.image, again.image)
    np.testing.assert_array_equal(whole.label_map, again.label_map)


def test_entries_cut_short_are_made_again(root, tmp_path, loads):
    cache = cache_of(root, tmp_path / "cache")
    whole = cache.slices(CASE)
    path = cache.path_of(CASE)
    path.write_bytes(path.read_bytes()[:100])
    np.testing.assert_array_equal(cache.slices(CASE).image, whole.image)
    assert loads == [CASE, CASE]
    assert cache.slices(CASE).label_map.any()
    assert loads == [CASE, CASE]


@pytest.mark.parametrize("change", ["another case", "another spacing"])
def test_entries_under_the_name_of_others_are_made_again(root, tmp_path, loads, change):
    cache = cache_of(root, tmp_path / "cache")
    whole, path = cache.slices(CASE), cache.path_of(CASE)
    if change == "another case":
        other = cache.keep("hippocampus_001")
    else:
        other = cache_of(root, tmp_path / "cache", spacing_mm=1.0).keep(CASE)
    path.write_bytes(other.read_bytes())
    again = cache.slices(CASE)
    assert again.case.case_id == CASE
    np.testing.assert_array_equal(again.image, whole.image)
    assert len(loads) == 3


def test_options_that_are_tuples_are_the_lists_that_they_are_written_as(root, tmp_path, loads):
    for options in ({"tasks": ("a", "b")}, {"tasks": ["a", "b"]}):
        cache_of(root, tmp_path / "cache", options=options).slices(CASE)
    assert loads == [CASE]


def keep_all(root, folder, barrier):
    cache = cache_of(root, folder)
    barrier.wait()
    for case_id in cache.case_ids():
        cache.keep(case_id)


def test_processes_that_fill_it_at_once_leave_whole_files_and_no_others(root, tmp_path):
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    barrier = context.Barrier(3)
    folder = tmp_path / "cache"
    workers = [context.Process(target=keep_all, args=(root, folder, barrier)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    cache = cache_of(root, folder)
    paths = {cache.path_of(case_id) for case_id in cache.case_ids()}
    assert set(folder.iterdir()) == paths
    assert all(cache.slices(c).case.case_id == c for c in cache.case_ids())


def test_a_missing_file_is_named(root, tmp_path):
    cache = cache_of(root, tmp_path / "cache")
    gone = root / "labelsTr" / f"{CASE}.nii.gz"
    gone.unlink()
    with pytest.raises(InputError, match=f"{gone}: no such file"):
        cache.slices(CASE)


@pytest.mark.slow
def test_mscmr_fits_into_forty_mebibytes(tmp_path):
    """45 patients at 1.367 mm and 212 x 212 pixels, as the protocol `mscmr` asks for."""
    data = Path(os.environ.get("SCRIBBLEBENCH_DATA", "-"))
    if not (data / "mscmr").is_dir():
        pytest.skip("SCRIBBLEBENCH_DATA names no folder with mscmr")
    wanted = Preparation(dataset="mscmr", options={}, field_of_view=212, spacing_mm=1.367)
    cache = Cache(tmp_path, DATASETS["mscmr"](data), wanted)
    paths = [cache.keep(case_id) for case_id in cache.case_ids()]
    assert len(paths) == 45
    assert sum(path.stat().st_size for path in paths) < 40 * 2**20
