import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribblebench.data.preprocessing import fit, prepare, restore
from scribblebench.types import Case


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)), size=st.sampled_from([8, 16, 17, 32])
)
def test_restore_undoes_fit_inside_the_field_of_view(shape, size):
    rng = np.random.default_rng(0)
    labels = rng.integers(1, 4, (2, *shape)).astype(np.uint8)
    back = restore(fit(labels, size, fill=0), labels.shape)
    kept = back != 0
    np.testing.assert_array_equal(back[kept], labels[kept])
    assert kept.sum() == 2 * min(shape[0], size) * min(shape[1], size)


def test_the_centre_stays_the_centre():
    image = np.zeros((1, 9, 8))
    image[0, 4, 4] = 1.0
    for size in (4, 5, 16, 17):
        assert fit(image, size, fill=0.0)[0, size // 2, size // 2] == 1.0


@pytest.fixture
def small_case():
    rng = np.random.default_rng(1)
    return Case(
        case_id="p1",
        patient_id="p1",
        image=rng.normal(50.0, 7.0, (2, 3, 20, 40)).astype(np.float32),
        label_map=np.ones((3, 20, 40), dtype=np.uint8),
        spacing_mm=None,
        affine=np.eye(4),
        scribble=np.full((3, 20, 40), 1, dtype=np.uint8),
    )


def test_padding_is_mean_intensity_background_and_not_annotated(small_case):
    slices = prepare(small_case, field_of_view=32)
    assert slices.image.shape == (3, 2, 32, 32)
    outside = ~slices.inside
    assert outside.sum() == 12 * 32
    assert (slices.image[:, :, outside] == 0).all()
    assert (slices.label_map[:, outside] == 0).all()
    assert (slices.scribble[:, outside] == 255).all()


def test_each_channel_of_the_volume_has_mean_0_and_sd_1(small_case):
    slices = prepare(small_case, field_of_view=48)
    inside = slices.image[:, :, slices.inside]
    np.testing.assert_allclose(inside.mean(axis=(0, 2)), 0.0, atol=1e-4)
    np.testing.assert_allclose(inside.std(axis=(0, 2)), 1.0, atol=1e-4)
