import numpy as np
import pytest
from one_class import marks
from scipy import ndimage
from scipy.cluster.vq import kmeans2
from scipy.spatial import cKDTree


def expected_distance(mask, marked):
    return ndimage.distance_transform_edt(~marked)[mask].mean()


@pytest.mark.parametrize("amount", [8, 25, 60])
@pytest.mark.parametrize("name", ["disc", "ring"])
def test_expected_distance_is_close_to_that_of_kmeans(name, amount, request):
    """Best of 8 starts of Lloyd's algorithm, its centres moved to pixels of the class."""
    mask = request.getfixturevalue(name)
    pixels = np.argwhere(mask)
    tree = cKDTree(pixels)
    best = np.inf
    for seed in range(8):
        centres, _ = kmeans2(pixels.astype(float), amount, minit="++", seed=seed)
        marked = np.zeros_like(mask)
        marked[tuple(pixels[tree.query(centres)[1]].T)] = True
        best = min(best, expected_distance(mask, marked))
    ours = expected_distance(mask, marks(mask, "points", amount, randomness=0.0))
    assert ours <= 1.15 * best


def test_first_point_is_the_deepest():
    marked = marks(np.ones((9, 21), dtype=bool), "points", 1, randomness=0.0)
    assert np.argwhere(marked)[0][0] == 4


def test_points_are_a_uniform_sample_at_randomness_1():
    """2000 drawings of 3 of 12 pixels: each is marked 500 times, sd 19; 95 is five sd."""
    mask = np.ones((3, 4), dtype=bool)
    hits = sum(marks(mask, "points", 3, randomness=1.0, seed=s).astype(int) for s in range(2000))
    np.testing.assert_allclose(hits, 500, atol=95)


def test_a_half_filled_square_is_filled_evenly_not_row_by_row():
    """Marks in each quarter of 32 x 32 at 40 %: 256 and 0 if row by row."""
    marked = marks(np.ones((32, 32), dtype=bool), "points", 410, randomness=0.0)
    quarters = marked.reshape(2, 16, 2, 16).sum(axis=(1, 3))
    assert quarters.max() - quarters.min() <= 25


def test_distances_are_in_mm():
    """Rows 10 mm apart, columns 1 mm: the second point lies in the other row first."""
    mask = np.ones((2, 5), dtype=bool)
    marked = marks(mask, "points", 2, randomness=0.0, step=(10.0, 1.0))
    assert marked.any(axis=1).all()
