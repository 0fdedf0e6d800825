import numpy as np
import pytest
from one_class import as_mask, drawn
from scipy import ndimage

EIGHT = np.ones((3, 3))


def radii(stroke, centre):
    return np.hypot(*(stroke.points - np.array(centre)).T)


def test_every_turn_is_nearer_to_the_middle_of_a_disc(disc):
    """Radius 11: from depth 0.2, about 9 px out, it loses a quarter of 12 px a turn."""
    stroke = drawn(disc, "spiral", 150, randomness=0.0, options={"depth": 0.2}).strokes(1)[0]
    r = radii(stroke, (11.5, 11.5))
    turn = 55  # voxels of the first turn, about 2 pi 9
    assert 7.5 < r[:10].mean() < 10.5
    assert r[:10].mean() - 1 > r[turn : turn + 10].mean() > r[-5:].mean() + 1


@pytest.mark.parametrize(("depth", "outer"), [(0.0, 10.0), (0.5, 6.0)])
def test_depth_is_where_it_begins(disc, depth, outer):
    options = {"depth": depth, "inward": 0.1}
    stroke = drawn(disc, "spiral", 20, randomness=0.0, options=options).strokes(1)[0]
    assert radii(stroke, (11.5, 11.5)).mean() == pytest.approx(outer, abs=1.5)


def test_in_a_ring_it_ends_on_the_middle_line(ring):
    """Between radii 9 and 14 the middle line is 11.5 out."""
    options = {"depth": 0.9, "inward": 0.5}
    stroke = drawn(ring, "spiral", 60, randomness=0.0, options=options).strokes(1)[0]
    assert np.abs(radii(stroke, (14.5, 14.5)) - 11.5).max() < 1.6


def test_a_crescent_is_followed_without_leaving_it(region):
    """Where the spline would leave the region, as in horns, the shortest way is taken."""
    if region.sum() < 20:
        return
    for stroke in drawn(region, "spiral", int(region.sum()) // 2, randomness=0.0).strokes(1):
        assert region[tuple(stroke.points.T)].all()


def test_arcs_are_as_long_as_asked_for_with_gaps_between_them(disc):
    """Without randomness: 12 voxels, 6 left out, 12 again, ..."""
    options = {"depth": 0.2, "inward": 0.1, "arc": 12, "gap": 6}
    drawing = drawn(disc, "spiral", 36, randomness=0.0, options=options)
    strokes = drawing.strokes(1)
    assert [len(stroke.points) for stroke in strokes] == [12, 12, 12]
    assert ndimage.label(as_mask(drawing, disc.shape), EIGHT)[1] == 3


def test_without_inward_one_turn_is_all_before_it_is_thickened(disc):
    strokes = drawn(disc, "spiral", 200, randomness=0.0, options={"inward": 0.0}).strokes(1)
    assert len(strokes[0].points) < 80
    assert len(strokes) > 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 1.5}, r"depth must be in \[0, 1\], got 1.5"),
        ({"inward": -0.1}, "inward must be >= 0, got -0.1"),
        ({"arc": -1}, "arc must be >= 0, got -1"),
        ({"gap": 0}, "gap must be > 0, got 0"),
    ],
)
def test_options_out_of_range_are_refused_in_words(options, message, disc):
    with pytest.raises(ValueError, match=message):
        drawn(disc, "spiral", 5, options=options)
