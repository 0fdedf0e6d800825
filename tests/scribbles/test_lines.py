"""What the forms of lines look like: centerline, chord, curve, contour."""

import numpy as np
import pytest
from one_class import drawn, marks
from scipy import ndimage

EIGHT = np.ones((3, 3))


def strokes(mask, form, amount, randomness=0.0, seed=0, **options):
    drawing = drawn(mask, form, amount, randomness=randomness, seed=seed, options=options)
    return [stroke.points for stroke in drawing.strokes(1)]


def test_centerline_of_a_bar_runs_from_edge_to_edge_along_its_middle():
    bar = np.ones((7, 41), dtype=bool)
    (line,) = strokes(bar, "centerline", 41)
    assert np.abs(line[:, 0] - 3).max() <= 3
    assert sorted(line[:, 1].tolist()) == list(range(41))
    assert (line[5:-5, 0] == 3).all()


def test_centerline_of_a_disc_is_a_diameter(disc):
    """Its skeleton is a few pixels; the line is prolonged to the edge at both ends."""
    (line,) = strokes(disc, "centerline", 22)
    assert np.ptp(line, axis=0).max() >= 19


def test_centerline_goes_all_round_a_ring(ring):
    angles = np.arctan2(*(np.concatenate(strokes(ring, "centerline", 85)) - 14.5).T)
    assert np.diff(np.sort(angles)).max() < np.radians(25)


@pytest.mark.parametrize("randomness", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(8))
def test_centerline_closes_a_ring_in_one_line_near_its_middle(ring, randomness, seed):
    """Between radii 9 and 14; erosion moves the middle line by up to 0.8 / 2 of the half width."""
    line = strokes(ring, "centerline", 65, randomness, seed)[0]
    assert np.abs(line[0] - line[-1]).max() <= 2
    assert len(np.unique(line, axis=0)) == len(line)
    radius = np.hypot(*(line - 14.5).T)
    assert np.abs(radius - 11.5).max() < 2.7
    inside = ndimage.binary_fill_holes(as_mask_of(line, ring.shape))
    assert inside[14, 14]


def as_mask_of(line, shape):
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(line.T)] = True
    return mask


def test_centerline_draws_the_other_arm_of_a_second_hole_in_one_line():
    """A figure of eight: two holes, each closed."""
    eight = np.zeros((21, 41), dtype=bool)
    eight[:] = True
    eight[7:14, 7:16] = eight[7:14, 25:34] = False
    lines = strokes(eight, "centerline", 130)
    drawn_of = as_mask_of(np.concatenate(lines), eight.shape)
    filled = ndimage.binary_fill_holes(drawn_of)
    assert filled[10, 11]
    assert filled[10, 29]


def test_centerline_of_a_small_budget_is_its_middle_piece():
    bar = np.ones((7, 41), dtype=bool)
    (line,) = strokes(bar, "centerline", 9)
    assert len(line) == 9


@pytest.mark.parametrize("randomness", [0.0, 0.5, 1.0])
def test_chords_are_straight(randomness, disc):
    """No point is a pixel or more off the straight line between the ends."""
    for line in strokes(disc, "chord", 60, randomness):
        ends = line[-1] - line[0]
        if ends.any():
            off = np.abs(np.cross(np.append(ends, 0), np.c_[line - line[0], 0 * line[:, 0]])[:, 2])
            assert (off / np.linalg.norm(ends)).max() < 1.0


def test_the_first_chord_is_the_longest_through_the_deepest_pixel():
    lens = np.zeros((21, 61), dtype=bool)
    row, col = np.indices(lens.shape)
    lens = ((row - 10) / 10.5) ** 2 + ((col - 30) / 30.5) ** 2 <= 1
    line = strokes(lens, "chord", 61)[0]
    assert (line[:, 0] == 10).all()
    assert len(line) == 61


def test_the_first_contour_is_half_way_to_the_deepest_pixel(disc):
    """A disc of radius 11: a closed line 5.5 from its edge, all around."""
    first = strokes(disc, "contour", 400)[0]
    radius = np.hypot(*(first - 11.5).T)
    assert np.abs(radius - 5.5).max() <= 1.2
    assert np.abs(first[0] - first[-1]).max() == 1
    angles = np.arctan2(*(first - 11.5).T)
    assert np.diff(np.sort(angles)).max() < np.radians(25)


