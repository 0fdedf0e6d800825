"""Strokes measured: values by hand, and other implementations."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from skimage.measure import find_contours

from scribblebench.scribbles.stroke_shape import (
    contour_length,
    line_integral,
    measure_strokes,
    thin,
)

ROOT2 = math.sqrt(2)


def marks_at(shape, *pixels):
    marks = np.zeros(shape, dtype=bool)
    for pixel in pixels:
        marks[pixel] = True
    return marks


@settings(max_examples=80, deadline=None)
@given(arrays(bool, (8, 9)))
def test_thinning_keeps_components_holes_and_does_not_see_the_frame(marks):
    line = thin(marks)
    assert (line <= marks).all()
    eight = np.ones((3, 3))
    assert ndimage.label(line, eight)[1] == ndimage.label(marks, eight)[1]
    assert ndimage.label(~np.pad(line, 1))[1] == ndimage.label(~np.pad(marks, 1))[1]
    np.testing.assert_array_equal(line, thin(np.pad(marks, 1))[1:-1, 1:-1])


def test_a_straight_stroke():
    (stroke,) = measure_strokes(marks_at((5, 12), np.s_[2, 1:11]))
    assert stroke.stroke_px == 10
    assert stroke.stroke_length == 9
    assert stroke.stroke_width == 1
    assert not stroke.stroke_closed
    assert stroke.stroke_tortuosity == 1


def test_length_counts_diagonals_by_their_length_and_stairs_as_diagonals():
    (diagonal,) = measure_strokes(np.eye(6, dtype=bool))
    assert diagonal.stroke_length == pytest.approx(5 * ROOT2)
    stairs = np.eye(8, dtype=bool) | np.eye(8, k=1, dtype=bool)
    (stroke,) = measure_strokes(stairs)
    assert stroke.stroke_px == 15
    assert stroke.stroke_length == pytest.approx(7 * ROOT2)
    assert stroke.stroke_width == 1


def test_spacing_gives_millimetres_along_each_axis():
    along_rows = marks_at((9, 9), np.s_[1:8, 4])
    (stroke,) = measure_strokes(along_rows, spacing=(2.0, 0.5))
    assert stroke.stroke_length == 12
    assert stroke.stroke_width == pytest.approx(1.0)  # sqrt(2 * 0.5)
    (stroke,) = measure_strokes(along_rows.T, spacing=(2.0, 0.5))
    assert stroke.stroke_length == 3
    (stroke,) = measure_strokes(np.eye(5, dtype=bool), spacing=(3.0, 4.0))
    assert stroke.stroke_length == 20


@pytest.mark.parametrize("width", [1, 3, 5, 7])
def test_width_of_a_pen_of_an_odd_number_of_pixels(width):
    marks = marks_at((20, 80), np.s_[5 : 5 + width, 4:76])
    (stroke,) = measure_strokes(marks)
    assert stroke.stroke_width == pytest.approx(width, rel=0.05)


def test_a_dot_has_length_0_width_1_and_no_tortuosity():
    (stroke,) = measure_strokes(marks_at((1, 1), (0, 0)))
    assert (stroke.stroke_length, stroke.stroke_width) == (0.0, 1.0)
    assert math.isnan(stroke.stroke_tortuosity)


def test_a_ring_is_closed_and_an_arc_is_not():
    row, col = np.ogrid[:60, :60]
    r = np.hypot(row - 29.5, col - 29.5)
    ring = (r < 25.5) & (r >= 24.5)
    (stroke,) = measure_strokes(ring)
    assert stroke.stroke_closed
    assert stroke.stroke_length == pytest.approx(2 * math.pi * 25, rel=0.06)  # steps of 45 degrees
    assert stroke.stroke_tortuosity == pytest.approx(math.pi, rel=0.06)
    gap = ring.copy()
    gap[28:32, 40:] = False
    (stroke,) = measure_strokes(gap)
    assert not stroke.stroke_closed


def test_there_and_back_has_tortuosity_2():
    hairpin = marks_at((7, 42), np.s_[1, 1:40], np.s_[5, 1:40], np.s_[1:6, 39])
    (stroke,) = measure_strokes(hairpin)
    assert stroke.stroke_tortuosity == pytest.approx(2.0, abs=0.1)


def test_strokes_are_8_connected_components_and_an_empty_mask_has_none():
    marks = marks_at((6, 6), (0, 0), (1, 1), (4, 4))
    assert [stroke.stroke_px for stroke in measure_strokes(marks)] == [2, 1]
    assert measure_strokes(np.zeros((4, 4), dtype=bool)) == []


def test_line_integral_weighs_each_step_by_the_mean_at_its_ends():
    line = marks_at((3, 5), np.s_[1, 0:3])
    density = np.tile(np.array([0.0, 2.0, 6.0, 9.0, 9.0]), (3, 1))
    assert line_integral(line, density, spacing=(1.0, 2.0)) == 2 * (1 + 4)


def test_contour_of_a_square_by_hand():
    square = marks_at((10, 10), np.s_[2:6, 3:7])
    assert contour_length(square) == pytest.approx(4 * 3 + 4 * ROOT2 / 2)
    assert contour_length(square, spacing=(3.0, 4.0)) == pytest.approx(6 * 3 + 6 * 4 + 4 * 2.5)
    assert contour_length(np.zeros((3, 3), dtype=bool)) == 0


@settings(max_examples=50, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_contour_agrees_with_marching_squares_of_scikit_image(mask):
    padded = np.pad(mask, 1).astype(float)
    contours = find_contours(padded, 0.5, fully_connected="low")
    expected = sum(np.linalg.norm(np.diff(c, axis=0), axis=1).sum() for c in contours)
    assert contour_length(mask) == pytest.approx(expected)
