import numpy as np
import pytest
from one_class import drawn, marks
from scipy import ndimage


def walk(mask, amount, randomness=0.5, seed=0, **options):
    return drawn(mask, "directed_walk", amount, randomness=randomness, seed=seed, options=options)


def test_it_keeps_away_from_the_edge_more_than_a_plain_walk_does(disc):
    """Share of 60 px in the outermost two rings, a third of the disc; mean of 40 drawings."""
    row, col = np.indices(disc.shape)
    outer = disc & (np.hypot(row - 11.5, col - 11.5) > 9)

    def at_edge(form):
        found = [drawn(disc, form, 60, randomness=0.5, seed=s).voxels for s in range(40)]
        return np.mean([outer[tuple(v.T)].mean() for v in found])

    assert at_edge("directed_walk") < at_edge("random_walk")
    assert at_edge("directed_walk") < 0.6 * outer.sum() / disc.sum()


def test_it_covers_more_ground_than_a_plain_walk():
    """Radius of gyration of 60 px in the open, mean of 40 drawings at randomness 1."""
    plain = np.ones((80, 80), dtype=bool)

    def spread(form):
        found = [drawn(plain, form, 60, randomness=1.0, seed=s).voxels for s in range(40)]
        return np.mean([np.linalg.norm(p - p.mean(axis=0), axis=1).mean() for p in found])

    assert spread("directed_walk") > 1.3 * spread("random_walk")


def turning(line):
    """Mean absolute change, from step to step, of the direction over 4 pixels, in radians."""
    ahead = line[4:-4] - line[:-8], line[8:] - line[4:-4]
    angles = [np.arctan2(*d.T) for d in ahead]
    return np.abs((np.diff(angles, axis=0) + np.pi) % (2 * np.pi) - np.pi).mean()


def test_more_persistence_means_fewer_turns():
    plain = np.ones((60, 60), dtype=bool)
    values = [
        np.mean(
            [
                turning(walk(plain, 80, seed=s, persistence=p).strokes(1)[0].points)
                for s in range(20)
            ]
        )
        for p in (0.2, 0.5, 0.9)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > 2 * values[2]


def test_with_persistence_1_it_goes_straight_to_the_edge():
    points = walk(np.ones((21, 41), bool), 21, 0.0, persistence=1.0).strokes(1)[0].points
    np.testing.assert_array_equal(points, [[10, 10 + i] for i in range(21)])


def in_slabs(mask):
    """Share of the marked pixels whose eight neighbours are all marked."""
    inner = ndimage.binary_erosion(mask, np.ones((3, 3)))
    return inner.sum() / mask.sum()


@pytest.mark.parametrize("form", ["directed_walk", "random_walk"])
def test_without_randomness_a_walk_does_not_draw_slabs(form):
    """In the open, 20 % of a square: lines cross but do not lie beside each other."""
    plain = np.ones((80, 80), dtype=bool)
    assert in_slabs(marks(plain, form, 1280, randomness=0.0)) < 0.02


def test_without_randomness_it_comes_everywhere_before_it_fills():
    """After 15 % of a square no pixel is farther than 20 px from the walk."""
    plain = np.ones((80, 80), dtype=bool)
    away = ndimage.distance_transform_edt(~marks(plain, "directed_walk", 960, randomness=0.0))
    assert away.max() < 20


def test_without_randomness_it_turns_smoothly_and_a_random_walk_does_not(disc):
    """Largest change of direction over 4 pixels within the first 60."""

    def sharpest(form):
        line = drawn(disc, form, 60, randomness=0.0).strokes(1)[0].points
        ahead = line[4:-4] - line[:-8], line[8:] - line[4:-4]
        cosines = (ahead[0] * ahead[1]).sum(axis=1) / np.prod(
            [np.linalg.norm(d, axis=1) for d in ahead], axis=0
        )
        return np.degrees(np.arccos(np.clip(cosines, -1, 1))).max()

    assert sharpest("directed_walk") < 125 < 130 < sharpest("random_walk")
