import gzip

import nibabel as nib
import numpy as np
import pytest

from scribblebench.errors import InputError
from scribblebench.io.formats import read_label_map, write_label_map
from scribblebench.io.names import case_name, list_volumes
from scribblebench.io.nifti import read_channels, read_image, read_integers, read_volume

OBLIQUE = np.array([[0.0, -1.5, 0, 9], [1.25, 0, 0, -3], [0, 0, 8.0, 4], [0, 0, 0, 1]])


def save(path, array, affine=OBLIQUE):
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def test_axes_and_spacing_are_plane_row_col(tmp_path):
    array = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    volume = read_volume(save(tmp_path / "a.nii.gz", array))
    assert volume.array.shape == (4, 3, 2)
    assert volume.array[3, 2, 1] == array[1, 2, 3]
    assert volume.spacing_mm == (8.0, 1.5, 1.25)


def test_written_labels_keep_affine_codes_and_shape_to_the_last_bit(tmp_path):
    source = nib.Nifti1Image(np.ones((5, 4, 3, 1), dtype=np.int16), OBLIQUE)
    source.header.set_qform(OBLIQUE, code=1)
    source.header.set_sform(OBLIQUE, code=2)
    source.header.set_xyzt_units("mm", "sec")
    nib.save(source, tmp_path / "a.nii.gz")
    labels, volume = read_label_map(tmp_path / "a.nii.gz")
    write_label_map(tmp_path / "b.nii.gz", labels * 3, volume)
    written = nib.load(tmp_path / "b.nii.gz")
    assert written.shape == (5, 4, 3, 1)
    assert written.get_data_dtype() == np.int16
    assert (np.asarray(written.dataobj) == 3).all()
    np.testing.assert_array_equal(written.affine, nib.load(tmp_path / "a.nii.gz").affine)
    for field in ("qform_code", "sform_code", "xyzt_units", "pixdim"):
        np.testing.assert_array_equal(written.header[field], source.header[field])


@pytest.mark.parametrize(
    ("source", "written"), [("int8", "uint8"), ("int16", "int16"), (">i2", "int16"), ("f4", "f4")]
)
def test_labels_are_written_in_the_type_of_their_source_if_it_holds_them(tmp_path, source, written):
    _, volume = read_label_map(save(tmp_path / "a.nii", np.ones((3, 3, 1), dtype=source)))
    write_label_map(tmp_path / "b.nii", np.full((1, 3, 3), 255, dtype=np.uint8), volume)
    again = nib.load(tmp_path / "b.nii")
    assert again.get_data_dtype() == np.dtype(written)
    assert (np.asarray(again.dataobj) == 255).all()


def test_two_dimensional_file_is_one_plane_and_stays_two_dimensional(tmp_path):
    labels, volume = read_label_map(save(tmp_path / "a.nii", np.ones((5, 4), dtype=np.uint8)))
    assert labels.shape == (1, 4, 5)
    write_label_map(tmp_path / "b.nii", labels, volume)
    assert nib.load(tmp_path / "b.nii").shape == (5, 4)


def test_identity_affine_means_unknown_spacing_but_a_shifted_one_does_not(tmp_path):
    array = np.zeros((2, 2, 2), dtype=np.uint8)
    assert read_volume(save(tmp_path / "a.nii", array, np.eye(4))).spacing_mm is None
    shifted = np.eye(4)
    shifted[:3, 3] = 1.0
    assert read_volume(save(tmp_path / "b.nii", array, shifted)).spacing_mm == (1.0, 1.0, 1.0)


def test_scaled_floats_that_hold_integers_are_labels(tmp_path):
    image = nib.Nifti1Image(np.full((2, 2, 2), 4.0), OBLIQUE)
    image.header.set_data_dtype(np.int16)
    image.header.set_slope_inter(0.5, 1.0)
    nib.save(image, tmp_path / "a.nii.gz")
    labels, _ = read_label_map(tmp_path / "a.nii.gz")
    assert (labels == 3).all()


@pytest.mark.parametrize("value", [0.5, -1.0, 256.0, np.nan])
def test_labels_that_are_not_small_integers_are_refused_with_file_and_value(tmp_path, value):
    array = np.zeros((2, 2, 2), dtype=np.float32)
    array[0, 1, 0] = value
    path = save(tmp_path / "a.nii.gz", array)
    with pytest.raises(InputError, match=rf"a\.nii\.gz: labels must be .* got {value}"):
        read_label_map(path)


def test_corrupt_truncated_and_missing_files_are_named(tmp_path):
    whole = save(tmp_path / "whole.nii.gz", np.random.default_rng(0).random((9, 9, 9)))
    truncated = tmp_path / "truncated.nii.gz"
    truncated.write_bytes(whole.read_bytes()[:900])
    (tmp_path / "text.nii.gz").write_text("not an image")
    (tmp_path / "empty.nii").touch()
    for name in ("truncated.nii.gz", "text.nii.gz", "empty.nii"):
        with pytest.raises(InputError, match=rf"{name}: cannot be read as NIfTI \(.+\)$"):
            read_image(tmp_path / name)
    with pytest.raises(InputError, match=r"gone\.nii: no such file"):
        read_image(tmp_path / "gone.nii")


