"""What holds for every form on every mask: the promise that budgets rest on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from one_class import as_mask, drawn
from scipy import ndimage

from scribblebench.scribbles import FORMS, CostModel, Pen
from scribblebench.scribbles.region import regions_of
from scribblebench.scribbles.strokes import rasterise

ALL = pytest.mark.parametrize("form", list(FORMS))
IN_3D = pytest.mark.parametrize("form", [name for name in FORMS if FORMS[name].three_d])
RANDOMNESS = pytest.mark.parametrize("randomness", [0.0, 0.5, 1.0])


def neighbours(points):
    return (np.abs(np.diff(points, axis=0)).max(axis=1) == 1).all()


def check(mask, form, amount, randomness, width, step=None):
    drawing = drawn(mask, form, amount, randomness=randomness, width=width, step=step)
    marks = as_mask(drawing, mask.shape)
    assert len(drawing.voxels) == marks.sum() == min(amount, mask.sum())
    assert not (marks & ~mask).any()
    again = np.zeros_like(marks)
    for stroke in drawing.strokes(1):
        assert neighbours(stroke.points)
        assert mask[tuple(stroke.points.T)].all()
        one = rasterise(stroke, mask.shape, step=step, within=mask)
        assert ndimage.label(one, np.ones((3,) * mask.ndim))[1] == 1
        again |= one
    np.testing.assert_array_equal(again, marks)
    return marks


@ALL
@RANDOMNESS
@pytest.mark.parametrize("width", [None, 3.0])
def test_exact_inside_connected_and_nested(form, randomness, width, region):
    size = int(region.sum())
    largest = np.ones_like(region)
    for amount in sorted({1, max(1, size // 10), max(1, size // 2), max(1, size)}, reverse=True):
        marks = check(region, form, amount, randomness, width)
        assert not (marks & ~largest).any()
        largest = marks


@ALL
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_mask_any_budget_any_randomness_any_width(form, data):
    shape = data.draw(st.tuples(st.integers(1, 14), st.integers(1, 14)))
    mask = data.draw(arrays(bool, shape))
    mask[0, 0] |= not mask.any()
    amounts = data.draw(st.tuples(*[st.integers(1, int(mask.sum()) + 3)] * 2))
    randomness = data.draw(st.floats(0.0, 1.0))
    width = data.draw(st.sampled_from([None, 1.0, 2.0, 2.5, 5.0]))
    few, many = (check(mask, form, amount, randomness, width) for amount in sorted(amounts))
    assert not (few & ~many).any()


def test_two_bumps_of_a_contour_over_one_pixel_list_it_once():
    mask = np.ones((7, 7), dtype=bool)
    mask[[0, 2, 5, 5], [0, 5, 2, 6]] = False
    check(mask, "contour", 6, 1.0, None)


@IN_3D
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_same_in_volumes_with_voxels_of_any_shape(form, data):
    shape = data.draw(st.tuples(*[st.integers(1, 7)] * 3))
    mask = data.draw(arrays(bool, shape))
    mask[0, 0, 0] |= not mask.any()
    amounts = data.draw(st.tuples(*[st.integers(1, int(mask.sum()))] * 2))
    step = data.draw(st.sampled_from([(1.0, 1.0, 1.0), (5.0, 0.7, 0.8)]))
    width = data.draw(st.sampled_from([None, 1.5]))
    few, many = (check(mask, form, amount, 0.5, width, step) for amount in sorted(amounts))
    assert not (few & ~many).any()


@ALL
@pytest.mark.parametrize("unit", ["length"])
def test_lengths_are_spent_but_not_overspent_and_nested(form, unit, region):
    before = np.zeros_like(region)
    for amount in (1.0, 7.5, 40.0):
        drawing = drawn(region, form, amount, unit=unit)
        length = sum(stroke.length() for stroke in drawing.strokes(1))
        n_parts = ndimage.label(region, np.ones((3, 3)))[1]
        assert drawing.spent == pytest.approx(length)
        assert length <= max(amount, n_parts) + 1e-9
        marks = as_mask(drawing, region.shape)
        assert marks.all() or marks.sum() == region.sum() or length > amount - 2.5 * n_parts
        assert not (before & ~marks).any()
        before = marks


def blocks(*sizes):
    """Squares of these sides in a row, two pixels apart."""
    mask = np.zeros((max(sizes) + 2, sum(sizes) + 2 * len(sizes)), dtype=bool)
    at = 1
    for size in sizes:
        mask[1 : 1 + size, at : at + size] = True
        at += size + 2
    return mask


@ALL
@pytest.mark.parametrize("components", ["every", "one", 0.6])
def test_lengths_in_parts_are_met_and_not_overspent_where_there_is_room(form, components):
    """Single pixels hold one pixel's length; what they cannot take goes to the large part."""
    mask = blocks(20, 1, 1, 1)
    before = np.zeros_like(mask)
    for amount in (1.0, 5.0, 30.0, 60.0):
        drawing = drawn(mask, form, amount, unit="length", components=components)
        assert drawing.ended
        assert amount - 2.0 * np.sqrt(2) < drawing.spent <= amount
        marks = as_mask(drawing, mask.shape)
        assert not (before & ~marks).any()
        before = marks


