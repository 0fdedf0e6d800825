import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from scipy.sparse.csgraph import dijkstra

from scribblebench.scribbles.distance import distance_to_false
from scribblebench.scribbles.geodesic import add_sources, nearer, ways_from
from scribblebench.scribbles.region import neighbours, regions_of

MASKS = st.one_of(
    arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))),
    arrays(bool, st.tuples(*[st.integers(1, 4)] * 3)),
)


@given(mask=MASKS, margin=st.integers(1, 3))
def test_regions_are_the_components_the_largest_first(mask, margin):
    regions = regions_of(mask, (1.0,) * mask.ndim, margin=margin)
    labels, n = ndimage.label(mask, np.ones((3,) * mask.ndim))
    assert len(regions) == n
    sizes = [len(region) for region in regions]
    assert sizes == sorted(sizes, reverse=True)
    again = np.zeros_like(mask)
    for region in regions:
        at = region.coordinates(region.voxels)
        assert len(set(labels[tuple(at.T)])) == 1
        again[tuple(at.T)] = True
    np.testing.assert_array_equal(again, mask)


def test_origin_moves_the_coordinates():
    mask = np.zeros((5, 6), dtype=bool)
    mask[2, 3] = True
    (region,) = regions_of(mask, (1.0, 1.0), origin=(10, 20))
    assert region.coordinates(region.voxels).tolist() == [[12, 23]]


@given(mask=arrays(bool, (7, 8)), size=st.sampled_from([(1.0, 1.0), (2.5, 2.5), (1.0, 3.0)]))
def test_depth_is_scipys_distance_with_the_frame_outside(mask, size):
    for region in regions_of(mask, size):
        expected = ndimage.distance_transform_edt(region.grid, sampling=size).ravel()
        np.testing.assert_allclose(region.depth, expected, rtol=1e-12)


def test_distances_of_large_slices_are_exact():
    mask = np.ones((1000, 1000), dtype=bool)
    mask[0, 0] = False
    expected = np.sqrt(np.add.outer(np.arange(1000.0) ** 2, np.arange(1000.0) ** 2))
    np.testing.assert_array_equal(distance_to_false(mask, (1.0, 1.0)), expected)


@given(mask=arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_distances_reach_the_frame_without_a_border_outside(mask):
    mask.ravel()[-1] = False
    expected = ndimage.distance_transform_edt(mask, sampling=(2.5, 2.5))
    np.testing.assert_allclose(distance_to_false(mask, (2.5, 2.5)), expected, rtol=1e-12)


def test_neighbours_by_hand():
    flat = neighbours((2.0, 1.0))
    assert flat.vectors[:4].tolist() == [[0, 1], [0, -1], [1, 0], [-1, 0]]
    assert flat.lengths[[0, 2, 4]].tolist() == [1.0, 2.0, 5**0.5]
    assert len(neighbours((1.0, 1.0, 1.0)).vectors) == 26
    opposite = flat.cosines[0, 1]
    assert opposite == -1.0


@settings(deadline=None)
@given(mask=MASKS, data=st.data())
def test_ways_are_shortest_ways_in_the_graph_of_neighbours(mask, data):
    """Against SciPy's Dijkstra on the explicit graph, sources added one by one."""
    mask.ravel()[0] = True
    step = tuple(data.draw(st.sampled_from([1.0, 0.5, 3.0])) for _ in range(mask.ndim))
    (region, *_) = regions_of(mask, step)
    at = region.coordinates(region.voxels)
    cost = np.ones(region.inside.size)
    cost[region.voxels] = data.draw(arrays(float, len(at), elements=st.floats(0.5, 4.0)))
    apart = np.abs(at[:, None] - at[None])
    length = np.sqrt(((apart * step) ** 2).sum(axis=2))
    mean = (cost[region.voxels][:, None] + cost[region.voxels][None]) / 2
    graph = np.where(apart.max(axis=2) == 1, length * mean, 0.0)
    sources = data.draw(st.lists(st.integers(0, len(at) - 1), min_size=1, max_size=3, unique=True))
    expected = dijkstra(graph, indices=sources, min_only=True)
    distance, parent = ways_from(region, region.voxels[sources[:1]], cost=cost)
    for source in sources[1:]:
        add_sources(region, distance, parent, region.voxels[[source]], cost=cost)
    np.testing.assert_allclose(distance[region.voxels], expected, rtol=1e-9)
    assert (parent[region.voxels[sources]] == -1).all()
    alone = np.full(distance.size, np.inf)
    for source in sources:
        before, changed = alone.copy(), np.zeros(alone.size, dtype=bool)
        changed[nearer(region.flat, cost, alone, region.voxels[[source]])] = True
        np.testing.assert_array_equal(changed | (alone == before), True)
    np.testing.assert_array_equal(alone, distance)


@pytest.mark.parametrize(
    ("mask", "step", "message"),
    [
        (np.ones((2, 2)), (1, 1), "mask must be a 2-D or 3-D bool array, got 2-D float64"),
        (np.ones(3, dtype=bool), (1,), "got 1-D bool"),
        (np.ones((2, 2), dtype=bool), (1,), "step must be 2 numbers > 0"),
        (np.ones((2, 2), dtype=bool), (1, 0), "step must be 2 numbers > 0"),
    ],
)
def test_bad_masks_and_sizes_are_refused_in_words(mask, step, message):
    with pytest.raises(ValueError, match=message):
        regions_of(mask, step)
