from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from scribblebench.data.dataset import DATASETS, fingerprint
from scribblebench.data.phantom import EMPTY_SLICE_EVERY, Phantom
from scribblebench.data.phantom_anatomy import LV, MYOCARDIUM, RV
from scribblebench.errors import InputError
from scribblebench.types import Case

SQUARE = np.ones((3, 3), dtype=bool)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    dataset = Phantom(None, patients=16)
    return [dataset.load(case_id) for case_id in dataset.case_ids()]


def heart_slices(case: Case) -> range:
    return range(len(case.label_map) - (int(case.case_id[-3:]) % EMPTY_SLICE_EVERY == 0))


def test_it_is_registered_and_ignores_its_root():
    dataset = DATASETS["phantom"](Path("/no/such/folder"), patients=3)
    assert dataset.name == "phantom"
    assert dataset.labels.class_names == ("background", "RV", "myocardium", "LV")
    assert dataset.case_ids() == ["phantom000", "phantom001", "phantom002"]


def test_cases_are_the_same_bytes_at_every_call():
    one, two = Phantom(None, patients=3), Phantom(None, patients=3)
    ids = one.case_ids()
    assert fingerprint(map(one.load, ids)) == fingerprint(map(two.load, reversed(ids)))


def test_a_case_does_not_depend_on_the_number_of_patients_or_the_split():
    few, many = Phantom(None, patients=3), Phantom(None, patients=50, train=2, val=1, test=1)
    assert fingerprint([few.load("phantom002")]) == fingerprint([many.load("phantom002")])


def test_the_seed_changes_the_data():
    zero, one = (Phantom(None, patients=3, seed=seed).load("phantom001") for seed in (0, 1))
    assert not np.array_equal(zero.label_map, one.label_map)


def test_the_body_is_the_same_at_every_size():
    """Labels at 64 px agree with every second pixel at 128 px, but for borders."""
    small, large = (Phantom(None, size=size).load("phantom003").label_map for size in (64, 128))
    assert (small == large[:, ::2, ::2]).mean() > 0.95


@pytest.mark.parametrize(("size", "slices"), [(48, 3), (65, 6), (128, 8)])
def test_shapes_and_dtypes_follow_the_options(size: int, slices: int):
    dataset = Phantom(None, patients=3, size=size, slices=slices)
    for case_id, extra in (("phantom000", 1), ("phantom001", 0)):
        case = dataset.load(case_id)
        assert case.image.shape == (1, slices + extra, size, size)
        assert case.label_map.shape == case.image.shape[1:]
        assert (case.image.dtype, case.label_map.dtype) == (np.float32, np.uint8)
        assert set(np.unique(case.label_map)) == {0, RV, MYOCARDIUM, LV}


def test_images_are_finite_and_not_negative(cases: list[Case]):
    for case in cases:
        assert np.isfinite(case.image).all()
        assert case.image.min() >= 0


def test_patients_differ_in_size_pose_and_contrast(cases: list[Case]):
    lv_px = np.array([(case.label_map == LV).sum() for case in cases])
    assert lv_px.max() > 1.5 * lv_px.min()
    middles = [np.argwhere(case.label_map[0] == LV).mean(axis=0) for case in cases]
    assert (np.std(middles, axis=0) > 1.0).all()
    brightness = np.array([case.image[0][case.label_map == LV].mean() for case in cases])
    assert brightness.max() > 1.5 * brightness.min()


def test_every_patient_has_every_class(cases: list[Case]):
    for case in cases:
        Phantom.labels.check(case.label_map, case.case_id)
        assert (np.bincount(case.label_map.ravel(), minlength=4) >= 100).all(), case.case_id


def test_myocardium_surrounds_the_lv_above_the_base(cases: list[Case]):
    for case in cases:
        for plane in heart_slices(case)[1:]:
            lv = case.label_map[plane] == LV
            ring = binary_dilation(lv, SQUARE) & ~lv
            assert lv.any()
            assert (case.label_map[plane][ring] == MYOCARDIUM).all(), (case.case_id, plane)


def test_some_basal_rings_are_open_and_some_apical_slices_have_no_rv(cases: list[Case]):
    is_open, no_rv = [], []
    for case in cases:
        base, apex = case.label_map[0], case.label_map[heart_slices(case)[-1]]
        is_open.append(bool((base[binary_dilation(base == LV, SQUARE)] < MYOCARDIUM).any()))
        no_rv.append(not (apex == RV).any())
    assert 0 < sum(is_open) < len(cases)
    assert 0 < sum(no_rv) < len(cases)


