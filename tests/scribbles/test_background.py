import numpy as np
import pytest
from scipy import ndimage

from scribblebench.scribbles.background import BackgroundPolicy, nearest_content


@pytest.fixture
def heart():
    foreground = np.zeros((60, 70), dtype=bool)
    foreground[22:34, 25:45] = True
    return foreground


@pytest.mark.parametrize("step", [(1.0, 1.0), (0.7, 0.7), (2.0, 1.0)])
def test_near_and_far_are_what_a_distance_transform_of_the_whole_slice_says(heart, step):
    distance = ndimage.distance_transform_edt(~heart, sampling=step)
    near = BackgroundPolicy("near", (4.0, 9.0)).mask(~heart, heart, step)
    np.testing.assert_array_equal(near, (distance >= 4.0) & (distance <= 9.0))
    far = BackgroundPolicy("far", (4.0, 9.0)).mask(~heart, heart, step)
    np.testing.assert_array_equal(far, distance > 9.0)


def test_the_ring_encircles_the_foreground(heart):
    near = BackgroundPolicy("near", (4.0, 9.0)).mask(~heart, heart, (1.0, 1.0))
    labels, n = ndimage.label(~near)
    assert n == 2
    assert (labels[heart] == labels[28, 35]).all()


def test_whole_and_none(heart):
    whole = BackgroundPolicy("whole").mask(~heart, heart, (1.0, 1.0))
    np.testing.assert_array_equal(whole, ~heart)
    assert not BackgroundPolicy("none").mask(~heart, heart, (1.0, 1.0)).any()


def test_what_is_no_background_is_never_chosen(heart):
    """Pixels of no class near the foreground: neither foreground nor background."""
    background = ~heart
    background[:, 50:] = False
    near = BackgroundPolicy("near", (4.0, 9.0)).mask(background, heart, (1.0, 1.0))
    assert near.any()
    assert not near[:, 50:].any()


def test_without_foreground_or_without_a_ring_it_is_all_of_the_background(heart):
    nothing = np.zeros_like(heart)
    np.testing.assert_array_equal(
        BackgroundPolicy("near").mask(~heart, nothing, (1.0, 1.0)), ~heart
    )
    touching = ndimage.binary_dilation(heart, iterations=2) & ~heart
    np.testing.assert_array_equal(
        BackgroundPolicy("near", (8.0, 9.0)).mask(touching, heart, (1.0, 1.0)), touching
    )


def test_nearest_content_by_hand():
    assert nearest_content(np.array([0, 0, 1, 0, 1, 0], dtype=bool)) == [2, 2, 2, 2, 4, 4]
    assert nearest_content(np.zeros(2, dtype=bool)) == [None, None]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("around",), "background must be one of near, far, whole, none, got 'around'")]
    + [
        (("near", ring), "0 <= near < far, got")
        for ring in ((5, 5), (-1, 4), (3,), (5, float("inf")), (5, float("nan")))
    ],
)
def test_bad_policies_are_refused_in_words(arguments, message):
    with pytest.raises(ValueError, match=message):
        BackgroundPolicy(*arguments)