@pytest.mark.parametrize(
    ("offset", "value"), [(70, b"\xe7\x03"), (40, b"\x09\x00"), (42, b"\xfb\xff")]
)
def test_headers_with_impossible_type_or_shape_are_refused(tmp_path, offset, value):
    whole = save(tmp_path / "whole.nii", np.zeros((4, 4, 4), dtype=np.uint8)).read_bytes()
    (tmp_path / "bad.nii").write_bytes(whole[:offset] + value + whole[offset + len(value) :])
    with pytest.raises(InputError, match=r"bad\.nii: cannot be read as NIfTI"):
        read_volume(tmp_path / "bad.nii")


def test_colours_are_refused(tmp_path):
    rgb = np.zeros((4, 4, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(rgb, OBLIQUE), tmp_path / "rgb.nii")
    with pytest.raises(InputError, match=r"rgb\.nii: voxels must be real numbers"):
        read_label_map(tmp_path / "rgb.nii")


def test_a_scanner_at_the_origin_with_unit_steps_is_believed_by_its_qform(tmp_path):
    image = nib.Nifti1Image(np.zeros((2, 2, 2), dtype=np.uint8), np.eye(4))
    image.header.set_qform(np.eye(4), code=1)
    image.header.set_sform(np.eye(4), code=1)
    nib.save(image, tmp_path / "a.nii")
    assert read_volume(tmp_path / "a.nii").spacing_mm == (1.0, 1.0, 1.0)


def test_spacing_is_the_affines_and_in_mm_whatever_the_units(tmp_path):
    image = nib.Nifti1Image(np.zeros((2, 2, 2), dtype=np.uint8), np.diag([1500.0, 1500, 8000, 1]))
    image.header.set_xyzt_units("micron")
    image.header["pixdim"][1:4] = 1.0
    nib.save(image, tmp_path / "a.nii")
    assert read_volume(tmp_path / "a.nii").spacing_mm == pytest.approx((8.0, 1.5, 1.5))


def test_an_affine_that_is_not_finite_is_refused(tmp_path):
    image = nib.Nifti1Image(np.zeros((2, 2, 2), dtype=np.uint8), np.eye(4))
    image.header["srow_x"][0] = np.nan
    nib.Nifti1Image(image.dataobj, None, image.header).to_filename(tmp_path / "a.nii")
    with pytest.raises(InputError, match=r"a\.nii: the affine must be finite"):
        read_volume(tmp_path / "a.nii")


def test_time_series_and_infinite_intensities_are_refused(tmp_path):
    series = save(tmp_path / "series.nii", np.zeros((2, 2, 2, 5), dtype=np.float32))
    with pytest.raises(InputError, match=r"must be a 2D image or a 3D volume"):
        read_volume(series)
    holes = save(tmp_path / "holes.nii", np.full((2, 2, 2), np.nan, dtype=np.float32))
    with pytest.raises(InputError, match="image must be finite"):
        read_image(holes)


def test_folder_listing_is_sorted_and_an_empty_one_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"holds no \.nii"):
        list_volumes(tmp_path)
    for name in ("b.nii", "a.nii.gz", "c.NII.GZ", "notes.txt"):
        (tmp_path / name).touch()
    assert [case_name(p) for p in list_volumes(tmp_path)] == ["a", "b", "c"]
    (tmp_path / "a.NII").touch()
    with pytest.raises(InputError, match=r"a\.NII and a\.nii\.gz have the same case name"):
        list_volumes(tmp_path)


def test_channels_come_first_and_labels_are_written_on_the_grid_of_one(tmp_path):
    array = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    for shape in ((2, 3, 4, 5), (2, 3, 4, 1, 5)):
        image, volume = read_channels(save(tmp_path / "a.nii.gz", array.reshape(shape)))
        assert (image.shape, image.dtype) == ((5, 4, 3, 2), np.float32)
        assert image[4, 3, 2, 1] == array[1, 2, 3, 4]
        assert volume.spacing_mm == (8.0, 1.5, 1.25)
        labels = np.full((4, 3, 2), 7, dtype=np.uint8)
        write_label_map(tmp_path / "b.nii.gz", labels, volume, keep_type=False)
        written = nib.load(tmp_path / "b.nii.gz")
        assert (written.shape, written.get_data_dtype()) == ((2, 3, 4), np.uint8)
        np.testing.assert_array_equal(written.affine, OBLIQUE)
        assert (np.asarray(written.dataobj) == 7).all()


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 2), (3, 4, 2, 1)])
def test_images_without_channels_have_one(tmp_path, shape):
    array = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    path = save(tmp_path / "a.nii.gz", array)
    image, volume = read_channels(path)
    np.testing.assert_array_equal(image, read_image(path)[0][None])
    labels = np.ones(image.shape[1:], dtype=np.uint8)
    write_label_map(tmp_path / "b.nii.gz", labels, volume, keep_type=False)
    assert nib.load(tmp_path / "b.nii.gz").shape == shape[:3]


