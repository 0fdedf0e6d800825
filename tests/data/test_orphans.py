"""Files that no case uses: behind links, and with endings in upper case."""

import shutil

from faults import report_of
from layouts.own import write_folder, write_pictures

from scribblebench.data.folder import Folder


def orphans(root):
    report = report_of(Folder(root), root)
    return [p.text.split(": ")[0] for p in report.problems if p.kind == "orphan"]


def test_labels_behind_a_link_without_images_are_named(tmp_path):
    write_pictures(tmp_path / "store", n=3)
    data = tmp_path / "data"
    data.mkdir()
    for name in ("images", "labels", "dataset.yaml"):
        (data / name).symlink_to(tmp_path / "store" / name)
    assert list(Folder(data).case_ids()) == ["s00", "s01", "s02"]
    shutil.copy(data / "labels" / "s00.png", data / "labels" / "s07.PNG")
    assert orphans(data) == ["labels/s07.PNG"]


def test_what_a_link_leads_to_is_used_under_its_own_name_too(tmp_path):
    write_folder(tmp_path / "labels_2024", n=2)
    for name in ("images", "labels"):
        (tmp_path / name).symlink_to(tmp_path / "labels_2024" / name)
    (tmp_path / "labels_2024" / "dataset.yaml").rename(tmp_path / "dataset.yaml")
    shutil.rmtree(tmp_path / "labels_2024" / "scribbles")
    report = report_of(Folder(tmp_path), tmp_path)
    assert (report.unused, orphans(tmp_path)) == ((), [])


def test_nifti_files_in_upper_case_are_cases_and_orphans(tmp_path):
    write_folder(tmp_path, n=3)
    for kind in ("images", "labels", "scribbles"):
        path = tmp_path / kind / "P0_0.nii.gz"
        path.rename(path.with_name("P0_0.NII.GZ"))
    dataset = Folder(tmp_path)
    assert list(dataset.case_ids()) == ["P0_0", "P0_1", "P1_0"]
    case = dataset.load("P0_0")
    assert case.label_map is not None
    assert case.scribble is not None
    shutil.copy(tmp_path / "labels" / "P0_0.NII.GZ", tmp_path / "labels" / "P9_0.NII.GZ")
    assert orphans(tmp_path) == ["labels/P9_0.NII.GZ"]
