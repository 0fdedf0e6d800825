"""What holds for every form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scribblebench.scribbles import FORMS

ALL = pytest.mark.parametrize("form", list(FORMS))
RANDOMNESS = pytest.mark.parametrize("randomness", [0.0, 0.5, 1.0])


def draw(form, mask, n_pixels, randomness, seed=0):
    rng = np.random.default_rng(seed)
    return FORMS[form](mask, n_pixels=n_pixels, randomness=randomness, rng=rng)


@ALL
@RANDOMNESS
def test_every_budget_is_met_exactly_inside_the_class(form, randomness, region):
    size = int(region.sum())
    for n_pixels in {1, max(1, size // 10), max(1, size // 2), size}:
        pixels = draw(form, region, n_pixels, randomness)
        assert pixels.shape == (n_pixels, 2)
        assert pixels.dtype == np.int64
        assert region[pixels[:, 0], pixels[:, 1]].all()
        assert len(np.unique(pixels, axis=0)) == n_pixels


@ALL
@RANDOMNESS
def test_a_smaller_budget_is_the_beginning_of_a_larger_one(form, randomness, region):
    size = int(region.sum())
    whole = draw(form, region, size, randomness, seed=5)
    for n_pixels in {1, max(1, size // 7), max(1, size // 3)}:
        part = draw(form, region, n_pixels, randomness, seed=5)
        np.testing.assert_array_equal(part, whole[:n_pixels])


@ALL
def test_randomness_0_does_not_depend_on_the_seed_and_1_does(form, disc):
    n_pixels = int(disc.sum()) // 8
    canonical = draw(form, disc, n_pixels, 0.0, seed=1)
    np.testing.assert_array_equal(canonical, draw(form, disc, n_pixels, 0.0, seed=2))
    one, other = (draw(form, disc, n_pixels, 1.0, seed=s) for s in (1, 2))
    assert not np.array_equal(one, other)


@ALL
def test_the_mask_is_not_modified(form, ring):
    before = ring.copy()
    draw(form, ring, 40, 0.5)
    np.testing.assert_array_equal(ring, before)


@ALL
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_mask_any_budget_any_randomness(form, data):
    shape = data.draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    mask = data.draw(arrays(bool, shape))
    if not mask.any():
        mask[0, 0] = True
    n_pixels = data.draw(st.integers(1, int(mask.sum())))
    randomness = data.draw(st.floats(0.0, 1.0))
    pixels = draw(form, mask, n_pixels, randomness)
    assert len({(int(r), int(c)) for r, c in pixels if mask[r, c]}) == n_pixels


@ALL
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_pixels": 0}, r"n_pixels must be in \[1, 4\].*got 0"),
        ({"n_pixels": 5}, r"n_pixels must be in \[1, 4\].*got 5"),
        ({"randomness": 1.5}, r"randomness must be in \[0, 1\], got 1.5"),
        ({"mask": np.ones((2, 2))}, "mask must be a 2-D bool array, got 2-D float64"),
        ({"mask": np.zeros((2, 2), dtype=bool)}, r"n_pixels must be in \[1, 0\]"),
    ],
)
def test_bad_arguments_are_refused_in_words(form, arguments, message):
    good = {"mask": np.ones((2, 2), dtype=bool), "n_pixels": 1, "randomness": 0.0}
    with pytest.raises(ValueError, match=message):
        FORMS[form](**(good | arguments), rng=np.random.default_rng(0))
