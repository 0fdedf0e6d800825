"""Labels on the image's grid: every order of axes, what was lost, and what is refused."""

import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.orientations import apply_orientation, inv_ornt_aff, ornt2axcodes
from PIL import Image

from scribblebench.errors import InputError
from scribblebench.io.formats import read_integers
from scribblebench.io.grid import is_turned, lost_geometry, on_grid
from scribblebench.io.nifti import read_volume

SHAPE = (5, 4, 3)
ARRAY = np.arange(np.prod(SHAPE), dtype=np.uint8).reshape(SHAPE)
PATH = Path("labels.nii.gz")

ORIENTATIONS = [
    np.column_stack([axes, flips]).astype(float)
    for axes in itertools.permutations(range(3))
    for flips in itertools.product((1, -1), repeat=3)
]


def oblique(spacing=(1.5, 1.25, 8.0), shift=(0.0, 0.0, 0.0)):
    """An affine turned about two axes, so that no axis lies along the world's."""
    a, b = 0.3, -0.2
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ tilt @ np.diag(spacing)
    affine[:3, 3] = np.array([-40.0, 25.0, 110.0]) + shift
    return affine


@pytest.fixture
def volume(tmp_path):
    """Return a function that writes an array and reads it back; codes: (qform, sform)."""
    numbers = itertools.count()

    def make(array=ARRAY, affine=None, codes=(0, 2), other=None):
        affine = oblique() if affine is None else affine
        image = nib.Nifti1Image(array, affine)
        image.set_qform(affine if other is None else other, code=codes[0])
        image.set_sform(affine, code=codes[1])
        path = tmp_path / f"{next(numbers)}.nii"
        nib.save(image, path)
        return read_volume(path)

    return make


def test_the_same_grid_leaves_voxels_as_they_are_without_a_copy(volume):
    labels = volume()
    assert on_grid(labels, volume(), path=PATH) is labels.array


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=lambda o: "".join(ornt2axcodes(o)))
def test_every_order_and_direction_of_axes_comes_back_exactly(volume, orientation):
    """All 48 ways to store the same oblique volume."""
    turned = apply_orientation(ARRAY, orientation)
    affine = oblique() @ inv_ornt_aff(orientation, SHAPE)
    found = on_grid(volume(turned, affine), volume(), path=PATH)
    np.testing.assert_array_equal(found.T, ARRAY)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.2])
def test_rounded_headers_are_the_same_grid_and_half_a_voxel_is_not(volume, shift):
    """The first axis has voxels of 1.5 mm; the shift is along it, in voxels."""
    step = oblique()[:3, 0]
    on_grid(volume(affine=oblique(shift=shift * step)), volume(), path=PATH)
    with pytest.raises(InputError, match=r"labels\.nii\.gz: must be on the image's grid"):
        on_grid(volume(affine=oblique(shift=(0.5 - shift / 10) * step)), volume(), path=PATH)


def test_a_small_error_of_spacing_counts_where_it_is_largest(volume):
    """0.1 % is 0.004 voxels over 4 steps and 0.4 voxels over 400."""
    wrong = oblique(spacing=(1.5015, 1.25, 8.0))
    on_grid(volume(affine=wrong), volume(), path=PATH)
    wide = np.zeros((401, 4, 3), dtype=np.uint8)
    with pytest.raises(InputError, match="must be on the image's grid"):
        on_grid(volume(wide, wrong), volume(wide), path=PATH)


def test_one_of_two_transforms_that_a_file_states_has_to_agree(volume):
    """Scanners write a qform that differs from the sform; labels keep only one of them."""
    elsewhere = oblique(shift=(3.0, 0.0, 0.0))
    both = volume(affine=oblique(), codes=(1, 2), other=elsewhere)
    np.testing.assert_array_equal(both.affine, oblique().astype(np.float32))
    only_qform = volume(affine=elsewhere, codes=(1, 0))
    assert on_grid(only_qform, both, path=PATH) is only_qform.array
    third = volume(affine=oblique(shift=(0.0, 6.0, 0.0)))
    with pytest.raises(InputError):
        on_grid(third, both, path=PATH)


@pytest.mark.parametrize("image_codes", [(0, 2), (1, 0), (1, 1)])
def test_a_stale_qform_does_not_hide_that_a_file_is_turned(volume, image_codes):
    """By its sform the file is reversed, by the qform it was saved with before it is not."""
    flipped = _flipped(ARRAY, oblique())
    labels = volume(ARRAY[::-1], flipped, codes=(1, 1), other=oblique())
    image = volume(codes=image_codes)
    used = "qform" if image_codes == (1, 0) else "sform"
    with pytest.raises(InputError) as error:
        on_grid(labels, image, path=PATH)
    assert str(error.value) == (
        "labels.nii.gz: must lie on the image's grid in one way, got two: its sform turns it (axes "
        f"to LAS, by the image's {used} RAS), its qform does not (by the image's {used}); remove "
        "or mend the one that is wrong"
    )


