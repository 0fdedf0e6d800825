import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage.transform import resize

from scribblebench.data.resampling import (
    nearest,
    resample_image,
    resample_labels,
    resample_scribble,
    resampled_shape,
)

EIGHT = np.ones((3, 3))
SIDES = st.integers(3, 40)


def test_shape_has_the_extent_of_the_plane_in_pixels_of_the_wanted_size():
    """480 x 0.729167 mm = 350 mm are 256.0 pixels of 1.367 mm; 41 x 2 mm are 59.98."""
    assert resampled_shape((480, 41), (0.729167, 2.0), 1.367) == (256, 60)
    assert resampled_shape((3, 3), (0.1, 0.1), 2.0) == (1, 1)


@given(old=st.integers(1, 50), new=st.integers(1, 50))
def test_the_pixel_that_holds_a_centre_is_the_nearest_one(old, new):
    centres = (np.arange(new) + 0.5) / new
    distances = np.abs((np.arange(old) + 0.5)[None, :] / old - centres[:, None])
    chosen = distances[np.arange(new), nearest(old, new)]
    np.testing.assert_allclose(chosen, distances.min(axis=1), atol=1e-12)


@pytest.mark.parametrize("shape", [(20, 40), (31, 57), (40, 23)])
def test_enlarging_an_image_agrees_with_another_library(shape):
    image = np.random.default_rng(0).normal(size=(2, 1, 17, 20)).astype(np.float32)
    expected = [[resize(image[i, 0], shape, order=1, mode="edge")] for i in range(2)]
    np.testing.assert_allclose(resample_image(image, shape), expected, atol=1e-5)


def test_shrinking_an_image_keeps_a_ramp_and_smooths_what_is_too_fine():
    """A ramp stays one away from the edges; a chessboard of 0 and 2 becomes 1 all over."""
    row, col = np.mgrid[:30, :44].astype(np.float32)
    ramp = resample_image((row + 2 * col)[None, None], (15, 22))[0, 0]
    expected = (2 * np.arange(15) + 0.5)[:, None] + 2 * (2 * np.arange(22) + 0.5)
    np.testing.assert_allclose(ramp[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-4)
    board = 2 * ((row + col) % 2)
    smoothed = resample_image(board[None, None], (15, 22))[0, 0]
    np.testing.assert_allclose(smoothed[1:-1, 1:-1], 1.0, atol=1e-5)


@given(shape=st.tuples(SIDES, SIDES), to=st.tuples(SIDES, SIDES), seed=st.integers(0, 99))
def test_a_stroke_stays_in_one_piece_and_where_it_was(shape, to, seed):
    """No annotated pixel is lost and none appears more than one pixel's reach away."""
    walk = np.random.default_rng(seed).integers(-1, 2, (60, 2)).cumsum(axis=0)
    row, col = (walk + np.array(shape) // 2).clip(0, np.array(shape) - 1).T
    scribble = np.full((1, *shape), 255, dtype=np.uint8)
    scribble[0, row, col] = 3
    resampled = resample_scribble(scribble, to)[0]
    assert set(np.unique(resampled)) <= {3, 255}
    assert ndimage.label(resampled == 3, EIGHT)[1] == 1
    size = np.maximum(1 / np.array(shape), 1 / np.array(to)) * 1.0001
    old = (np.argwhere(scribble[0] == 3) + 0.5) / shape
    new = (np.argwhere(resampled == 3) + 0.5) / to
    apart = (np.abs(old[:, None] - new[None]) / size).max(axis=2)
    assert apart.min(axis=0).max() <= 0.5
    assert apart.min(axis=1).max() <= 0.5


def test_most_pixels_win_and_a_tie_goes_to_the_lower_class():
    blocks = [[1, 1, 2, 255], [2, 1, 255, 255], [255, 2, 255, 255], [2, 1, 255, 0], [0, 3, 3, 0]]
    scribble = np.array(blocks, dtype=np.uint8).reshape(5, 2, 2)
    resampled = resample_scribble(scribble, (1, 1))[:, 0, 0]
    assert resampled.tolist() == [1, 1, 2, 0, 0]


def test_one_axis_may_grow_while_the_other_shrinks():
    scribble = np.full((1, 2, 4), 255, dtype=np.uint8)
    scribble[0, 0] = [1, 255, 255, 255]
    scribble[0, 1, 2:] = [255, 2]
    expected = [[1, 255], [1, 255], [255, 2], [255, 2]]
    assert resample_scribble(scribble, (4, 2))[0].tolist() == expected


@given(shape=st.tuples(SIDES, SIDES), seed=st.integers(0, 99))
def test_the_same_shape_changes_nothing(shape, seed):
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(1, 2, *shape)).astype(np.float32)
    labels = rng.integers(0, 4, (2, *shape)).astype(np.uint8)
    scribble = np.where(rng.random(labels.shape) < 0.2, labels, 255).astype(np.uint8)
    np.testing.assert_array_equal(resample_image(image, shape), image)
    np.testing.assert_array_equal(resample_labels(labels, shape), labels)
    np.testing.assert_array_equal(resample_scribble(scribble, shape), scribble)
