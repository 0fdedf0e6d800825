"""Pictures (PNG, BMP, JPEG) and TIFF as volumes without a spacing.

A picture is one plane; rows and columns are those that a viewer shows, also where the file says
that it is to be turned (EXIF). That mark is not looked for in TIFF.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scribblebench.errors import InputError
from scribblebench.io.atomic import atomic_path
from scribblebench.io.names import TIFFS
from scribblebench.io.nifti import Volume
from scribblebench.io.values import whole_numbers
from scribblebench.types import AnyArray, FloatArray, LabelArray

UNREADABLE = (OSError, ValueError, TypeError, KeyError, IndexError, SyntaxError, MemoryError)
"""What Pillow and tifffile raise for damaged files."""

GREY = ("1", "L", "P", "I", "F", "I;16", "I;16B", "I;16L")
"""Modes of Pillow with one value a pixel; of "P" that is the index into the palette."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

CHANNEL_AXES = "CS"
"""tifffile's names of the axes of channels and of samples of a pixel (RGB)."""


def read_picture(path: Path) -> tuple[FloatArray, Volume]:
    """Read intensities as float32, shape (C, P, H, W): one grey channel, or red, green and blue.

    A palette gives colours; an alpha channel is dropped. Pages of a TIFF are planes.

    Raises
    ------
    InputError
        If the file is missing, damaged or holds values that are not finite.
    """
    array = _load(path, indices=False).astype(np.float32)
    if not np.isfinite(array).all():
        raise InputError(f"{path}: image must be finite, got NaN or infinity")
    return array, _volume(array[0])


def read_picture_integers(path: Path) -> tuple[AnyArray, Volume]:
    """Read labels, shape (P, H, W): grey values or, with a palette, the indices into it.

    Colours are labels where red, green and blue are equal everywhere. Pixels of one bit are 0
    and 1.

    Raises
    ------
    InputError
        If the file is missing, damaged, in colour, or holds what is no integer.
    """
    array = _load(path, indices=True)
    if (array != array[:1]).any():
        raise InputError(f"{path}: labels must have 1 channel, got colours")
    return whole_numbers(array[0], path), _volume(array[0])


def write_picture(path: Path, label_map: LabelArray) -> None:
    """Write labels, shape (P, H, W), as a grey picture of 8 bits or a TIFF of P pages, atomically.

    Raises
    ------
    ValueError
        If a picture that is no TIFF would have more than one plane.
    """
    with atomic_path(path) as temporary:
        if path.suffix.lower() in TIFFS:
            import tifffile

            tifffile.imwrite(temporary, label_map, photometric="minisblack", compression="zlib")
            return
        from PIL import Image

        if len(label_map) != 1:
            raise ValueError(f"{path}: must be TIFF to hold {len(label_map)} planes")
        Image.fromarray(label_map[0]).save(temporary, format="PNG")


def _load(path: Path, *, indices: bool) -> AnyArray:
    """Return the pixels, shape (C, P, H, W)."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    kind = "TIFF" if path.suffix.lower() in TIFFS else "a picture"
    try:
        array = _tiff(path) if kind == "TIFF" else _picture(path, indices=indices)
    except UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: cannot be read as {kind} ({reason})") from error
    if array.dtype.kind not in "iufb":
        raise InputError(f"{path}: pixels must be real numbers, got {array.dtype}")
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    return np.ascontiguousarray(array)


def _picture(path: Path, *, indices: bool) -> AnyArray:
    """Return the pixels as a viewer shows them.

    Raises
    ------
    ValueError
        If it is a PNG file of 16 bits that is not grey: Pillow would cut them to 8.
    """
    from PIL import Image, ImageOps

    with path.open("rb") as opened:
        start = opened.read(26)
    if start.startswith(PNG_SIGNATURE) and len(start) == 26:
        bits, colours = start[24:]
        if bits == 16 and colours:
            raise ValueError(
                "16 bits are kept in grey only; save the channels as TIFF or as files of their own"
            )
    with Image.open(path) as file:
        file.load()
        picture: Image.Image = ImageOps.exif_transpose(file)
        if picture.mode == "LA":
            picture = picture.convert("L")
        if picture.mode not in GREY or (picture.mode == "P" and not indices):
            picture = picture.convert("RGB")
        array = np.asarray(picture)
    return array[None, None] if array.ndim == 2 else np.moveaxis(array, -1, 0)[:, None]


def _tiff(path: Path) -> AnyArray:
    """Return pages as planes, or channels where the file says that they are."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        axes, array = series.axes, series.asarray()
    kept = [i for i, n in enumerate(array.shape) if n != 1 or axes[i] in "YX"]
    axes, array = "".join(axes[i] for i in kept), array.reshape([array.shape[i] for i in kept])
    channels = [i for i, axis in enumerate(axes) if axis in CHANNEL_AXES]
    planes = [i for i, axis in enumerate(axes) if axis not in "YX" + CHANNEL_AXES]
    if len(channels) > 1 or len(planes) > 1 or not {"Y", "X"} <= set(axes):
        raise ValueError(f"axes {axes} of shape {array.shape}")
    order = [*channels, *planes, axes.index("Y"), axes.index("X")]
    array = array.transpose(order)
    if not planes:
        array = array[..., None, :, :]
    return array if channels else array[None]


def _volume(plane: AnyArray) -> Volume:
    return Volume(plane, None, np.eye(4), plane.shape[::-1], None)
