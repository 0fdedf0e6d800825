"""Grids and zips of single settings."""

import pytest
from pydantic import ValidationError

from scribblebench.errors import InputError
from scribblebench.sweep.plan import TrialConfig, expand
from scribblebench.sweep.protocol import Protocol, read_protocol
from scribblebench.sweep.selection import select_trial
from scribblebench.sweep.setting_keys import short_name, shown, varied_types


def trials(content, **changes):
    return list(expand(Protocol.model_validate(content | changes)))


def test_grid_and_zip_are_crossed_and_named(tiny):
    found = trials(
        tiny,
        forms=["dense"],
        densities=[],
        methods=["full"],
        grid={"training.width": [2, 4]},
        zip={"training.steps": [3, 9], "training.learning_rate": ["3e-3", 1e-3]},
    )
    assert [
        (t.variant, t.training.width, t.training.steps, t.training.learning_rate) for t in found
    ] == [
        ("width=2,steps=3,learning_rate=0.003", 2, 3, 0.003),
        ("width=2,steps=9,learning_rate=0.001", 2, 9, 0.001),
        ("width=4,steps=3,learning_rate=0.003", 4, 3, 0.003),
        ("width=4,steps=9,learning_rate=0.001", 4, 9, 0.001),
    ]
    assert found[0].label() == "dense full width=2,steps=3,learning_rate=0.003 seed 0"
    assert select_trial(found, variant=found[2].variant) == found[2]


def test_each_variant_has_the_whole_grid_and_a_seed_has_all_variants(tiny):
    found = trials(tiny, seeds=[1, 0], grid={"training.augmentation.flip": [0, 1]})
    assert len(found) == 12
    assert [t.seed for t in found] == [1] * 6 + [0] * 6
    assert {t.variant for t in found} == {"flip=0", "flip=1"}


def test_what_is_not_drawn_has_no_variants_of_the_background(tiny):
    grid = {"background": ["near", "whole"], "training.steps": [2, 3]}
    found = trials(tiny, densities=[0.1], grid=grid)
    assert [(t.form, t.background, t.variant) for t in found] == [
        ("random_walk", "near", "background=near,steps=2"),
        ("random_walk", "near", "background=near,steps=3"),
        ("random_walk", "whole", "background=whole,steps=2"),
        ("random_walk", "whole", "background=whole,steps=3"),
        ("dense", None, "steps=2"),
        ("dense", None, "steps=3"),
    ]
    assert len({t.trial_id("data") for t in found}) == 6


def test_a_variant_is_the_same_trial_as_a_protocol_with_its_settings(tiny):
    (varied, _) = (t for t in trials(tiny, grid={"training.steps": [7]}) if t.form != "dense")
    tiny["training"]["steps"] = 7
    plain = trials(tiny)[0]
    assert plain.variant is None
    assert varied.model_copy(update={"variant": None}) == plain
    assert varied.trial_id("data") == plain.trial_id("data")


def test_files_of_trials_without_variant_do_not_change(tiny):
    plain = trials(tiny)[0]
    assert "variant" not in plain.model_dump(mode="json")
    varied = trials(tiny, grid={"training.steps": [7]})[0]
    for trial in (plain, varied):
        assert TrialConfig.model_validate(trial.model_dump(mode="json")) == trial


def test_names_of_settings_are_short_and_tell_them_apart():
    names = [short_name(key) for key in varied_types()]
    assert len(set(names)) == len(names) > 20
    assert "scale" in names


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (0.1, "0.1"),
        (1e-05, "1e-05"),
        (0.12345678, "0.12345678"),
        (True, "true"),
        (None, "null"),
        ("near", "near"),
    ],
)
def test_values_are_shown_short_and_whole(value, text):
    assert shown(value) == text


PREPARED = "must not vary, because all trials share their prepared cases"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"grid": {"training.step": [1]}},
            "grid: training.step: unknown key 'training.step'. Did you mean 'training.steps'?",
        ),
        (
            {"grid": {"steps": [1]}},
            "grid: steps: unknown key 'steps'. Did you mean 'training.steps'?",
        ),
        (
            {"grid": {"training.steps": [2, 0]}},
            "grid: training.steps[1]: input should be greater than or equal to 1, got 0",
        ),
        (
            {"grid": {"training.steps": [2, "2"]}},
            "grid: training.steps: entries must differ, got [2, 2]",
        ),
        (
            {"grid": {"training.steps": []}},
            "grid.training.steps: list should have at least 1 item after validation, not 0, got []",
        ),
        (
            {"grid": {"training.augmentation": [{}]}},
            "grid: training.augmentation: must be a single "
            "setting such as 'training.augmentation.flip'",
        ),
        ({"grid": {"training.field_of_view": [48]}}, f"grid: training.field_of_view: {PREPARED}"),
        ({"zip": {"training.spacing_mm": [1]}}, f"zip: training.spacing_mm: {PREPARED}"),
        ({"grid": {"dataset.options.size": [48]}}, f"grid: dataset.options.size: {PREPARED}"),
        ({"grid": {"split.train": ["a"]}}, f"grid: split.train: {PREPARED}"),
        ({"grid": {"seeds": [1]}}, "grid: seeds: varies by the list of seeds"),
        (
            {"grid": {"training.patch": [32, 64]}},
            "grid: variant 'patch=64': training.patch must be at most field_of_view 48, got 64",
        ),
        (
            {"zip": {"training.network": ["unnet"]}},
            "zip: variant 'network=unnet': "
            "training.network: unknown network 'unnet'. Did you mean 'unet'?",
        ),
        (
            {"zip": {"training.steps": [1, 2], "training.width": [2]}},
            "zip: lists must be equally long, got 2 of training.steps, 1 of training.width",
        ),
        (
            {"zip": {"training.steps": [1, 1], "training.width": [2, 2]}},
            "zip: combinations must differ, got 'steps=1,width=2' twice",
        ),
        (
            {"grid": {"training.steps": [1]}, "zip": {"training.steps": [1]}},
            "zip: training.steps: must not be in grid too",
        ),
        (
            {"forms": ["dense"], "methods": ["full"], "grid": {"background": ["near"]}},
            "grid: background: changes nothing, because no form is drawn",
        ),
    ],
)
def test_mistakes_are_named(tiny, write_protocol, changes, message):
    path = write_protocol(tiny | changes)
    with pytest.raises(InputError) as error:
        read_protocol(path)
    assert str(error.value) == f"{path}: {message}"


def test_presets_and_extending_protocols_change_single_lists(tiny, write_protocol):
    tiny["grid"] = {"training.steps": [2, 3], "training.width": [2, 4]}
    tiny["presets"] = {"gpu": {"grid": {"training.steps": [5]}}}
    write_protocol(tiny, "base.yaml")
    path = write_protocol({"extends": "base", "name": "mine", "grid": {"training.width": None}})
    assert [v.name(drawn=True) for v in read_protocol(path).variants()] == ["steps=2", "steps=3"]
    assert [v.name(drawn=True) for v in read_protocol(path, "gpu").variants()] == ["steps=5"]


def test_booleans_are_no_numbers(tiny):
    with pytest.raises(ValidationError, match=r"training\.steps\[0\]: must be a number, got True"):
        trials(tiny, grid={"training.steps": [True]})
