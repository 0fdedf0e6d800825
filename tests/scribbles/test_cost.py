"""Seconds by the steering law, by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribblebench.scribbles.cost import (
    CostModel,
    contour_seconds,
    dense_seconds,
    local_width,
    marks_seconds,
    scribble_seconds,
    stroke_seconds,
)
from scribblebench.scribbles.stroke_shape import contour_length
from scribblebench.types import IGNORE_LABEL

MODEL = CostModel(
    seconds_per_slice=100.0,
    seconds_per_stroke=10.0,
    seconds_per_difficulty=0.5,
    contour_tolerance_px=4.0,
)


def square(n, size=20):
    mask = np.zeros((size, size), dtype=bool)
    mask[2 : 2 + n, 2 : 2 + n] = True
    return mask


def test_local_width_is_that_of_a_strip_on_its_middle_line_and_at_least_1():
    strip = np.zeros((9, 30), dtype=bool)
    strip[2:7] = True
    assert local_width(strip)[:, 15].tolist() == [1, 1, 1, 3, 5, 3, 1, 1, 1]
    assert (local_width(np.zeros((3, 3), dtype=bool)) == 1).all()


def test_stroke_seconds_in_a_tunnel_of_constant_width():
    points = np.array([[0, 0], [0, 3], [4, 6]])
    seconds = stroke_seconds(points, np.full(3, 2.0), model=MODEL)
    assert seconds.tolist() == [10.0, 10.0 + 0.5 * 3 / 2, 10.0 + 0.5 * 8 / 2]


def test_stroke_seconds_between_two_widths_take_the_mean_of_their_inverses():
    points = np.array([[0.0, 0.0], [0.0, 8.0]])
    seconds = stroke_seconds(points, np.array([1.0, 4.0]), model=MODEL)
    assert seconds[1] == 10 + 0.5 * 8 * (1 + 0.25) / 2


@pytest.mark.parametrize("n", [0, 1])
def test_strokes_without_a_step(n):
    seconds = stroke_seconds(np.zeros((n, 2)), np.ones(n), model=MODEL)
    assert seconds.tolist() == [10.0] * n


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=30))
def test_half_the_width_is_twice_the_time_and_time_never_goes_back(points):
    points = np.array(points)
    wide, narrow = (stroke_seconds(points, np.full(len(points), w), model=MODEL) for w in (6, 3))
    assert (np.diff(wide) >= 0).all()
    np.testing.assert_allclose(narrow - 10, 2 * (wide - 10))


def test_a_budget_in_seconds_cuts_exactly():
    points = np.stack([np.zeros(30), np.arange(30)], axis=1)
    seconds = stroke_seconds(points, np.ones(30), model=MODEL)
    kept = np.searchsorted(seconds, 13.0, "right")
    assert kept == 7
    assert seconds[kept - 1] == 13.0


def test_marks_of_one_pixel_width_cost_as_the_polyline_through_them():
    mask = np.zeros((9, 30), dtype=bool)
    mask[2:7] = True
    marks = np.zeros_like(mask)
    marks[4, 5:25] = True
    points = np.argwhere(marks)
    expected = stroke_seconds(points, local_width(mask)[marks], model=MODEL)[-1]
    assert marks_seconds(marks, mask, model=MODEL) == pytest.approx(expected)
    marks[2, 5] = True  # a second stroke, a dot
    assert marks_seconds(marks, mask, model=MODEL) == pytest.approx(expected + 10)
    assert marks_seconds(np.zeros_like(mask), mask, model=MODEL) == 0


def test_room_makes_the_same_stroke_cheaper():
    marks = np.zeros((40, 40), dtype=bool)
    marks[10, 5:15] = True
    wide, narrow = np.ones((40, 40), dtype=bool), np.zeros((40, 40), dtype=bool)
    narrow[9:12] = True
    assert marks_seconds(marks, wide) < marks_seconds(marks, narrow)
    outside = np.zeros((40, 40), dtype=bool)
    assert marks_seconds(marks, outside, model=MODEL) == 10 + 0.5 * 9


def test_contours_by_hand():
    length = contour_length(square(5))
    assert contour_seconds(square(5), model=MODEL) == pytest.approx(10 + 0.5 * length / 4)
    holed = square(9)
    holed[5:8, 5:8] = False
    expected = 20 + 0.5 * contour_length(holed) / 4
    assert contour_seconds(holed, model=MODEL) == pytest.approx(expected)
    assert contour_seconds(square(0), model=MODEL) == 0


def test_a_structure_inside_another_is_traced_once():
    labels = square(9).astype(np.uint8)
    labels[5:8, 5:8] = 2
    inner = labels == 2
    expected = contour_seconds(square(9), model=MODEL) + contour_seconds(inner, model=MODEL)
    assert dense_seconds(labels, model=MODEL) == pytest.approx(100 + expected)
    labels[6, 6] = 0  # now there is background inside: the hole is partly the class's own border
    both = contour_seconds(labels == 1, model=MODEL) + contour_seconds(labels == 2, model=MODEL)
    assert dense_seconds(labels, model=MODEL) == pytest.approx(100 + both)


def test_slices_cost_a_look_if_they_are_annotated():
    labels = square(9).astype(np.uint8)
    scribble = np.full(labels.shape, IGNORE_LABEL, dtype=np.uint8)
    assert scribble_seconds(scribble, labels, model=MODEL) == 0
    scribble[6, 3:9] = 1
    scribble[15, 3:9] = 0
    expected = sum(marks_seconds(scribble == c, labels == c, model=MODEL) for c in (0, 1))
    assert scribble_seconds(scribble, labels, model=MODEL) == pytest.approx(100 + expected)
    assert dense_seconds(np.zeros_like(labels), model=MODEL) == 100


def test_the_default_model_is_used_where_none_is_given():
    labels = square(9).astype(np.uint8)
    assert dense_seconds(labels) == dense_seconds(labels, model=CostModel())
    assert contour_seconds(square(9)) > CostModel().seconds_per_stroke


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("seconds_per_slice", -1.0, "seconds_per_slice must be finite and >= 0, got -1.0"),
        ("seconds_per_difficulty", math.nan, "seconds_per_difficulty must be finite"),
        ("contour_tolerance_px", 0.0, "contour_tolerance_px must be > 0, got 0"),
    ],
)
def test_bad_constants_are_refused(field, value, message):
    with pytest.raises(ValueError, match=message):
        CostModel(**{field: value})


def test_bad_strokes_are_refused():
    with pytest.raises(ValueError, match=r"points must be \(N, 2\) and widths \(N,\)"):
        stroke_seconds(np.zeros((3, 2)), np.ones(2))
    with pytest.raises(ValueError, match="widths must be > 0"):
        stroke_seconds(np.zeros((2, 2)), np.array([1.0, 0.0]))
