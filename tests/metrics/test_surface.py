import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from scribblebench.metrics.surface import (
    average_symmetric,
    hausdorff,
    hausdorff95,
    surface_distances,
)

METRICS = [hausdorff, hausdorff95, average_symmetric]
SPACINGS = {2: (1.5, 0.7), 3: (8.0, 1.25, 1.5)}

fast = settings(deadline=None, derandomize=True, max_examples=50)


@st.composite
def pairs(draw):
    """Two non-empty masks of one shape and an anisotropic spacing."""
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=6))
    masks = hnp.arrays(bool, shape).filter(np.any)
    spacing = draw(st.tuples(*[st.floats(0.1, 10.0) for _ in shape]))
    return draw(masks), draw(masks), spacing


def blobs(shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two smooth random masks that overlap in part, with holes and several components."""
    rng = np.random.default_rng(seed)
    first, second = (ndimage.gaussian_filter(rng.normal(size=shape), 2.0) for _ in range(2))
    return first > 0.01, first + second > 0.02


def square(row: int, col: int, size: int = 4, shape: tuple[int, int] = (16, 20)) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[row : row + size, col : col + size] = True
    return mask


def brute_force(pred, target, spacing):
    """Return both directed distance lists by the definition, in O(n * m)."""

    def surface(mask):
        inside = set(map(tuple, np.argwhere(mask).tolist()))
        steps = [s * np.eye(mask.ndim, dtype=int)[i] for i in range(mask.ndim) for s in (-1, 1)]
        return [v for v in inside if any(tuple((v + s).tolist()) not in inside for s in steps)]

    def directed(source, goal):
        return sorted(
            min(
                math.dist(*[[x * s for x, s in zip(p, spacing, strict=True)] for p in (v, w)])
                for w in goal
            )
            for v in source
        )

    a, b = surface(pred), surface(target)
    return directed(a, b), directed(b, a)


# By hand


def test_distances_of_a_square_shifted_by_two_columns():
    """Of the 12 border pixels, 4 (2 in each edge row) coincide with the other's border.

    Columns 4 and 5 of the edge rows are shared: 0. The first square's column 2 is 2 away from
    column 4, its column 3 of the edge rows is 1 away, and its column 5 of the two inner rows
    is 1 away from the other's edge rows.
    """
    d = surface_distances(square(2, 2), square(2, 4), spacing=(1.0, 1.0))
    expected = [0] * 4 + [1] * 4 + [2] * 4
    np.testing.assert_array_equal(np.sort(d.pred_to_target), expected)
    np.testing.assert_array_equal(np.sort(d.target_to_pred), expected)
    assert hausdorff(d) == 2.0
    assert average_symmetric(d) == 1.0
    assert hausdorff95(d) == 2.0


@pytest.mark.parametrize(("axis", "expected_mm"), [(0, 3 * 2.5), (1, 3 * 0.5)])
def test_spacing_goes_with_its_axis(axis, expected_mm):
    """Two parallel lines, 3 pixels apart: every distance is 3 times the spacing."""
    first, second = np.zeros((2, 9, 9), dtype=bool)
    first[2, :] = True
    second[5, :] = True
    if axis == 1:
        first, second = first.T, second.T
    d = surface_distances(first, second, spacing=(2.5, 0.5))
    for metric in METRICS:
        assert metric(d) == pytest.approx(expected_mm)


def test_planes_shifted_in_a_volume_are_apart_by_the_plane_distance():
    volume = np.zeros((5, 6, 6), dtype=bool)
    first, second = volume.copy(), volume.copy()
    first[1], second[3] = True, True
    d = surface_distances(first, second, spacing=(10.0, 1.5, 1.5))
    assert [metric(d) for metric in METRICS] == [20.0, 20.0, 20.0]


def test_diagonal_distance_is_euclidean_in_mm():
    first, second = np.zeros((2, 8, 8), dtype=bool)
    first[1, 1], second[4, 3] = True, True
    d = surface_distances(first, second, spacing=(1.0, 2.0))
    assert hausdorff(d) == 5.0


def test_surface_is_face_connected_so_a_missing_corner_does_not_expose_the_centre():
    """A 3 by 3 square without a corner keeps its centre, whose 4 neighbours are there, inside."""
    mask = square(4, 4, size=3)
    mask[4, 4] = False
    d = surface_distances(mask, mask, spacing=(1.0, 1.0))
    assert d.pred_to_target.size == 7


def test_pixels_at_the_border_of_the_array_are_surface():
    full = np.ones((5, 7), dtype=bool)
    d = surface_distances(full, full, spacing=(1.0, 1.0))
    assert d.pred_to_target.size == 5 * 7 - 3 * 5


def test_hd95_is_the_larger_direction_not_the_pooled_percentile():
    """One pred pixel against a row of 21: forwards 0, backwards 0..20 with 95th percentile 19."""
    target = np.zeros((1, 21), dtype=bool)
    target[0] = True
    pred = np.zeros_like(target)
    pred[0, 0] = True
    d = surface_distances(pred, target, spacing=(1.0, 1.0))
    assert hausdorff95(d) == pytest.approx(19.0)
    assert hausdorff95(surface_distances(target, pred, spacing=(1.0, 1.0))) == pytest.approx(19.0)


def test_assd_pools_both_directions_and_is_not_the_mean_of_the_two_means():
    """1 distance of 0 and 21 of mean 10: 210 / 22, not (0 + 10) / 2."""
    target = np.ones((1, 21), dtype=bool)
    pred = np.zeros_like(target)
    pred[0, 0] = True
    assert average_symmetric(surface_distances(pred, target, spacing=(1.0, 1.0))) == pytest.approx(
        210 / 22
    )


# Degenerate cases and errors


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("ndim", [2, 3])
def test_two_empty_masks_are_at_distance_zero(metric, ndim):
    empty = np.zeros((4,) * ndim, dtype=bool)
    d = surface_distances(empty, empty, spacing=(1.0,) * ndim)
    assert d.pred_to_target.shape == d.target_to_pred.shape == (0,)
    assert metric(d) == 0.0


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("ndim", [2, 3])
def test_one_empty_mask_is_at_infinite_distance_in_either_order(metric, ndim):
    empty, some = np.zeros((2, *(6,) * ndim), dtype=bool)
    some[(slice(1, 5),) * ndim] = True
    for pair in [(empty, some), (some, empty)]:
        assert metric(surface_distances(*pair, spacing=(1.0,) * ndim)) == math.inf


@pytest.mark.parametrize(
    "spacing", [(1.0,), (1.0, 1.0, 1.0), (1.0, 0.0), (1.0, -2.0), (math.nan, 1.0), (math.inf, 1.0)]
)
def test_spacing_must_be_one_positive_finite_number_for_each_axis(spacing):
    """Also where both masks are empty and nothing is measured."""
    empty = np.zeros((4, 4), dtype=bool)
    with pytest.raises(ValueError, match=r"spacing must be 2 finite numbers > 0.*, got \("):
        surface_distances(empty, empty, spacing=spacing)


def test_label_maps_and_unlike_shapes_are_refused():
    mask = np.ones((4, 4), dtype=bool)
    with pytest.raises(ValueError, match="target must be an array of bool, got uint8"):
        surface_distances(mask, mask.astype(np.uint8), spacing=(1.0, 1.0))
    with pytest.raises(ValueError, match=r"shape \(3, 4\), got \(4, 4\)"):
        surface_distances(mask, mask[1:], spacing=(1.0, 1.0))


# Invariants


@fast
@given(pairs())
def test_metrics_are_symmetric_and_ordered(pair):
    a, b, spacing = pair
    forward, back = (surface_distances(*m, spacing=spacing) for m in [(a, b), (b, a)])
    np.testing.assert_array_equal(forward.pred_to_target, back.target_to_pred)
    for metric in METRICS:
        assert metric(forward) == pytest.approx(metric(back))
    hd = hausdorff(forward)
    assert 0.0 <= hausdorff95(forward) <= hd
    assert 0.0 <= average_symmetric(forward) <= hd * (1 + 1e-12)


@fast
@given(pairs())
def test_a_mask_is_at_distance_zero_from_itself(pair):
    a, _, spacing = pair
    d = surface_distances(a, a, spacing=spacing)
    assert [metric(d) for metric in METRICS] == [0.0, 0.0, 0.0]


@fast
@given(pairs(), st.floats(0.05, 20.0))
def test_scaling_the_spacing_scales_the_distances(pair, factor):
    a, b, spacing = pair
    one = surface_distances(a, b, spacing=spacing)
    scaled = surface_distances(a, b, spacing=tuple(s * factor for s in spacing))
    for metric in METRICS:
        assert metric(scaled) == pytest.approx(metric(one) * factor)


@fast
@given(pairs(), st.integers(1, 4))
def test_empty_margins_change_nothing(pair, margin):
    """So neither the crop nor the border of the array has a part in the result."""
    a, b, spacing = pair
    tight = surface_distances(a, b, spacing=spacing)
    wide = surface_distances(np.pad(a, margin), np.pad(b, margin), spacing=spacing)
    np.testing.assert_allclose(tight.pred_to_target, wide.pred_to_target, rtol=1e-12)
    np.testing.assert_allclose(tight.target_to_pred, wide.target_to_pred, rtol=1e-12)


# Independent implementations


@fast
@given(pairs())
def test_distances_agree_with_brute_force_on_any_masks(pair):
    a, b, spacing = pair
    d = surface_distances(a, b, spacing=spacing)
    for ours, theirs in zip(
        (d.pred_to_target, d.target_to_pred), brute_force(a, b, spacing), strict=True
    ):
        np.testing.assert_allclose(np.sort(ours), theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(20, 26), (5, 12, 13)])
def test_distances_agree_with_brute_force_on_blobs(shape):
    a, b = blobs(shape, seed=1)
    spacing = SPACINGS[len(shape)]
    d = surface_distances(a, b, spacing=spacing)
    forward, back = brute_force(a, b, spacing)
    np.testing.assert_allclose(np.sort(d.pred_to_target), forward, rtol=1e-9)
    np.testing.assert_allclose(np.sort(d.target_to_pred), back, rtol=1e-9)


blob_cases = pytest.mark.parametrize(
    ("shape", "seed"), list(itertools.product([(48, 60), (9, 32, 28)], range(3)))
)


@pytest.mark.filterwarnings("ignore:monai.*always_return_as_numpy:FutureWarning")
@blob_cases
def test_hd_hd95_and_assd_agree_with_monai(shape, seed):
    torch = pytest.importorskip("torch")
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.surface_distance import compute_average_surface_distance

    a, b = blobs(shape, seed)
    spacing = SPACINGS[len(shape)]
    d = surface_distances(a, b, spacing=spacing)
    tensors = [torch.from_numpy(m)[None, None] for m in (a, b)]
    same = {"include_background": True, "spacing": spacing}
    hd = compute_hausdorff_distance(*tensors, **same).item()
    hd95 = compute_hausdorff_distance(*tensors, percentile=95, **same).item()
    assd = compute_average_surface_distance(*tensors, symmetric=True, **same).item()
    assert [metric(d) for metric in METRICS] == pytest.approx([hd, hd95, assd], rel=1e-5)


@blob_cases
def test_hd_and_assd_agree_with_medpy_and_its_hd95_is_the_pooled_one(shape, seed):
    binary = pytest.importorskip("medpy.metric.binary")
    a, b = blobs(shape, seed)
    spacing = SPACINGS[len(shape)]
    d = surface_distances(a, b, spacing=spacing)
    assert hausdorff(d) == pytest.approx(binary.hd(a, b, voxelspacing=spacing))
    assert average_symmetric(d) == pytest.approx(binary.assd(a, b, voxelspacing=spacing))
    pooled = np.percentile(np.concatenate([d.pred_to_target, d.target_to_pred]), 95)
    assert binary.hd95(a, b, voxelspacing=spacing) == pytest.approx(pooled)
    assert hausdorff95(d) >= pooled - 1e-9
