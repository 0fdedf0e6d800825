import numpy as np
from one_class import marks
from scipy import ndimage

EIGHT = np.ones((3, 3))


def skeleton(mask, amount, randomness=0.0, seed=0):
    return marks(mask, "skeleton", amount, randomness=randomness, seed=seed)


def test_a_bar_is_drawn_along_its_middle_row_before_anything_else():
    bar = np.ones((5, 31), dtype=bool)
    assert not skeleton(bar, 20)[[0, 1, 3, 4]].any()


def test_without_randomness_one_region_gives_one_connected_mark_at_every_budget(ring):
    for amount in (2, 20, 60, 150):
        assert ndimage.label(skeleton(ring, amount), EIGHT)[1] == 1


def test_the_whole_ring_is_gone_round_before_the_line_is_thickened(ring):
    """The ring is 5 or 6 px wide with its middle 11.5 px out: about 65 px round."""
    angles = np.arctan2(*(np.argwhere(skeleton(ring, 80)) - 14.5).T)
    assert np.diff(np.sort(angles)).max() < np.radians(20)


def test_thickening_grows_the_line_evenly():
    bar = np.ones((21, 61), dtype=bool)
    middle = skeleton(bar, 5 * 41)[:, 20:40].sum(axis=0)
    assert middle.max() - middle.min() <= 2


def test_a_small_budget_is_the_piece_around_the_deepest_pixel():
    bar = np.ones((5, 31), dtype=bool)
    cols = np.flatnonzero(skeleton(bar, 5).any(axis=0))
    assert len(cols) == 5
    assert abs(cols.mean() - 15) <= 13  # the whole middle row is equally deep


def test_the_trunk_comes_before_the_branches():
    """A T: its bar of 61 px is longer than its foot of 25."""
    tee = np.zeros((32, 63), dtype=bool)
    tee[1:6, 1:62] = tee[6:31, 29:34] = True
    drawn = skeleton(tee, 50)
    assert drawn[1:6].sum() == 50


def test_randomness_bends_the_line():
    """Mean distance of 40 px from the middle row of a bar of 21 rows; 20 drawings each."""
    bar = np.ones((21, 61), dtype=bool)

    def bend(randomness):
        drawings = [skeleton(bar, 40, randomness, seed) for seed in range(20)]
        return np.mean([np.abs(np.argwhere(d)[:, 0] - 10).mean() for d in drawings])

    values = [bend(r) for r in (0.0, 0.5, 1.0)]
    assert values == sorted(values)
    assert values[2] > values[0] + 0.5
