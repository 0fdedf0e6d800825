"""Label maps of any format: listed, read and written without losing a value."""

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from scribblebench.errors import InputError
from scribblebench.io.formats import read_channels, read_label_map, write_label_map
from scribblebench.io.names import label_map_name, list_files

LABELS = np.random.default_rng(3).integers(0, 256, (3, 5, 4)).astype(np.uint8)


def picture(path, array=LABELS[0]):
    Image.fromarray(array).save(path)
    return path


def test_pictures_are_listed_where_there_is_no_nifti_file(tmp_path):
    for name in ("b.png", "a.TIF", ".c.png", "a-overlay.png", "notes.txt"):
        picture(tmp_path / name) if name != "notes.txt" else (tmp_path / name).touch()
    (tmp_path / "sub.png").mkdir()
    assert [p.name for p in list_files(tmp_path)] == ["a.TIF", "b.png"]
    picture(tmp_path / "a.bmp")
    with pytest.raises(InputError, match=r"a\.TIF and a\.bmp have the same case name"):
        list_files(tmp_path)
    nib.save(nib.Nifti1Image(LABELS, np.eye(4)), tmp_path / "v.NII.GZ")
    assert [p.name for p in list_files(tmp_path)] == ["v.NII.GZ"]
    (tmp_path / "v.NII.GZ").rename(tmp_path / "._v.nii.gz")
    (tmp_path / "a.bmp").unlink()
    (tmp_path / "old.nii").mkdir()
    assert [p.name for p in list_files(tmp_path)] == ["a.TIF", "b.png"]
    assert list_files(tmp_path / "b.png") == [tmp_path / "b.png"]
    with pytest.raises(InputError, match=r"holds no \.nii\.gz, \.nii, \.png"):
        list_files(tmp_path / "sub.png")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a.nii.gz", "a.nii.gz"),
        ("a.NII", "a.NII"),
        ("a.b.tif", "a.b.tif"),
        ("a.png", "a.png"),
        ("a.v2.JPEG", "a.v2.png"),
        ("a.bmp", "a.png"),
    ],
)
def test_label_maps_are_written_in_formats_that_keep_them(name, written):
    assert label_map_name(name) == written


def test_endings_in_upper_case_are_written_and_read(tmp_path):
    nib.save(nib.Nifti1Image(LABELS.T, np.diag([2.0, 3.0, 4.0, 1.0])), tmp_path / "a.NII.GZ")
    _, reference = read_channels(tmp_path / "a.NII.GZ")
    write_label_map(tmp_path / "b.NII.GZ", LABELS, reference)
    assert (tmp_path / "b.NII.GZ").read_bytes()[:2] == b"\x1f\x8b"  # gzip
    found, volume = read_label_map(tmp_path / "b.NII.GZ")
    np.testing.assert_array_equal(found, LABELS)
    assert volume.spacing_mm == (4.0, 3.0, 2.0)


@pytest.mark.parametrize(("name", "planes"), [("l.png", 1), ("l.tif", 1), ("l.tiff", 3)])
def test_what_is_written_is_read_again(tmp_path, name, planes):
    source = tmp_path / "source.tif"
    import tifffile

    tifffile.imwrite(source, LABELS[:planes], photometric="minisblack")
    _, reference = read_channels(source)
    write_label_map(tmp_path / name, LABELS[:planes], reference)
    found, volume = read_label_map(tmp_path / name)
    np.testing.assert_array_equal(found, LABELS[:planes])
    assert volume.spacing_mm is None
    assert {p.name for p in tmp_path.iterdir()} == {"source.tif", name}


def test_a_picture_holds_one_plane_and_small_labels(tmp_path):
    _, reference = read_channels(picture(tmp_path / "a.png"))
    with pytest.raises(ValueError, match="label_map must have shape"):
        write_label_map(tmp_path / "b.png", LABELS, reference)
    deep = np.full((5, 4), 300, dtype=np.uint16)
    with pytest.raises(InputError, match=r"d\.png: labels must be integers in \[0, 255\], got 300"):
        read_label_map(picture(tmp_path / "d.png", deep))