def test_a_qform_that_fits_nowhere_does_not_keep_the_sform_from_turning(volume):
    elsewhere = oblique(shift=(3.0, 0.0, 0.0))
    labels = volume(ARRAY[::-1], _flipped(ARRAY, oblique()), codes=(1, 2), other=elsewhere)
    np.testing.assert_array_equal(on_grid(labels, volume(), path=PATH).T, ARRAY)


def test_the_sform_counts_where_the_qform_would_turn(volume):
    labels = volume(codes=(1, 1), other=_flipped(ARRAY, oblique()))
    assert on_grid(labels, volume(), path=PATH) is labels.array
    assert not is_turned(labels, volume())


def test_is_turned_is_said_of_files_whose_voxels_change_their_order(volume):
    image = volume()
    assert is_turned(volume(ARRAY[::-1], _flipped(ARRAY, oblique())), image)
    assert is_turned(volume(ARRAY.transpose(1, 0, 2), oblique()[:, [1, 0, 2, 3]]), image)
    assert not is_turned(volume(), image)
    assert not is_turned(volume(affine=np.diag([-1.5, -1.25, 8.0, 1.0])), image)


@pytest.mark.parametrize(
    "affine",
    [np.eye(4), np.diag([-1.0, -1.0, 1.0, 1.0]), np.diag([1.5, 1.25, 8.0, 1.0])],
    ids=["identity", "identity of ITK", "spacing alone"],
)
@pytest.mark.parametrize("codes", [(0, 2), (1, 1), (2, 1)])
def test_labels_without_a_position_take_the_images(volume, affine, codes):
    labels = volume(affine=affine, codes=codes)
    assert lost_geometry(labels, volume())
    assert on_grid(labels, volume(), path=PATH) is labels.array
    with pytest.raises(InputError, match=r"must have the image's shape \(3, 4, 5\), got \(3, 4, 4"):
        on_grid(volume(ARRAY[:4], affine, codes), volume(), path=PATH)


def test_an_image_without_geometry_goes_with_labels_of_its_shape(volume):
    image = volume(affine=np.eye(4))
    assert image.spacing_mm is None
    labels = volume()
    assert on_grid(labels, image, path=PATH) is labels.array


def test_a_volume_at_the_origin_is_not_taken_for_one_without_position(volume):
    """The image lies at the origin too, so labels that lie elsewhere are elsewhere."""
    image = volume(affine=np.diag([1.5, 1.25, 8.0, 1.0]))
    moved = np.diag([1.5, 1.25, 8.0, 1.0])
    moved[0, 3] = 3.0
    with pytest.raises(InputError, match=r"its first voxel \(3, 0, 0\) mm"):
        on_grid(volume(affine=moved), image, path=PATH)
    with pytest.raises(InputError, match="axes to LPS instead of RAS"):
        on_grid(volume(affine=np.diag([-1.5, -1.25, 8.0, 1.0])), image, path=PATH)


def test_what_differs_is_said(volume):
    image = volume(affine=oblique())
    cases = {
        "spacing (3, 1.25, 8) instead of (1.5, 1.25, 8) mm": oblique((3.0, 1.25, 8.0)),
        "its first voxel (0, 10, -4) mm (x, y, z) away": oblique(shift=(0.0, 10.0, -4.0)),
        "8) mm, its first voxel (1, 0, 0) mm": oblique((1.5, 1.25, 5.0), (1.0, 0.0, 0.0)),
    }
    for message, affine in cases.items():
        with pytest.raises(InputError) as error:
            on_grid(volume(affine=affine), image, path=PATH)
        assert message in str(error.value)
        assert str(error.value).startswith("labels.nii.gz: must be on the image's grid, got ")
    with pytest.raises(InputError, match=r"shape \(3, 4, 5\), got \(3, 5, 4\) with axes to RAS"):
        on_grid(volume(ARRAY.transpose(1, 0, 2), np.diag([2.0, 2, 2, 1])), image, path=PATH)


def test_axes_of_files_that_state_no_spacing_are_not_spoken_of(tmp_path):
    for name, shape in (("image", (20, 24)), ("labels", (24, 20))):
        Image.fromarray(np.zeros(shape, dtype=np.uint8)).save(tmp_path / f"{name}.png")
    image, labels = (read_integers(tmp_path / f"{name}.png")[1] for name in ("image", "labels"))
    with pytest.raises(InputError, match=r"shape \(1, 20, 24\), got \(1, 24, 20\)$"):
        on_grid(labels, image, path=PATH)


def test_two_dimensional_files_lie_on_a_grid_too(volume, tmp_path):
    flat = ARRAY[..., 0]
    image, labels = volume(flat, codes=(0, 2)), volume(flat[::-1], _flipped(flat, oblique()))
    np.testing.assert_array_equal(on_grid(labels, image, path=PATH)[0].T, flat)


def _flipped(array, affine):
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    flip[0, 3] = array.shape[0] - 1
    return affine @ flip
