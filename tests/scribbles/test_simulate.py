import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribblebench.errors import InputError
from scribblebench.scribbles import FORMS, ScribbleSettings, simulate_volume
from scribblebench.scribbles.simulate import budgets, class_budget

WALK = ScribbleSettings("random_walk", density=0.1, randomness=0.5)


@pytest.fixture
def volume():
    """Three planes: two classes, one class, none."""
    labels = np.zeros((3, 40, 50), dtype=np.uint8)
    labels[0, 5:15, 5:25] = 1  # 200 px
    labels[0, 20:25, 10:13] = 2  # 15 px
    labels[1, 10:20, 10:20] = 2  # 100 px
    return labels


def simulate(labels, settings=WALK, classes=(1, 2), seed=0, case_id="p1"):
    return simulate_volume(labels, settings, classes=classes, seed=seed, case_id=case_id)


@given(class_px=st.integers(1, 10**6), density=st.floats(1e-6, 1.0))
def test_budget_is_the_rounded_share_and_at_least_one_pixel(class_px, density):
    assert class_budget(class_px, density) == max(1, round(density * class_px))
    assert 1 <= class_budget(class_px, density) <= class_px


def test_budgets_by_hand(volume):
    """10 %: 20 and 2 (of 15: 1.5 rounds to even) of plane 0, 10 of plane 1.

    Background: 22 and 10; the empty plane gets their median, 16.
    """
    expected = [[22, 20, 2], [10, 0, 10], [16, 0, 0]]
    np.testing.assert_array_equal(budgets(volume, WALK, (1, 2)), expected)


def test_background_density_of_its_own(volume):
    settings = ScribbleSettings("skeleton", 0.1, 0.5, background_density=0.01)
    backgrounds = (volume == 0).sum(axis=(1, 2))
    np.testing.assert_array_equal(
        budgets(volume, settings, (1, 2))[:, 0], [round(0.01 * n) for n in backgrounds]
    )


def test_volume_without_foreground_gets_one_pixel_a_slice():
    scribble, achieved = simulate(np.zeros((4, 8, 8), dtype=np.uint8))
    assert ((scribble == 0).sum(axis=(1, 2)) == 1).all()
    assert [a.requested_px for a in achieved] == [1, 1, 1, 1]


@pytest.mark.parametrize("form", list(FORMS))
def test_scribbles_agree_with_the_labels_and_meet_the_budget(form, volume):
    settings = ScribbleSettings(form, density=0.1, randomness=0.5)
    scribble, achieved = simulate(volume, settings)
    annotated = scribble != 255
    np.testing.assert_array_equal(scribble[annotated], volume[annotated])
    for entry in achieved:
        assert entry.achieved_px == entry.requested_px
        assert entry.achieved_px == (scribble[entry.slice_index] == entry.class_id).sum()
    assert len(achieved) == 2 + 3 + 1


def test_shortfall_of_the_background_is_reported():
    labels = np.ones((1, 10, 10), dtype=np.uint8)
    labels[0, 0, 0] = 0
    _, achieved = simulate(labels, ScribbleSettings("skeleton", 0.5, 0.0), classes=(1,))
    assert (achieved[0].requested_px, achieved[0].achieved_px) == (50, 1)


@pytest.mark.parametrize("form", list(FORMS))
def test_a_lower_density_is_a_subset_of_a_higher_one(form, volume):
    scribbles = [simulate(volume, ScribbleSettings(form, d, 0.7))[0] for d in (0.02, 0.1, 0.5)]
    for small, large in itertools.pairwise(scribbles):
        annotated = small != 255
        np.testing.assert_array_equal(small[annotated], large[annotated])


@pytest.mark.parametrize("form", list(FORMS))
def test_scribble_of_a_class_does_not_depend_on_other_classes_or_planes(form, volume):
    settings = ScribbleSettings(form, density=0.1, randomness=0.5)
    both, _ = simulate(volume, settings)
    without = np.where(volume == 2, 0, volume).astype(np.uint8)
    alone, _ = simulate(without, settings, classes=(1,))
    np.testing.assert_array_equal(both == 1, alone == 1)
    first, _ = simulate(volume[:1], settings)
    np.testing.assert_array_equal(both[0], first[0])


def test_streams_differ_between_cases_seeds_and_planes(volume):
    base, _ = simulate(volume)
    np.testing.assert_array_equal(base, simulate(volume)[0])
    assert not np.array_equal(base, simulate(volume, seed=1)[0])
    assert not np.array_equal(base, simulate(volume, case_id="p2")[0])
    twice, _ = simulate(np.stack([volume[0], volume[0]]))
    assert not np.array_equal(twice[0], twice[1])


def test_pixels_outside_the_classes_are_never_annotated(volume):
    volume[:, :, 30:] = 255
    scribble, _ = simulate(volume, ScribbleSettings("max_supervision", 0.2, 0.0))
    assert (scribble[:, :, 30:] == 255).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("random_walk", 0.0, 0.5), r"density must be in \(0, 1\], got 0.0"),
        (("random_walk", 1.2, 0.5), r"density must be in \(0, 1\], got 1.2"),
        (("random_walk", 0.5, -1.0), r"randomness must be in \[0, 1\], got -1.0"),
        (("random_walk", 0.5, 0.5, 2.0), r"background_density must be in \(0, 1\], got 2.0"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ScribbleSettings(*arguments)


def test_unknown_form_is_refused_with_a_suggestion():
    with pytest.raises(InputError, match="Did you mean 'random_walk'"):
        ScribbleSettings("random-walk", 0.5, 0.5)


def test_bad_label_maps_and_class_lists_are_refused(volume):
    with pytest.raises(ValueError, match="label_map must be 3-D uint8, got 2-D uint8"):
        simulate(volume[0])
    with pytest.raises(ValueError, match="classes must be distinct foreground ids"):
        simulate(volume, classes=(0, 1))