def test_a_short_length_is_not_spent_on_each_of_many_parts():
    """As with voxels: 5 of 8 parts get a mark, the largest first."""
    mask = blocks(4, 3, 2, 1, 1, 1, 1, 1)
    drawing = drawn(mask, "skeleton", 5.4, unit="length")
    assert (drawing.spent, drawing.pen_downs, len(drawing.voxels)) == (5.0, 5, 5)


def test_seconds_in_parts_are_shared_out_in_strokes():
    """Ten seconds at two a stroke: each part stops short by less than another stroke."""
    cost = CostModel(seconds_per_stroke=2.0, seconds_per_difficulty=0.1)
    drawing = drawn(blocks(12, 12), "skeleton", 10.0, unit="seconds", cost=cost)
    assert drawing.ended
    assert 10.0 - 2 * 2.0 < drawing.spent <= 10.0


@ALL
def test_randomness_0_does_not_depend_on_the_seed_and_1_does(form, disc):
    amount = int(disc.sum()) // 8
    zero = [drawn(disc, form, amount, randomness=0.0, seed=s).voxels for s in (1, 2)]
    np.testing.assert_array_equal(*zero)
    one = [as_mask(drawn(disc, form, amount, randomness=1.0, seed=s), disc.shape) for s in (1, 2)]
    assert not np.array_equal(*one)


@ALL
def test_a_drawing_moves_with_its_class_and_leaves_the_mask_alone(form, ring):
    before = ring.copy()
    here = drawn(ring, form, 60).voxels
    np.testing.assert_array_equal(ring, before)
    there = drawn(np.pad(ring, ((5, 0), (11, 3))), form, 60).voxels
    np.testing.assert_array_equal(here + np.array([5, 11]), there)


@ALL
def test_lines_for_fewer_voxels_are_the_beginning_of_those_for_more(form, region):
    for part in regions_of(region, (1.0, 1.0)):
        rule = FORMS[form].rule
        lines = [
            rule(part, n_voxels=n, randomness=0.5, rng=np.random.default_rng(4))
            for n in (max(1, len(part) // 9), len(part))
        ]
        n = len(lines[0].voxels)
        np.testing.assert_array_equal(lines[0].voxels, lines[1].voxels[:n])
        assert len(np.unique(lines[1].voxels)) == len(part)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("skelton",), "unknown form 'skelton'. Did you mean 'skeleton'"),
        (("chord", 1.5), r"randomness must be in \[0, 1\], got 1.5"),
        (("chord", 0.5, 0.0), "width must be > 0, got 0.0"),
        (("chord", 0.5, None, {"strokes": 2}), "'chord' has no option 'strokes'. It has none"),
        (("contour", 0.5, None, {"dept": 1}), "no option 'dept'. Did you mean 'depth'"),
        (
            ("chord", 0.5, None, {}, "all"),
            "components must be every, largest, one or a prob.*'all'",
        ),
        (("chord", 0.5, None, {}, 1.5), r"probability in \[0, 1\], got 1.5"),
    ],
)
def test_bad_pens_are_refused_in_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        Pen(*arguments)


@pytest.mark.parametrize(
    ("form", "options", "message"),
    [
        ("directed_walk", {"persistence": 2}, r"persistence must be in \[0, 1\], got 2"),
        ("curve", {"corners": 1}, "corners must be at least 2, got 1"),
        ("contour", {"depth": -1}, r"depth must be in \[0, 1\], got -1"),
        ("max_supervision", {"strokes": 0}, "strokes must be at least 1, got 0"),
    ],
)
def test_options_out_of_range_are_refused_in_words(form, options, message, disc):
    with pytest.raises(ValueError, match=message):
        drawn(disc, form, 5, options=options)


@ALL
def test_a_wide_pen_follows_the_same_line(form, ring):
    """The first line, drawn to its end: its middle passes the same points."""
    thin, wide = (
        drawn(ring, form, int(ring.sum()), width=width).strokes(1)[0].points for width in (1.0, 4.0)
    )
    n = min(len(thin), len(wide)) if form != "points" else 1
    np.testing.assert_array_equal(thin[:n], wide[:n])
