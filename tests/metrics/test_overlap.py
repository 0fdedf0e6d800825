import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scribblebench.metrics.overlap import dice

fast = settings(deadline=None, derandomize=True, max_examples=50)
pairs_of_masks = hnp.array_shapes(min_dims=1, max_dims=3, max_side=6).flatmap(
    lambda shape: st.tuples(hnp.arrays(bool, shape), hnp.arrays(bool, shape))
)


def square(row: int, col: int, size: int = 4) -> np.ndarray:
    mask = np.zeros((12, 12), dtype=bool)
    mask[row : row + size, col : col + size] = True
    return mask


@pytest.mark.parametrize(("shift", "expected"), [(0, 1.0), (1, 0.75), (3, 0.25), (4, 0.0)])
def test_a_shifted_4_by_4_square_shares_4_minus_shift_columns(shift, expected):
    assert dice(square(2, 2), square(2, 2 + shift)) == expected


def test_sizes_may_differ():
    """4 of 16 + 4 pixels: 2 * 4 / 20."""
    assert dice(square(2, 2), square(3, 3, size=2)) == pytest.approx(0.4)


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4), (2, 0)])
def test_two_empty_masks_score_one(shape):
    assert dice(np.zeros(shape, bool), np.zeros(shape, bool)) == 1.0


def test_one_empty_mask_scores_zero_in_either_order():
    empty = np.zeros((12, 12), dtype=bool)
    assert dice(empty, square(2, 2)) == 0.0
    assert dice(square(2, 2), empty) == 0.0


@fast
@given(pairs_of_masks)
def test_dice_is_symmetric_bounded_and_one_only_for_equal_masks(masks):
    a, b = masks
    score = dice(a, b)
    assert score == dice(b, a)
    assert 0.0 <= score <= 1.0
    assert (score == 1.0) == np.array_equal(a, b)


@pytest.mark.parametrize("shape", [(24, 30), (6, 16, 18)])
def test_dice_agrees_with_monai(shape):
    torch = pytest.importorskip("torch")
    from monai.metrics.meandice import compute_dice

    rng = np.random.default_rng(3)
    a, b = rng.random(shape) < 0.4, rng.random(shape) < 0.5
    theirs = compute_dice(torch.from_numpy(a)[None, None], torch.from_numpy(b)[None, None])
    assert dice(a, b) == pytest.approx(theirs.item(), rel=1e-6)


def test_label_maps_are_refused():
    with pytest.raises(ValueError, match="pred must be an array of bool, got uint8"):
        dice(np.ones((3, 3), np.uint8), np.ones((3, 3), bool))


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match=r"target's shape \(3, 3\), got \(1, 3\)"):
        dice(np.ones((1, 3), bool), np.ones((3, 3), bool))
