from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribblebench.data.field_of_view import fit
from scribblebench.data.preprocessing import labels_in_view, prepare
from scribblebench.data.resampling import resample_image
from scribblebench.data.restoring import restore
from scribblebench.errors import InputError
from scribblebench.types import Case


def made_case(label_map, *, spacing_mm=None, scribble=None):
    """Return a case whose image tells its classes apart, with an empty channel beside."""
    image = np.stack([10.0 * label_map, np.zeros(label_map.shape)]).astype(np.float32)
    return Case("p1", "p1", image, label_map, spacing_mm, np.eye(4), scribble)


def one_hot(label_map):
    return np.moveaxis(np.eye(4, dtype=np.float32)[label_map], -1, 1)


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)), size=st.sampled_from([8, 16, 17, 32])
)
def test_restore_undoes_prepare_exactly_inside_the_field_of_view(shape, size):
    rng = np.random.default_rng(0)
    labels = rng.integers(1, 4, (2, *shape)).astype(np.uint8)
    slices = prepare(made_case(labels), field_of_view=size)
    back = restore(one_hot(slices.label_map), slices)
    kept = back != 0
    np.testing.assert_array_equal(back[kept], labels[kept])
    assert kept.sum() == 2 * min(shape[0], size) * min(shape[1], size)
    np.testing.assert_array_equal(labels_in_view(back, slices), slices.label_map)


