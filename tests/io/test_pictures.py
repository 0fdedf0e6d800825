"""Pictures and TIFF files as volumes."""

import struct
from zlib import compress, crc32

import numpy as np
import pytest
import tifffile
from PIL import Image

from scribblebench.errors import InputError
from scribblebench.io.formats import read_channels, read_integers
from scribblebench.io.names import ending

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
COLOUR = np.stack([GREY, GREY[::-1], 255 - GREY], axis=-1)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".PNG"])
def test_rows_and_columns_are_those_of_the_picture(tmp_path, suffix):
    Image.fromarray(GREY).save(tmp_path / f"a{suffix}")
    image, volume = read_channels(tmp_path / f"a{suffix}")
    assert (image.shape, image.dtype) == ((1, 1, 3, 4), np.float32)
    np.testing.assert_array_equal(image[0, 0], GREY)
    assert volume.spacing_mm is None
    labels, _ = read_integers(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(labels[0], GREY)


def test_sixteen_bits_and_floats_are_kept(tmp_path):
    deep = GREY.astype(np.uint16) * 250
    Image.fromarray(deep).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_integers(tmp_path / "a.png")[0][0], deep)
    tifffile.imwrite(tmp_path / "a.tif", GREY.astype(np.float32) + 0.5)
    np.testing.assert_array_equal(read_channels(tmp_path / "a.tif")[0][0, 0], GREY + 0.5)
    with pytest.raises(InputError, match=r"a\.tif: labels must be integers, got 0\.5"):
        read_integers(tmp_path / "a.tif")


def test_colours_are_three_channels_and_alpha_is_dropped(tmp_path):
    Image.fromarray(COLOUR).save(tmp_path / "a.png")
    alpha = np.dstack([COLOUR, np.full(GREY.shape, 255, dtype=np.uint8)])
    Image.fromarray(alpha).save(tmp_path / "b.png")
    tifffile.imwrite(tmp_path / "c.tif", COLOUR, photometric="rgb")
    for name in ("a.png", "b.png", "c.tif"):
        image, _ = read_channels(tmp_path / name)
        np.testing.assert_array_equal(image[:, 0], np.moveaxis(COLOUR, -1, 0))
    with pytest.raises(InputError, match=r"a\.png: labels must have 1 channel, got colours"):
        read_integers(tmp_path / "a.png")
    Image.fromarray(np.dstack([GREY] * 3)).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_integers(tmp_path / "grey.png")[0][0], GREY)


def test_of_a_palette_labels_are_indices_and_images_colours(tmp_path):
    picture = Image.fromarray(np.array([[0, 1], [2, 1]], dtype=np.uint8), mode="L").convert("P")
    picture.putpalette([0, 0, 0, 200, 0, 0, 0, 100, 0])
    picture.putdata([0, 1, 2, 1])
    picture.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as saved:
        assert saved.mode == "P"
    np.testing.assert_array_equal(read_integers(tmp_path / "a.png")[0][0], [[0, 1], [2, 1]])
    image, _ = read_channels(tmp_path / "a.png")
    assert image.shape == (3, 1, 2, 2)
    assert image[:, 0, 0, 1].tolist() == [200, 0, 0]


def test_a_black_and_white_picture_has_labels_0_and_1(tmp_path):
    Image.fromarray(GREY > 100).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", GREY > 100)
    for name in ("a.png", "a.tif"):
        labels, _ = read_integers(tmp_path / name)
        assert labels.dtype == np.uint8
        np.testing.assert_array_equal(labels[0], GREY > 100)


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
@pytest.mark.parametrize(
    ("orientation", "shown"),
    [
        (1, lambda a: a),
        (2, np.fliplr),
        (3, lambda a: np.rot90(a, 2)),
        (4, np.flipud),
        (6, lambda a: np.rot90(a, -1)),  # by the standard: the first row is at the right side
        (8, np.rot90),
    ],
)
def test_pictures_are_turned_as_a_viewer_turns_them(tmp_path, name, orientation, shown):
    plane = np.kron(np.array([[0, 90, 200], [250, 30, 140]], dtype=np.uint8), np.ones((16, 16)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(plane.astype(np.uint8)).save(tmp_path / name, exif=exif, quality=95)
    image, volume = read_channels(tmp_path / name)
    assert volume.array.shape == image.shape[1:]
    np.testing.assert_allclose(image[0, 0], shown(plane), atol=6)  # JPEG
    if name == "a.png":
        np.testing.assert_array_equal(read_integers(tmp_path / name)[0][0], shown(plane))


def write_deep_png(path, colour_type, channels):
    """Write 2 x 2 pixels of 16 bits by hand, as Pillow cannot."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))

    rows = (b"\x00" + struct.pack(">H", 1000) * 2 * channels) * 2
    header = struct.pack(">IIBBBBB", 2, 2, 16, colour_type, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", compress(rows)), chunk(b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


@pytest.mark.parametrize(("colour_type", "channels"), [(2, 3), (6, 4), (4, 2)])
def test_colours_of_sixteen_bits_are_refused_and_not_cut(tmp_path, colour_type, channels):
    np.testing.assert_array_equal(read_integers(write_deep_png(tmp_path / "g.png", 0, 1))[0], 1000)
    path = write_deep_png(tmp_path / "a.png", colour_type, channels)
    with pytest.raises(InputError, match=r"a\.png: .*16 bits are kept in grey only; save the chan"):
        read_channels(path)


def test_pages_are_planes_and_marked_channels_are_channels(tmp_path):
    stack = np.stack([GREY, GREY + 1, GREY + 2, GREY + 3, GREY + 4])
    tifffile.imwrite(tmp_path / "pages.tif", stack, photometric="minisblack")
    np.testing.assert_array_equal(read_channels(tmp_path / "pages.tif")[0][0], stack)
    np.testing.assert_array_equal(read_integers(tmp_path / "pages.tif")[0], stack)
    both = np.stack([stack, stack + 50], axis=1)
    tifffile.imwrite(tmp_path / "zc.tif", both, imagej=True, metadata={"axes": "ZCYX"})
    image, _ = read_channels(tmp_path / "zc.tif")
    np.testing.assert_array_equal(image, both.transpose(1, 0, 2, 3))


def test_what_cannot_be_read_is_named(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (40, 40)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:600])
    (tmp_path / "empty.tif").touch()
    (tmp_path / "text.png").write_text("no picture")
    for name, kind in (("cut.png", "a picture"), ("empty.tif", "TIFF"), ("text.png", "a picture")):
        with pytest.raises(InputError, match=rf"{name}: cannot be read as {kind} \(.+\)$"):
            read_channels(tmp_path / name)
    with pytest.raises(InputError, match=r"gone\.png: no such file"):
        read_integers(tmp_path / "gone.png")
    with pytest.raises(InputError, match=r"a\.dcm: must end in \.nii\.gz, \.nii, \.png"):
        read_channels(tmp_path / "a.dcm")
    tifffile.imwrite(
        tmp_path / "series.tif", np.zeros((2, 5, 4, 4), "u1"), photometric="minisblack"
    )
    with pytest.raises(InputError, match=r"series\.tif: cannot be read as TIFF \(axes"):
        read_channels(tmp_path / "series.tif")


def test_endings_are_told_from_names():
    assert [ending(n) for n in ("a.nii.gz", "a.nii", "A.TIFF", "a.png.txt")] == [
        ".nii.gz",
        ".nii",
        ".tiff",
        "",
    ]