def test_more_axes_than_channels_and_nan_are_refused(tmp_path):
    path = save(tmp_path / "a.nii.gz", np.zeros((3, 3, 2, 2, 2), dtype=np.uint8))
    with pytest.raises(InputError, match="or one with channels, got shape"):
        read_channels(path)
    with pytest.raises(InputError, match="image must be finite"):
        read_channels(save(path, np.full((3, 3, 2, 2), np.nan, dtype=np.float32)))


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", ["u1", ">i2", "<i4", ">f4", "<f8"])
def test_labels_are_read_alike_from_every_type_of_voxels(tmp_path, dtype, suffix):
    """Among them big-endian files: header and voxels in the other order of bytes."""
    values = np.arange(24, dtype=dtype).reshape(2, 3, 4)
    image = nib.Nifti1Image(values, OBLIQUE)
    if dtype.startswith(">"):
        header = nib.Nifti1Header(endianness=">")
        header.set_data_dtype(dtype)
        image = nib.Nifti1Image(values, OBLIQUE, header)
        assert image.header.endianness == ">"
    path = tmp_path / f"a{suffix}"
    nib.save(image, path)
    for shape in ((2, 3, 4), (2, 3, 4, 1), (2, 3, 4, 1, 1)):
        nib.save(nib.Nifti1Image(values.reshape(shape), OBLIQUE, image.header), path)
        labels, volume = read_label_map(path)
        np.testing.assert_array_equal(labels.T, np.arange(24).reshape(2, 3, 4))
        assert volume.spacing_mm == (8.0, 1.5, 1.25)
        assert read_image(path)[0][3, 2, 1] == 23.0


def test_labels_above_255_are_read_as_they_are_and_no_label_map(tmp_path):
    values = np.array([0, 200, 500, 600, 1220, 2221], dtype=np.int16).reshape(1, 2, 3)
    path = save(tmp_path / "a.nii.gz", values)
    np.testing.assert_array_equal(read_integers(path)[0].T, values)
    np.testing.assert_array_equal(read_integers(save(path, values.astype("f4")))[0].T, values)
    with pytest.raises(InputError, match=r"must be integers in \[0, 255\], got 600"):
        read_label_map(path)


def test_a_scale_that_misses_integers_by_rounding_gives_them(tmp_path):
    """255 times the float32 that is nearest to 1/255 is not 1."""
    image = nib.Nifti1Image(np.array([0, 255], dtype=np.uint8).reshape(1, 1, 2), OBLIQUE)
    nib.save(image, tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[112:116] = np.float32(1 / 255).tobytes()  # scl_slope
    (tmp_path / "a.nii").write_bytes(raw)
    assert read_volume(tmp_path / "a.nii").array.max() != 1.0
    np.testing.assert_array_equal(read_label_map(tmp_path / "a.nii")[0].ravel(), [0, 1])


def test_intensities_are_scaled_by_slope_and_intercept(tmp_path):
    save(tmp_path / "a.nii", np.array([[[1, 3]]], dtype=np.int16))
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[112:120] = np.array([0.5, -2.0], dtype=np.float32).tobytes()
    (tmp_path / "a.nii").write_bytes(raw)
    assert read_image(tmp_path / "a.nii")[0].ravel().tolist() == [-1.5, -0.5]
    assert read_channels(tmp_path / "a.nii")[0].ravel().tolist() == [-1.5, -0.5]


def test_a_compressed_file_that_its_checksum_contradicts_is_refused(tmp_path):
    """Any of 60 bits turned, or much or little cut off: nothing is read that was not written."""
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 3, (20, 20, 4)).astype(np.uint8)
    path = save(tmp_path / "a.nii.gz", labels)
    content = path.read_bytes()
    damaged = [b"", gzip.compress(b"few"), content[:-8], content[:-1], content + b"x"]
    for at in rng.choice(np.arange(20, len(content)), 60, replace=False):
        spoiled = bytearray(content)
        spoiled[at] ^= 1 << int(rng.integers(8))
        damaged.append(bytes(spoiled))
    for spoiled in damaged:
        path.write_bytes(spoiled)
        with pytest.raises(InputError, match=r"a\.nii\.gz: cannot be read as NIfTI"):
            read_integers(path)
    path.write_bytes(content)
    np.testing.assert_array_equal(read_integers(path)[0], labels.T)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_both_versions_and_byte_orders_are_read_from_compressed_files(tmp_path, kind, order):
    array = np.arange(24, dtype=f"{order}i2").reshape(4, 3, 2)
    header = kind.header_class(endianness=order)
    header.set_data_dtype(array.dtype)
    nib.save(kind(array, OBLIQUE, header), tmp_path / "a.nii.gz")
    values, volume = read_integers(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(values, array.T)
    np.testing.assert_allclose(volume.affine, OBLIQUE)