def test_every_fourth_patient_has_an_empty_slice_beyond_the_apex(cases: list[Case]):
    for number, case in enumerate(cases):
        empty = [plane for plane, labels in enumerate(case.label_map) if not labels.any()]
        assert empty == ([6] if number % EMPTY_SLICE_EVERY == 0 else []), case.case_id


def test_the_lv_shrinks_towards_the_apex(cases: list[Case]):
    for case in cases:
        area = (case.label_map == LV).sum(axis=(1, 2))
        assert area[heart_slices(case)[-1]] < 0.7 * area[1], case.case_id


def test_lv_and_rv_are_about_as_bright_as_each_other(cases: list[Case]):
    """The means differ by less than the pixels of a class do: no threshold tells them apart."""
    gaps = []
    for case in cases:
        lv, rv = (case.image[0][case.label_map == class_id] for class_id in (LV, RV))
        gaps.append(abs(lv.mean() - rv.mean()) / (0.5 * (lv.std() + rv.std())))
    assert np.median(gaps) < 1.0
    assert max(gaps) < 2.0


@pytest.mark.parametrize("class_id", [RV, MYOCARDIUM, LV])
def test_background_holds_many_pixels_as_bright_as_each_class(cases: list[Case], class_id: int):
    """In the median case, half as much background as class lies between the class's quartiles."""
    shares = []
    for case in cases:
        inside = case.image[0][case.label_map == class_id]
        low, high = np.quantile(inside, [0.25, 0.75])
        outside = case.image[0][case.label_map == 0]
        shares.append(((outside > low) & (outside < high)).sum() / (0.5 * len(inside)))
    assert np.median(shares) > 0.5


def test_affine_and_spacing_agree():
    """Columns of the affine are orthogonal and as long as the spacing; no case is at the origin."""
    for size, pixel_mm in ((64, 2.5), (128, 1.25)):
        case = Phantom(None, patients=3, size=size).load("phantom001")
        assert case.spacing_mm == (10.0, pixel_mm, pixel_mm)
        axes = case.affine[:3, :3]
        np.testing.assert_allclose(
            axes.T @ axes, np.diag(np.square(case.spacing_mm[::-1])), atol=1e-9
        )
        assert np.linalg.det(axes) > 0
        assert (np.count_nonzero(axes, axis=0) >= 2).all()
        middle = case.affine @ [(size - 1) / 2, (size - 1) / 2, 0.0, 1.0]
        np.testing.assert_allclose(middle, [-25.0, 15.0, 40.0, 1.0])


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        ({}, (16, 8, 8, 0)),
        ({"patients": 3}, (1, 1, 1, 0)),
        ({"patients": 10, "test": 5}, (3, 2, 5, 0)),
        ({"train": 4, "val": 2, "test": 2}, (4, 2, 2, 24)),
    ],
)
def test_split_gives_every_patient_to_one_part(
    options: dict[str, int], sizes: tuple[int, int, int, int]
):
    dataset = Phantom(None, **options)
    parts = dataset.split().parts
    assert tuple(len(parts[name]) for name in ("train", "val", "test", "pool")) == sizes
    listed = [dataset.patient_id(case_id) for cases in parts.values() for case_id in cases]
    assert sorted(listed) == dataset.case_ids()
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 40}, "phantom: size must be an integer from 48 to 128, got 40"),
        ({"size": 64.0}, "phantom: size must be an integer from 48 to 128, got 64.0"),
        ({"patients": 2}, "phantom: patients must be an integer from 3 to 1000, got 2"),
        ({"patients": "8"}, "phantom: patients must be an integer from 3 to 1000, got '8'"),
        ({"slices": True}, "phantom: slices must be an integer from 3 to 20, got True"),
        ({"seed": -1}, "phantom: seed must be an integer from 0 to 9007199254740992, got -1"),
        ({"val": -1}, "phantom: val must be an integer from 0 to 32, got -1"),
        ({"test": 1.5}, "phantom: test must be an integer from 0 to 32, got 1.5"),
        ({"train": "all"}, "phantom: train must be an integer from 0 to 32, got 'all'"),
        (
            {"patients": 8, "train": 7},
            "phantom: train + val + test must be at most 8, the number of patients, got 7 + 2 + 2",
        ),
    ],
)
def test_bad_options_are_named(options: dict[str, object], message: str):
    with pytest.raises(InputError) as error:
        Phantom(None, **options)  # type: ignore[arg-type]
    assert str(error.value) == message


def test_an_unknown_case_is_named():
    with pytest.raises(InputError, match=r"case must be phantom000 to phantom002, got 'phantom3'"):
        Phantom(None, patients=3).load("phantom3")
