from collections import Counter

import numpy as np
from one_class import drawn, marks
from scipy import ndimage

EIGHT = np.ones((3, 3))


def walk(mask, amount, randomness=1.0, seed=0, **more):
    return drawn(mask, "random_walk", amount, randomness=randomness, seed=seed, **more)


def test_a_walk_with_room_is_one_connected_mark(disc):
    for seed in range(20):
        out = marks(disc, "random_walk", 30, randomness=1.0, seed=seed)
        assert ndimage.label(out, EIGHT)[1] == 1


def test_start_is_uniform_over_the_class_at_randomness_1():
    """3000 starts over the 5 pixels of one region: 600 each, sd 22; 110 is five sd."""
    mask = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1]], dtype=bool)
    hits = Counter(tuple(walk(mask, 1, seed=s).voxels[0].tolist()) for s in range(3000))
    np.testing.assert_allclose(sorted(hits.values()), 600, atol=110)


def test_steps_are_uniform_over_the_neighbours_at_randomness_1():
    """Eight ways from the middle; 500 expected each of about 4000, sd 21; 105 is five sd."""
    mask = np.ones((3, 3), dtype=bool)
    hits, n_from_middle = Counter(), 0
    for seed in range(36000):
        points = walk(mask, 2, seed=seed).strokes(1)[0].points
        if tuple(points[0]) == (1, 1):
            n_from_middle += 1
            hits[tuple(points[1].tolist())] += 1
    assert len(hits) == 8
    np.testing.assert_allclose([*hits.values()], n_from_middle / 8, atol=105)


def test_without_randomness_the_pen_goes_straight_from_the_deepest_pixel():
    points = walk(np.ones((21, 21), dtype=bool), 10, 0.0).strokes(1)[0].points
    np.testing.assert_array_equal(points, [[10, 10 + i] for i in range(10)])


def test_more_randomness_makes_a_more_compact_scribble():
    """Radius of gyration of 60 px, mean of 60 walks: straight lines reach farther."""

    def spread(randomness):
        found = [walk(np.ones((80, 80), bool), 60, randomness, s).voxels for s in range(60)]
        return np.mean([np.linalg.norm(p - p.mean(axis=0), axis=1).mean() for p in found])

    values = [spread(r) for r in (0.0, 0.3, 0.6, 1.0)]
    assert values == sorted(values, reverse=True)


def test_a_walk_spreads_as_fast_in_mm_along_all_axes():
    """Mean square displacement after 150 new voxels of 5 x 1 x 1 mm; 200 walks from the middle.

    Plainly uniform steps would go 25 times as far across planes. With 200 walks the ratio of two
    mean squares has an sd of about 20 %.
    """
    mask = np.ones((31, 101, 101), dtype=bool)
    step = np.array([5.0, 1.0, 1.0])
    moved = []
    for seed in range(200):
        points = walk(mask, 150, seed=seed, step=tuple(step)).strokes(1)[0].points
        moved.append(((points[-1] - points[0]) * step) ** 2)
    across, rows, cols = np.mean(moved, axis=0)
    assert 0.4 < across / ((rows + cols) / 2) < 2.5


def test_a_new_stroke_begins_where_the_pen_is_stuck():
    """A walk that goes on straight ends in the corner of a spiral it has filled."""
    mask = np.ones((6, 6), dtype=bool)
    strokes = walk(mask, 36, 0.0).strokes(1)
    assert len(strokes) > 1
    assert marks(mask, "random_walk", 36, randomness=0.0).all()
