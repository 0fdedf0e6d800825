import numpy as np
import pytest
from scipy import ndimage
from scipy.cluster.vq import kmeans2
from scipy.spatial import cKDTree

from scribblebench.scribbles import FORMS
from scribblebench.scribbles.max_supervision import max_supervision


def expected_distance(mask, pixels):
    free = np.ones_like(mask)
    free[tuple(pixels.T)] = False
    return ndimage.distance_transform_edt(free)[mask].mean()


def place(mask, n_pixels, randomness=0.0):
    rng = np.random.default_rng(0)
    return max_supervision(mask, n_pixels=n_pixels, randomness=randomness, rng=rng)


@pytest.mark.parametrize("n_pixels", [8, 25, 60])
@pytest.mark.parametrize("name", ["disc", "ring"])
def test_expected_distance_is_close_to_that_of_kmeans(name, n_pixels, request):
    """Best of 8 starts of Lloyd's algorithm, its centres moved to pixels of the class."""
    mask = request.getfixturevalue(name)
    points = np.argwhere(mask)
    tree = cKDTree(points)
    best = np.inf
    for seed in range(8):
        centres, _ = kmeans2(points.astype(float), n_pixels, minit="++", seed=seed)
        pixels = points[tree.query(centres)[1]]
        best = min(best, expected_distance(mask, pixels))
    assert expected_distance(mask, place(mask, n_pixels)) <= 1.15 * best


def test_expected_distance_is_below_that_of_the_other_forms_and_of_chance(disc, ring):
    for mask in (disc, ring):
        n_pixels = int(mask.sum()) // 10
        ours = expected_distance(mask, place(mask, n_pixels))
        rng = np.random.default_rng(1)
        for form in ("skeleton", "random_walk"):
            other = FORMS[form](mask, n_pixels=n_pixels, randomness=0.5, rng=rng)
            assert ours < 0.8 * expected_distance(mask, other)
        chance = rng.permutation(np.argwhere(mask))[:n_pixels]
        assert ours < 0.85 * expected_distance(mask, chance)


def test_first_pixel_is_the_deepest():
    np.testing.assert_array_equal(place(np.ones((9, 21), dtype=bool), 1), [[4, 4]])


def test_randomness_costs_coverage_but_not_all_of_it(disc):
    values = [expected_distance(disc, place(disc, 30, r)) for r in (0.0, 1.0)]
    assert values[0] < values[1] < 1.5 * values[0]
