import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribblebench.data.levels import N_LEVELS, to_image, to_levels


def everywhere(image):
    return np.ones((len(image), *image.shape[2:]), dtype=bool)


@given(seed=st.integers(0, 99), scale=st.sampled_from([1e-3, 1.0, 1e6]))
def test_no_intensity_moves_by_more_than_half_a_step(seed, scale):
    image = np.random.default_rng(seed).normal(3.0, scale, (4, 2, 16, 16)).astype(np.float32)
    levels, values = to_levels(image, everywhere(image))
    back = to_image(levels, values, everywhere(image))
    assert back.dtype == np.float32
    for channel in range(2):
        step = np.ptp(image[:, channel]) / (N_LEVELS - 1)
        # float32 rounds the values of the levels too.
        np.testing.assert_allclose(
            back[:, channel], image[:, channel], rtol=1e-6, atol=0.5001 * step
        )
    assert (np.diff(values) >= 0).all()


def test_one_bright_voxel_does_not_take_the_levels_of_all_others():
    """A voxel 200 deviations away: half a step of 256 levels would be 0.4 deviations."""
    image = np.random.default_rng(2).normal(0, 1, (4, 2, 16, 16)).astype(np.float32)
    image[0, 1, 0, 0] = 200.0
    levels, values = to_levels(image, everywhere(image))
    assert levels.dtype == np.uint16
    assert values.shape == (2, 2)
    back = to_image(levels, values, everywhere(image))
    np.testing.assert_allclose(back, image, atol=0.51 * 204 / 65535)
    assert back[0, 1, 0, 0] == 200.0


def test_few_values_are_kept_exactly_beside_a_channel_with_a_bright_voxel():
    image = np.zeros((1, 2, 16, 64), dtype=np.float32)
    image[0, 0] = np.random.default_rng(0).normal(0, 1, (16, 64))
    image[0, 0, 0, 0] = 1000.0
    image[0, 1, :8] = 1.0
    levels, values = to_levels(image, everywhere(image))
    np.testing.assert_array_equal(to_image(levels, values, everywhere(image))[:, 1], image[:, 1])


@pytest.mark.parametrize("n_values", [1, 2, 255, 256])
def test_up_to_256_values_are_kept_to_the_last_bit(n_values):
    rng = np.random.default_rng(0)
    values = np.sort(rng.normal(size=n_values)).astype(np.float32)
    image = values[np.resize(rng.permutation(n_values), (2, 1, 16, 16))]
    np.testing.assert_array_equal(
        to_image(*to_levels(image, everywhere(image)), everywhere(image)), image
    )


def test_padding_is_0_and_needs_no_level():
    """256 values and the padding's 0, which is none of them."""
    inside = np.zeros((3, 20, 20), dtype=bool)
    inside[1, 2:18, 2:18] = True
    image = np.zeros((3, 1, 20, 20), dtype=np.float32)
    image[:, 0][inside] = 0.5 + np.arange(256)
    levels, values = to_levels(image, inside)
    np.testing.assert_array_equal(to_image(levels, values, inside), image)


def test_each_channel_has_levels_of_its_own():
    image = np.random.default_rng(0).normal(size=(2, 2, 16, 16)).astype(np.float32)
    image[:, 1] *= 1000.0
    back = to_image(*to_levels(image, everywhere(image)), everywhere(image))
    assert np.abs(back - image)[:, 0].max() < 0.05
