"""Trials that a protocol leaves out."""

import pytest

from scribblebench.errors import InputError
from scribblebench.sweep.plan import expand
from scribblebench.sweep.protocol import Protocol, read_protocol


def left(content, *groups, **changes):
    protocol = Protocol.model_validate(content | changes | {"exclude": list(groups)})
    return [(t.form, t.density, t.seed, t.variant) for t in expand(protocol)]


def test_a_trial_that_fits_all_keys_of_one_group_is_left_out(tiny):
    assert left(
        tiny,
        {"form": "random_walk", "density": [0.1, 0.3]},
        {"seed": 1, "method": ["full"]},
        seeds=[0, 1],
    ) == [
        ("random_walk", 0.5, 0, None),
        ("dense", None, 0, None),
        ("random_walk", 0.5, 1, None),
    ]


def test_settings_and_variants_can_be_left_out(tiny):
    changes = {
        "densities": [0.1],
        "grid": {"training.learning_rate": [0.003, 0.001], "background": ["near", "far"]},
    }
    groups = [
        {"training.learning_rate": "1e-3", "background": "far"},
        {"variant": "learning_rate=0.003,background=near"},
        {"form": "dense"},
    ]
    assert left(tiny, *groups, **changes) == [
        ("random_walk", 0.1, 0, "learning_rate=0.003,background=far"),
        ("random_walk", 0.1, 0, "learning_rate=0.001,background=near"),
    ]


def test_a_null_is_a_background_of_drawn_forms_only(tiny):
    grid = {"background_density": [None, 0.1]}
    assert left(tiny, {"background_density": None}, densities=[0.1], grid=grid) == [
        ("random_walk", 0.1, 0, "background_density=0.1"),
        ("dense", None, 0, None),
    ]


def test_listed_trials_are_left_out_too(tiny):
    listed = {"form": "random_walk", "density": 0.3, "method": "pce", "seed": 9}
    assert all(seed != 9 for *_, seed, _ in left(tiny, {"seed": 9}, trials=[listed]))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (
            [{"density": 0.5}, {"density": 0.2}],
            "exclude[1]: leaves out no trial: none has density 0.2. Known: 0.1, 0.5.",
        ),
        (
            [{"form": "skeleton"}],
            "exclude[0]: leaves out no trial: none has form skeleton. Known: random_walk, dense.",
        ),
        (
            [{"form": "dense", "density": 0.1}],
            "exclude[0]: leaves out no trial: none fits all of its keys",
        ),
        (
            [{"training.steps": [3, 4]}],
            "exclude[0]: leaves out no trial: none has training.steps 3 or 4. Known: 2.",
        ),
        ([{"variant": "x"}], "exclude[0]: leaves out no trial: none has variant x."),
        ([{"form": ["dense", "random_walk"]}], "exclude: leaves no trial"),
        ([{}], "exclude[0]: must have at least one key"),
        ([{"seeds": [0]}], "exclude[0].seeds: unknown key 'seeds'. Did you mean 'seed'?"),
        (
            [{"form": []}],
            "exclude[0].form: list should have at least 1 item after validation, not 0, got []",
        ),
        (
            [{"training.step": 1}],
            "exclude[0]: training.step: unknown key 'training.step'. Did you "
            "mean 'training.steps'?",
        ),
        (
            [{"split.score": "val"}],
            "exclude[0]: split.score: must not vary, because all trials share their prepared cases",
        ),
    ],
)
def test_mistakes_are_named(tiny, write_protocol, groups, message):
    path = write_protocol(tiny | {"exclude": groups})
    with pytest.raises(InputError) as error:
        read_protocol(path)
    assert str(error.value) == f"{path}: {message}"


def test_presets_are_checked_with_what_they_leave(tiny, write_protocol):
    tiny["exclude"] = [{"density": 0.5}]
    tiny["presets"] = {"short": {"densities": [0.1]}}
    path = write_protocol(tiny)
    message = r"presets\.short: exclude\[0\]: leaves out no trial: none has density 0\.5"
    with pytest.raises(InputError, match=message):
        read_protocol(path)
    tiny["presets"]["short"]["exclude"] = None
    assert len(list(expand(read_protocol(write_protocol(tiny), "short")))) == 2
