from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_class import drawn

from scribblebench.scribbles.brush import brush_of
from scribblebench.scribbles.strokes import (
    Stroke,
    from_json,
    rasterise,
    replay,
    to_json,
)

LINE = np.array([[5, 2], [5, 3], [6, 4], [6, 5]])


def test_a_stroke_without_width_marks_its_points():
    marks = rasterise(Stroke(LINE, 1), (10, 10))
    np.testing.assert_array_equal(np.argwhere(marks), LINE)


@pytest.mark.parametrize(
    ("width", "step", "rows", "cols"),
    [
        (1.0, (1, 1), 1, 1),
        (2.0, (1, 1), 2, 2),
        (3.0, (1, 1), 3, 3),
        (4.0, (1, 1), 4, 4),
        (5.0, (1, 1), 5, 5),
        (3.9, (0.73, 0.73), 5, 5),
        (1.1, (0.73, 0.73), 2, 2),
        (3.0, (2.0, 0.5), 2, 4),
    ],
)
def test_width_is_the_diameter_in_the_unit_of_the_voxel_size(width, step, rows, cols):
    """Voxels whose centres are within half of it, about a middle that suits the width."""
    dot = rasterise(Stroke(np.array([[10, 10]]), 1, width), (21, 21), step=step)
    assert (np.ptp(np.argwhere(dot), axis=0) + 1).tolist() == [rows, cols]


def test_disc_of_width_3_and_5_by_hand():
    assert len(brush_of(3.0, (1.0, 1.0)).vectors) == 9
    assert len(brush_of(5.0, (1.0, 1.0)).vectors) == 21
    assert len(brush_of(3.0, (1.0, 1.0, 1.0)).vectors) == 19


@pytest.mark.parametrize("width", [100.0, np.inf, np.nan])
def test_a_pen_that_is_too_wide_is_refused(width):
    with pytest.raises(ValueError, match="width must be at most 64 voxels"):
        brush_of(width, (1.0, 1.0))


def test_a_wide_pen_does_not_jump_over_a_gap():
    within = np.ones((7, 7), dtype=bool)
    within[:, 3] = False
    marks = rasterise(Stroke(np.array([[3, 2]]), 1, 5.0), (7, 7), within=within)
    assert marks[:, :3].any()
    assert not marks[:, 3:].any()


def test_the_last_touch_can_be_partial():
    """One full touch of 9 voxels; of the second only the middle and one neighbour, both marked."""
    points = np.array([[5, 5], [5, 6]])
    assert rasterise(Stroke(points, 1, 3.0), (11, 11)).sum() == 12
    assert rasterise(Stroke(points, 1, 3.0, last_touch=2), (11, 11)).sum() <= 10
    assert rasterise(Stroke(points[:1], 1, 3.0, last_touch=4), (11, 11)).sum() == 4


def test_points_off_the_grid_mark_nothing():
    outside = Stroke(np.array([[-1, 0], [0, 0], [0, 12]]), 1)
    assert rasterise(outside, (4, 4)).sum() == 1


def test_length_by_hand():
    """Steps of 1, sqrt 2 and 1, and one voxel for the pen; in mm of (2, 1): 1, sqrt 5, 1 and 1."""
    assert Stroke(LINE, 1).length() == pytest.approx(3 + 2**0.5)
    assert Stroke(LINE, 1).length((2.0, 1.0)) == pytest.approx(3 + 5**0.5)
    assert Stroke(LINE[:1], 1).length() == 1.0


def test_strokes_replayed_on_the_label_map_are_the_scribble(disc, ring):
    labels = np.zeros((40, 80), dtype=np.uint8)
    labels[2:26, 3:27][disc] = 1
    labels[5:35, 40:70][ring] = 2
    strokes, expected = [], np.full_like(labels, 255)
    for class_id in (1, 2):
        drawing = drawn(labels == class_id, "max_supervision", 77, width=2.5)
        strokes += drawing.strokes(class_id)
        expected[tuple(drawing.voxels.T)] = class_id
    np.testing.assert_array_equal(replay(strokes, labels, ignore_label=255), expected)
    free = [replace(stroke, keeps_to_class=False) for stroke in strokes]
    spilled = replay(free, labels, ignore_label=255)
    assert (spilled != 255).sum() > (expected != 255).sum()


@given(
    points=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=9),
    width=st.none() | st.floats(0.1, 9.0),
    last_touch=st.none() | st.integers(1, 20),
    class_id=st.integers(0, 254),
    kept=st.booleans(),
)
def test_json_gives_back_the_same_strokes(points, width, last_touch, class_id, kept):
    stroke = Stroke(np.array(points), class_id, width, last_touch, kept)
    (again,) = from_json(to_json([stroke], unit="px"))
    np.testing.assert_array_equal(again.points, stroke.points)
    one, other = ({**asdict(s), "points": None} for s in (stroke, again))
    assert one == other


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "format 2"),
        ('{"format": 7}', "format 2"),
        ('{"format": 2, "strokes": [{"width": 1}]}', "an entry lacks 'points'"),
    ],
)
def test_json_of_something_else_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        from_json(text)