def test_a_contour_can_be_near_the_edge_or_in_the_middle(disc):
    outer, inner = (
        np.hypot(*(strokes(disc, "contour", 20, depth=d)[0] - 11.5).T).mean() for d in (0.1, 0.9)
    )
    assert outer > 9
    assert inner < 3


def test_a_ring_has_a_contour_on_both_sides(ring):
    first, second = strokes(ring, "contour", 130, depth=0.1)[:2]
    radii = [np.hypot(*(line - 14.5).T).mean() for line in (first, second)]
    assert radii[0] > 13
    assert radii[1] < 10


def test_a_partial_contour_is_one_arc(disc):
    part = marks(disc, "contour", 15, randomness=0.0)
    assert ndimage.label(part, EIGHT)[1] == 1


def test_further_contours_do_not_touch_those_drawn_and_are_no_dots(disc):
    """Until they are used up and thickened."""
    plain = np.ones((60, 60), dtype=bool)
    for mask, amount in ((disc, 80), (plain, 700)):
        lines = strokes(mask, "contour", amount)
        seen = np.zeros_like(mask)
        for line in lines:
            assert not (seen & as_mask_of(line, mask.shape)).any()
            seen |= ndimage.binary_dilation(as_mask_of(line, mask.shape), EIGHT)
        assert min(len(line) for line in lines[:-1]) >= 8


@pytest.mark.parametrize("seed", range(5))
def test_chords_are_long_in_a_ring_at_any_randomness(ring, seed):
    """Through a voxel of this ring the longest is 12 to 22 px long, and its wall is 6 px thick."""
    lengths = [len(line) for line in strokes(ring, "chord", 80, 1.0, seed)[:-1]]
    assert min(lengths) >= 0.6 * 12


def turning(line):
    """Mean absolute change of direction over 4 pixels, in radians."""
    ahead = line[4:-4] - line[:-8], line[8:] - line[4:-4]
    angles = [np.arctan2(*d.T) for d in ahead]
    return np.abs((np.diff(angles, axis=0) + np.pi) % (2 * np.pi) - np.pi).mean()


def test_curves_are_smooth():
    """They turn less than random walks of the same length, at any randomness."""
    plain = np.ones((60, 60), dtype=bool)
    for randomness in (0.0, 0.5, 1.0):
        curves = [strokes(plain, "curve", 60, randomness, seed=s)[0] for s in range(10)]
        walks = [strokes(plain, "random_walk", 60, 0.7, seed=s)[0] for s in range(10)]
        ours, theirs = (np.mean([turning(line) for line in lines]) for lines in (curves, walks))
        assert ours < 0.5 * theirs


@pytest.mark.parametrize("randomness", [0.0, 0.5, 1.0])
def test_curves_neither_turn_back_nor_retrace_themselves(randomness):
    """Within 4 pixels to each side no turn of 120 degrees, which is two corners, and hardly a voxel
    that was marked before."""
    plain = np.ones((60, 60), dtype=bool)
    for seed in range(6):
        line = strokes(plain, "curve", 80, randomness, seed)[0]
        ahead = line[4:-4] - line[:-8], line[8:] - line[4:-4]
        lengths = np.linalg.norm(ahead[0], axis=1) * np.linalg.norm(ahead[1], axis=1)
        assert ((ahead[0] * ahead[1]).sum(axis=1) > -0.5 * lengths).all()
        assert len(np.unique(line, axis=0)) > 0.95 * len(line)


def test_a_curve_follows_a_ring_and_stays_inside(ring):
    line = strokes(ring, "curve", 60)[0]
    radius = np.hypot(*(line - 14.5).T)
    assert radius.min() >= 9 - 0.8
    assert len(line) > 20


def test_more_corners_make_longer_curves(disc):
    lengths = [
        np.mean([len(strokes(disc, "curve", 100, 0.5, s, corners=c)[0]) for s in range(10)])
        for c in (2, 4, 8)
    ]
    assert lengths == sorted(lengths)
