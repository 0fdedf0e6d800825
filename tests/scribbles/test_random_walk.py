import numpy as np
from scipy import ndimage

from scribblebench.scribbles.random_walk import random_walk

EIGHT = np.ones((3, 3))


def walk(mask, n_pixels, randomness, seed=0):
    rng = np.random.default_rng(seed)
    return random_walk(mask, n_pixels=n_pixels, randomness=randomness, rng=rng)


def test_a_walk_with_room_is_one_connected_stroke(disc):
    for seed in range(20):
        pixels = walk(disc, 30, 1.0, seed)
        out = np.zeros_like(disc)
        out[tuple(pixels.T)] = True
        assert ndimage.label(out, EIGHT)[1] == 1


def test_start_is_uniform_over_the_class_at_randomness_1():
    """3000 starts over 6 pixels: 500 each, sd 20; 100 is five sd."""
    mask = np.array([[1, 1, 0, 0, 1], [1, 0, 0, 0, 1], [0, 0, 1, 0, 0]], dtype=bool)
    rng = np.random.default_rng(11)
    hits = np.zeros(mask.shape)
    for _ in range(3000):
        row, col = random_walk(mask, n_pixels=1, randomness=1.0, rng=rng)[0]
        hits[row, col] += 1
    np.testing.assert_allclose(hits[mask], 500, atol=100)


def test_steps_are_uniform_over_the_neighbours_at_randomness_1():
    """From the middle of a plus of diagonals and edges: 8 ways, 4000 walks, 500 each, sd 21."""
    mask = np.ones((3, 3), dtype=bool)
    rng = np.random.default_rng(3)
    hits = np.zeros(mask.shape)
    n_from_middle = 0
    while n_from_middle < 4000:
        pixels = random_walk(mask, n_pixels=2, randomness=1.0, rng=rng)
        if tuple(pixels[0]) == (1, 1):
            n_from_middle += 1
            hits[tuple(pixels[1])] += 1
    np.testing.assert_allclose(hits.ravel()[[0, 1, 2, 3, 5, 6, 7, 8]], 500, atol=105)


def test_without_randomness_the_pen_goes_straight_from_the_deepest_pixel():
    pixels = walk(np.ones((21, 21), dtype=bool), 10, 0.0)
    np.testing.assert_array_equal(pixels, [[10, 10 + i] for i in range(10)])


def test_more_randomness_makes_a_more_compact_scribble():
    """Radius of gyration of 60 px, mean of 60 walks: straight lines reach farther."""

    def spread(randomness):
        found = [walk(np.ones((80, 80), bool), 60, randomness, seed) for seed in range(60)]
        return np.mean([np.linalg.norm(p - p.mean(axis=0), axis=1).mean() for p in found])

    values = [spread(r) for r in (0.0, 0.3, 0.6, 1.0)]
    assert values == sorted(values, reverse=True)


def test_a_new_stroke_begins_where_a_component_is_used_up():
    mask = np.zeros((3, 9), dtype=bool)
    mask[:, :2] = mask[:, 7:] = True
    pixels = walk(mask, 12, 0.5)
    assert len(np.unique(pixels, axis=0)) == 12