def test_the_centre_stays_the_centre():
    image = np.zeros((1, 9, 8))
    image[0, 4, 4] = 1.0
    for size in (4, 5, 16, 17):
        assert fit(image, (size, size), fill=0.0)[0, size // 2, size // 2] == 1.0


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
    assert outside.sum() == 3 * 12 * 32
    assert (slices.image.swapaxes(0, 1)[:, outside] == 0).all()
    assert (slices.label_map[outside] == 0).all()
    assert (slices.scribble[outside] == 255).all()


@pytest.mark.parametrize("spacing_mm", [None, 1.7])
def test_each_channel_of_the_volume_has_mean_0_and_sd_1(small_case, spacing_mm):
    case = replace(small_case, spacing_mm=(8.0, 1.0, 1.0))
    slices = prepare(case, field_of_view=48, spacing_mm=spacing_mm)
    inside = slices.image.swapaxes(0, 1)[:, slices.inside]
    np.testing.assert_allclose(inside.mean(axis=1), 0.0, atol=1e-4)
    np.testing.assert_allclose(inside.std(axis=1), 1.0, atol=1e-4)


def test_a_case_without_dense_labels_and_scribble_has_none_either(small_case):
    slices = prepare(replace(small_case, label_map=None, scribble=None), field_of_view=32)
    assert (slices.label_map, slices.scribble) == (None, None)
    assert slices.inside.sum() == 3 * 20 * 32


def disc(shape, pixel_mm, radius_mm, centre_mm=(0.0, 0.0)):
    """Return a disc of class 2 around a point, given from the middle of the plane; one plane."""
    axes = [
        (np.arange(n) + 0.5 - n / 2) * mm - c
        for n, mm, c in zip(shape, pixel_mm, centre_mm, strict=True)
    ]
    inside = np.hypot(axes[0][:, None], axes[1]) <= radius_mm
    return np.where(inside, np.uint8(2), np.uint8(0))[None]


def dice(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


GRIDS = pytest.mark.parametrize(
    ("shape", "pixel_mm"),
    [
        ((240, 240), (0.73, 0.73)),
        ((241, 239), (0.73, 0.73)),
        ((160, 241), (1.1, 0.6)),
        ((90, 121), (1.9, 1.4)),
    ],
    ids=["even", "odd", "anisotropic", "enlarged"],
)


def centroid(mask):
    return np.argwhere(mask).mean(axis=0)[1:]


@GRIDS
@pytest.mark.parametrize("field_of_view", [96, 160])
def test_a_disc_comes_back_where_it_was(shape, pixel_mm, field_of_view):
    """At 1.367 mm and back, from the shares of the classes: within a tenth of a pixel."""
    labels = disc(shape, pixel_mm, 25.0, centre_mm=(3.3, -6.1))
    case = made_case(labels, spacing_mm=(5.0, *pixel_mm))
    slices = prepare(case, field_of_view=field_of_view, spacing_mm=1.367)
    assert slices.spacing_mm == pytest.approx((5.0, 1.367, 1.367), rel=0.006)
    shares = resample_image(one_hot(labels), slices.plane_shape)
    back = restore(fit(shares, (field_of_view, field_of_view), fill=0.0), slices)
    assert back.shape == labels.shape
    assert dice(back == 2, labels == 2) > 0.99
    np.testing.assert_allclose(centroid(back == 2), centroid(labels == 2), atol=0.1)


@GRIDS
def test_resampled_labels_keep_area_overlap_and_on_average_place(shape, pixel_mm):
    """The nearest label is off by parts of a pixel, to either side: 25 discs, sd 0.15 pixels."""
    rng = np.random.default_rng(0)
    moves = []
    for centre_mm in rng.uniform(-9, 9, (25, 2)):
        labels = disc(shape, pixel_mm, 25.0, centre_mm)
        case = made_case(labels, spacing_mm=(5.0, *pixel_mm))
        slices = prepare(case, field_of_view=96, spacing_mm=1.367)
        area = (slices.label_map == 2).sum() * np.prod(slices.spacing_mm[1:])
        assert area == pytest.approx(np.pi * 25.0**2, rel=0.02)
        back = restore(one_hot(slices.label_map), slices)
        assert dice(back == 2, labels == 2) > 0.97
        moves.append(centroid(back == 2) - centroid(labels == 2))
    np.testing.assert_allclose(np.mean(moves, axis=0), 0.0, atol=0.1)


@GRIDS
def test_image_and_labels_are_resampled_onto_the_same_place(shape, pixel_mm):
    """Half way between the intensities inside and outside of the disc is its border."""
    case = made_case(disc(shape, pixel_mm, 25.0), spacing_mm=(5.0, *pixel_mm))
    slices = prepare(case, field_of_view=160, spacing_mm=1.367)
    image = slices.image[:, 0]
    bright = slices.inside & (image > (image.max() + image[slices.inside].min()) / 2)
    assert dice(bright, slices.label_map == 2) > 0.97
    for mask in (bright, slices.label_map == 2):
        parity = np.array(slices.plane_shape) % 2  # an odd plane's middle lies within a pixel
        np.testing.assert_allclose(centroid(mask), 80 - 0.5 + 0.5 * parity, atol=0.1)


def test_probabilities_are_interpolated_and_not_labels():
    """A border moves by parts of a pixel with the probabilities: 0.9 against 0.6 on one side."""
    labels = np.zeros((1, 8, 8), dtype=np.uint8)
    slices = prepare(made_case(labels, spacing_mm=(5.0, 1.0, 1.0)), field_of_view=32, spacing_mm=4)
    sizes = []
    for p in (0.6, 0.9):
        probabilities = np.zeros((1, 2, 32, 32), dtype=np.float32)
        probabilities[:, 0] = 1.0
        probabilities[:, :, :, :16] = np.array([1 - p, p])[:, None, None]
        sizes.append((restore(probabilities, slices) == 1).sum(axis=2)[0].tolist())
    assert sizes == [[3] * 8, [4] * 8]


def test_outside_the_field_of_view_is_background_after_resampling():
    labels = np.ones((1, 100, 100), dtype=np.uint8)
    slices = prepare(made_case(labels, spacing_mm=(5.0, 0.8, 0.8)), field_of_view=32, spacing_mm=1)
    back = restore(one_hot(slices.label_map), slices)
    rows, cols = (np.flatnonzero(back[0].any(axis=axis)) for axis in (1, 0))
    assert (rows[0], rows[-1], cols[0], cols[-1]) == (30, 69, 30, 69)
    assert (back[0, 30:70, 30:70] == 1).all()


def test_resampling_without_a_spacing_names_the_case(small_case):
    message = "p1: cannot be resampled to 1.367 mm, because its file does not state a spacing"
    with pytest.raises(InputError, match=message):
        prepare(small_case, field_of_view=32, spacing_mm=1.367)


def test_planes_along_another_axis_are_refused(small_case):
    case = replace(small_case, spacing_mm=(1.5, 5.0, 1.25))
    message = r"must have its planes along the third axis.* rows 5 mm and columns 1\.25 mm"
    with pytest.raises(InputError, match=message):
        prepare(case, field_of_view=32)
    prepare(replace(small_case, spacing_mm=(1.5, 2.5, 1.25)), field_of_view=32)


def ball(shape, spacing_mm, radius_mm):
    """Return a ball of class 2 about the middle of a volume."""
    axes = [
        ((np.arange(n) + 0.5 - n / 2) * mm).reshape([-1 if a == i else 1 for a in range(3)])
        for i, (n, mm) in enumerate(zip(shape, spacing_mm, strict=True))
    ]
    inside = np.sqrt(sum(axis**2 for axis in axes)) <= radius_mm
    return np.where(inside, np.uint8(2), np.uint8(0))


@given(
    shape=st.tuples(st.integers(1, 12), st.integers(5, 12), st.integers(5, 12)),
    planes=st.integers(4, 9),
)
def test_a_volume_is_cut_or_padded_along_all_axes_and_restored(shape, planes):
    """Planes of padding are empty and not annotated, and the case's own come back."""
    labels = np.random.default_rng(0).integers(1, 4, shape).astype(np.uint8)
    case = made_case(labels, scribble=labels)
    volume = prepare(case, field_of_view=8, planes=planes)
    assert volume.image.shape == (planes, 2, 8, 8)
    for outside in (
        ~volume.inside,
        np.setdiff1d(np.arange(planes), np.arange(planes)[volume.real]),
    ):
        assert not volume.label_map[outside].any()
        assert (volume.scribble[outside] == 255).all()
    first = volume.first_plane
    n_real = volume.real.stop - volume.real.start
    assert n_real == min(planes, shape[0])
    flat = prepare(case, field_of_view=8)
    np.testing.assert_array_equal(
        volume.label_map[volume.real], flat.label_map[first : first + n_real]
    )
    np.testing.assert_array_equal(volume.image[volume.real], flat.image[first : first + n_real])
    back = restore(one_hot(volume.label_map), volume)
    expected = np.zeros_like(labels)
    kept = slice(first, first + n_real)
    expected[kept] = restore(one_hot(flat.label_map), flat)[kept]
    np.testing.assert_array_equal(back, expected)
    np.testing.assert_array_equal(labels_in_view(back, volume), volume.label_map)


@pytest.mark.parametrize(("plane_mm", "n_planes"), [(3.0, 20), (0.8, 75)])
def test_planes_are_resampled_there_and_back(plane_mm, n_planes):
    """A ball of radius 15 mm on planes 3 or 0.8 mm apart, seen at 1.5 mm along all axes."""
    spacing_mm = (plane_mm, 1.0, 1.0)
    labels = ball((n_planes, 45, 45), spacing_mm, 15.0)
    case = made_case(labels, spacing_mm=spacing_mm, scribble=labels)
    view = prepare(case, field_of_view=32, spacing_mm=1.5, planes=32, plane_spacing_mm=1.5)
    assert view.spacing_mm == pytest.approx((1.5, 1.5, 1.5), rel=0.02)
    seen = ball((32, 32, 32), view.spacing_mm, 15.0) == 2
    assert dice(view.label_map == 2, seen) > 0.95
    assert dice(view.scribble == 2, seen) > 0.9  # what shrinks keeps strokes, so it grows
    image = view.image[:, 0]
    assert dice(image > (image.max() + image[view.inside].min()) / 2, seen) > 0.95
    back = restore(one_hot(view.label_map), view)
    assert back.shape == labels.shape
    assert dice(back == 2, labels == 2) > 0.93


def test_planes_cannot_be_resampled_without_a_spacing(small_case):
    message = "cannot be resampled to 2 mm, .* leave out training.volume.spacing_mm"
    with pytest.raises(InputError, match=message):
        prepare(small_case, field_of_view=32, planes=8, plane_spacing_mm=2.0)
