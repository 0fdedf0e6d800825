import numpy as np
from scipy import ndimage

from scribblebench.scribbles.skeleton import skeleton

EIGHT = np.ones((3, 3))


def drawn(mask, n_pixels, randomness=0.0, seed=0):
    rng = np.random.default_rng(seed)
    pixels = skeleton(mask, n_pixels=n_pixels, randomness=randomness, rng=rng)
    out = np.zeros_like(mask)
    out[tuple(pixels.T)] = True
    return out


def test_a_bar_is_drawn_along_its_middle_row_before_anything_else():
    bar = np.ones((5, 31), dtype=bool)
    assert not drawn(bar, 20)[[0, 1, 3, 4]].any()


def test_a_single_component_gives_one_connected_stroke_at_every_budget(ring):
    for n_pixels in (2, 20, 60, 150):
        for randomness in (0.0, 1.0):
            _, n = ndimage.label(drawn(ring, n_pixels, randomness), EIGHT)
            assert n == 1


def test_the_whole_ring_is_gone_round_before_the_line_is_thickened(ring):
    """The ring is 5 or 6 px wide with its middle 11.5 px out: about 65 px round."""
    angles = np.arctan2(*(np.argwhere(drawn(ring, 80)) - 14.5).T)
    assert np.diff(np.sort(angles)).max() < np.radians(20)


def test_thickening_grows_the_line_evenly():
    bar = np.ones((21, 61), dtype=bool)
    thick = drawn(bar, 5 * 41)
    middle = thick[:, 20:40].sum(axis=0)
    assert middle.max() - middle.min() <= 2


def test_every_component_is_begun_before_any_is_finished():
    two = np.zeros((9, 40), dtype=bool)
    two[1:8, :19] = two[1:8, 21:] = True
    part = drawn(two, 10)
    assert part[:, :19].any()
    assert part[:, 21:].any()
