"""What intensities are cut to: by fixed bounds, by percentiles, and by a data set's own."""

import numpy as np
import pytest
from layouts.btcv import write_btcv
from pydantic import ValidationError

from scribblebench.data import DATASETS
from scribblebench.data.intensity import IntensityClip
from scribblebench.data.prepared import Preparation
from scribblebench.data.preprocessing import prepare
from scribblebench.errors import InputError
from scribblebench.sweep.protocol import read_protocol
from scribblebench.types import Case

IMAGE = np.array([[-900.0, -50, 0, 40], [100, 200, 900, 30000]], dtype=np.float32)


def test_fixed_bounds_are_the_same_for_all_channels():
    clip = IntensityClip(range=(-160, 240))
    expected = [[-160, -50, 0, 40], [100, 200, 240, 240]]
    both = np.stack([IMAGE, IMAGE + 1000])[:, None]
    cut = clip.apply(both)
    np.testing.assert_array_equal(cut[0, 0], expected)
    np.testing.assert_array_equal(cut[1, 0], [[100, 240, 240, 240], [240] * 4])
    assert cut.dtype == np.float32


def test_percentiles_are_those_of_each_channel_of_the_volume():
    """Of 0 to 100 they are the numbers themselves."""
    ramp = np.random.default_rng(0).permutation(101).reshape(1, 1, 1, 101)
    image = np.concatenate([ramp, 10 * ramp]).astype(np.float32)
    cut = IntensityClip(percentiles=(1, 95)).apply(image)
    np.testing.assert_allclose(cut[0], np.clip(ramp[0], 1, 95))
    np.testing.assert_allclose(cut[1], np.clip(10 * ramp[0], 10, 950))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "must hold either range or percentiles"),
        ({"range": [0, 1], "percentiles": [0, 1]}, "must hold either range or percentiles"),
        ({"range": [5, 5]}, "range: must increase, got 5 and 5"),
        ({"percentiles": [99, 1]}, "percentiles: must increase, got 99 and 1"),
        ({"percentiles": [0, 101]}, "less than or equal to 100"),
        ({"range": [0, float("inf")]}, "finite"),
        ({"range": [1]}, "required"),
        ({"range": ["-160", 240]}, "valid number"),
        ({"range": [False, 240]}, "valid number"),
    ],
)
def test_bounds_that_are_none_are_refused(content, message):
    with pytest.raises(ValidationError, match=message):
        IntensityClip.model_validate(content)


def test_normalisation_is_of_what_is_left():
    case = Case("a", "a", IMAGE[None, None], None, None, np.eye(4))
    cut = prepare(case, field_of_view=4, intensity=IntensityClip(range=(-160, 240)))
    seen = cut.image[:, 0][cut.inside]
    expected = np.clip(IMAGE, -160, 240)
    np.testing.assert_allclose(seen, ((expected - expected.mean()) / expected.std()).ravel())
    np.testing.assert_array_equal(cut.case.image, case.image)


def test_a_range_that_leaves_nothing_is_refused():
    case = Case("a", "a", 1000 + IMAGE[None, None], None, None, np.eye(4))
    message = r"a: training.intensity makes channel 0 constant: its values are 100 to 31000"
    with pytest.raises(InputError, match=message):
        prepare(case, field_of_view=4, intensity=IntensityClip(range=(-160, 100)))
    same = Case("a", "a", np.full((1, 1, 2, 4), 7, np.float32), None, None, np.eye(4))
    prepare(same, field_of_view=4, intensity=IntensityClip(range=(0, 1)))  # was so before


def test_btcv_is_cut_to_soft_tissue_unless_a_protocol_says_otherwise(
    tmp_path, tiny, write_protocol
):
    dataset = DATASETS["btcv"](write_btcv(tmp_path / "data", n=2))
    assert dataset.load("img0001").image.max() == 3000
    tiny["dataset"] = {"name": "btcv"}
    training = read_protocol(write_protocol(tiny)).training
    assert training.intensity == IntensityClip(range=(-160, 240))
    tiny["training"]["intensity"] = {"percentiles": [0.5, 99.5]}
    training = read_protocol(write_protocol(tiny)).training
    assert training.intensity == IntensityClip(percentiles=(0.5, 99.5))
    tiny["training"]["intensity"] = None
    assert read_protocol(write_protocol(tiny)).training.intensity is None
    tiny["dataset"] = {"name": "phantom"}
    del tiny["training"]["intensity"]
    assert read_protocol(write_protocol(tiny)).training.intensity is None


def test_what_does_not_cut_says_nothing_of_it():
    """Files and ids of earlier versions did not know the setting."""
    wanted = Preparation(dataset="acdc", options={}, field_of_view=64, spacing_mm=None)
    assert "intensity" not in wanted.model_dump_json()
    cut = wanted.model_copy(update={"intensity": IntensityClip(range=(0, 1))})
    assert Preparation.model_validate_json(cut.model_dump_json()) == cut
