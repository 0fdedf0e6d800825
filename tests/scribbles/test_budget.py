import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribblebench.scribbles.budget import Budget, SliceChoice, apportion

WEIGHTS = st.lists(st.integers(0, 5000), min_size=1, max_size=12).map(np.array)


def by_highest_averages(weights, n):
    """The rule, one unit at a time."""
    shares = np.zeros(len(weights), dtype=int)
    for k in np.argsort(-weights, kind="stable")[:n]:
        shares[k] = weights[k] > 0
    while shares.sum() < n and weights.any():
        averages = [w / (2 * s + 1) if w else -1.0 for w, s in zip(weights, shares, strict=True)]
        shares[int(np.argmax(averages))] += 1
    return shares


@given(weights=WEIGHTS, n=st.integers(0, 300))
def test_shares_follow_the_rule_and_add_up(weights, n):
    np.testing.assert_array_equal(apportion(weights, n), by_highest_averages(weights, n))


@given(weights=WEIGHTS, n=st.integers(0, 4000), more=st.integers(0, 40))
def test_more_units_give_nobody_less_and_nobody_more_than_there_is(weights, n, more):
    few, many = apportion(weights, n), apportion(weights, n + more)
    assert (few <= many).all()
    total = int(weights.sum())
    if n <= total:
        assert (few <= weights).all()


def test_shares_by_hand():
    """7 units to 53, 24 and 23 : 53, 24, 23, 53/3, 53/5, 24/3, 23/3 are the largest quotients."""
    np.testing.assert_array_equal(apportion(np.array([53, 24, 23]), 7), [3, 2, 2])
    np.testing.assert_array_equal(apportion(np.array([600, 10, 0, 1]), 3), [1, 1, 0, 1])
    np.testing.assert_array_equal(apportion(np.array([1, 10, 600]), 2), [0, 1, 1])


def test_density_per_slice_is_the_rounded_share_and_at_least_one():
    assert Budget(0.1).share_out([200, 15, 0, 1, 25]) == [20.0, 2.0, 0.0, 1.0, 2.0]


def test_density_per_volume_is_shared_out_by_size():
    """10 % of 400 is 40: 30 for 300, 10 for 100."""
    assert Budget(0.1, per="volume").share_out([300, 100, 0]) == [30.0, 10.0, 0.0]


def test_pixels_and_lengths():
    assert Budget(30, "pixels").share_out([200, 0, 15]) == [30.0, 0.0, 30.0]
    assert Budget(30, "pixels", "volume").share_out([200, 0, 100]) == [20.0, 0.0, 10.0]
    assert Budget(1, "pixels", "volume").share_out([200, 0, 100]) == [1.0, 0.0, 1.0]
    assert Budget(45.0, "length", "volume").share_out([200, 0, 100]) == [30.0, 0.0, 15.0]
    assert Budget(4.5, "seconds").share_out([200, 0, 100]) == [4.5, 0.0, 4.5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0,), r"density must be in \(0, 1\], got 0.0"),
        ((1.5,), r"density must be in \(0, 1\], got 1.5"),
        ((float("nan"),), r"density must be in \(0, 1\], got nan"),
        ((0.0, "length"), "budget in length must be finite and > 0, got 0.0"),
        ((float("inf"), "pixels"), "budget in pixels must be finite and > 0, got inf"),
        ((float("nan"), "pixels"), "budget in pixels must be finite and > 0, got nan"),
        ((float("inf"), "length"), "budget in length must be finite and > 0, got inf"),
        ((float("inf"), "seconds"), "budget in seconds must be finite and > 0, got inf"),
        ((2.5, "pixels"), "budget in pixels must be a whole number, got 2.5"),
        ((1.0, "mm"), "unit must be one of density, pixels, length, seconds, got 'mm'"),
        ((0.1, "density", "case"), "per must be slice or volume, got 'case'"),
    ],
)
def test_bad_budgets_are_refused_in_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        Budget(*arguments)


@pytest.mark.parametrize(
    ("n", "share", "chosen"),
    [
        (9, 0.1, [4]),
        (10, 0.1, [5]),
        (20, 0.1, [5, 15]),
        (30, 0.1, [5, 15, 25]),
        (8, 0.5, [1, 3, 5, 7]),
        (5, 1.0, [0, 1, 2, 3, 4]),
    ],
)
def test_even_slices_by_hand(n, share, chosen):
    choice = SliceChoice(share)
    assert choice.choose(np.ones(n, dtype=int), np.random.default_rng(0)).tolist() == chosen


@given(n=st.integers(1, 60), share=st.floats(0.01, 1.0))
def test_even_slices_are_equally_far_apart_with_half_of_that_at_the_ends(n, share):
    found = SliceChoice(share).choose(np.ones(n, dtype=int), np.random.default_rng(0))
    gaps = np.diff(found)
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1
    ends = np.array([found[0] + 0.5, n - found[-1] - 0.5])
    assert np.abs(ends - n / len(found) / 2).max() <= 1


@given(
    content=st.lists(st.integers(0, 3), min_size=1, max_size=14).map(np.array),
    shares=st.tuples(st.floats(0.01, 1.0), st.floats(0.01, 1.0)),
    choice=st.sampled_from(["even", "random", "content"]),
)
def test_chosen_slices_are_that_share_of_both_kinds_and_nested(content, shares, choice):
    few, many = (
        SliceChoice(share, choice).choose(content, np.random.default_rng(3))
        for share in sorted(shares)
    )
    assert choice == "even" or set(few.tolist()) <= set(many.tolist())
    for kind in (content > 0, content == 0):
        n = int(kind.sum())
        assert kind[many].sum() == min(n, max(1, round(max(shares) * n)))


def test_content_takes_the_slices_with_most_foreground():
    chosen = SliceChoice(0.5, "content").choose(
        np.array([1, 9, 0, 5, 7, 0]), np.random.default_rng(0)
    )
    assert chosen.tolist() == [1, 2, 4]
