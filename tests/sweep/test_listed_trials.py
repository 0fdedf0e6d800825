"""Trials listed beside the grid."""

import pytest

from scribblebench.errors import InputError
from scribblebench.sweep.plan import expand
from scribblebench.sweep.protocol import Protocol, read_protocol

LISTED = {"form": "skeleton", "density": 0.2, "method": "zscribbleseg"}


def trials(content, **changes):
    return list(expand(Protocol.model_validate(content | changes)))


def test_listed_trials_come_after_the_grid_of_their_seed(tiny):
    one = LISTED | {"seeds": [0, 5], "randomness": 1, "training.steps": 9, "background": "far"}
    found = trials(tiny, seeds=[0, 1], trials=[one])
    grid = trials(tiny, seeds=[0, 1])
    assert [*found[:3], *found[4:7]] == grid
    for trial, seed in ((found[3], 0), (found[7], 5)):
        assert (trial.form, trial.density, trial.randomness) == ("skeleton", 0.2, 1.0)
        assert (trial.method, trial.seed) == ("zscribbleseg", seed)
        assert trial.training.model_dump() == grid[0].training.model_dump() | {"steps": 9}
        assert trial.background == "far"
        assert trial.variant == "steps=9,background=far"
    assert len(found) == 8


def test_what_is_left_out_is_the_protocols(tiny):
    found = trials(tiny, seeds=[3, 4], randomness=[0.7], trials=[LISTED])
    listed = [t for t in found if t.form == "skeleton"]
    assert [(t.seed, t.randomness, t.variant) for t in listed] == [(3, 0.7, None), (4, 0.7, None)]


def test_a_listed_trial_that_the_grid_has_counts_once(tiny):
    same = {"form": "random_walk", "density": 0.5, "method": "pce", "seed": 0}
    grid = {"training.steps": [2, 3]}
    assert trials(tiny, trials=[same, same | {"randomness": 0.5}]) == trials(tiny)
    assert trials(tiny, grid=grid, trials=[same]) == trials(tiny, grid=grid)
    other = same | {"training.steps": 4}
    assert len(trials(tiny, grid=grid, trials=[other, other])) == 7


def test_there_need_not_be_a_grid(tiny):
    del tiny["forms"], tiny["methods"], tiny["densities"]
    found = trials(tiny, trials=[LISTED, {"form": "dense", "method": "full", "seed": 2}])
    assert [(t.form, t.method, t.seed) for t in found] == [
        ("skeleton", "zscribbleseg", 0),
        ("dense", "full", 2),
    ]


def test_methods_of_the_protocol_come_before_registered_ones(tiny):
    mine = {"name": "mine", "method": "pce", "options": {"dice": 1}}
    del tiny["forms"]
    (trial,) = trials(tiny, methods=[mine], trials=[LISTED | {"method": "mine"}])
    assert (trial.method, trial.objective.dice) == ("mine", 1.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"form": "skeletn"}, "trials[0].form: unknown form 'skeletn'. Did you mean 'skeleton'?"),
        ({"densty": 1}, "trials[0].densty: unknown key 'densty'. Did you mean 'density'?"),
        ({"density": 2}, "trials[0].density: input should be less than or equal to 1, got 2"),
        ({"density": None}, "trials[0]: density must be given, because 'skeleton' is drawn"),
        ({"form": "expert"}, "trials[0]: density must be left out, because 'expert' is not drawn"),
        (
            {"form": "expert", "density": None, "background": "near"},
            "trials[0]: background must be left out, because 'expert' is not drawn",
        ),
        (
            {"method": "zscribblesg"},
            "trials[0]: method: unknown method 'zscribblesg'. Did you mean 'zscribbleseg'?",
        ),
        (
            {"method": "full"},
            "trials[0]: form 'skeleton' needs a method for scribbles labels, got 'full'",
        ),
        ({"seed": 0, "seeds": [1]}, "trials[0]: seed must be left out where seeds are given"),
        ({"steps": 3}, "trials[0]: steps: unknown key 'steps'. Did you mean 'training.steps'?"),
        (
            {"training.steps": 0},
            "trials[0]: training.steps: input should be greater than or equal to 1, got 0",
        ),
        (
            {"training.steps": [1, 2]},
            "trials[0]: training.steps: must be a single value, got [1, 2]",
        ),
        (
            {"training.patch": 64},
            "trials[0]: variant 'patch=64': training.patch must be at most field_of_view 48, "
            "got 64",
        ),
        (
            {"split.train": "all"},
            "trials[0]: split.train: must not vary, because all trials share their prepared cases",
        ),
    ],
)
def test_mistakes_are_named(tiny, write_protocol, changes, message):
    path = write_protocol(tiny | {"trials": [LISTED | changes]})
    with pytest.raises(InputError) as error:
        read_protocol(path)
    assert str(error.value) == f"{path}: {message}"


def test_what_the_protocol_leaves_open_must_be_given(tiny, write_protocol):
    for changes, message in (
        ({"randomness": [0, 1], "trials": [LISTED]}, r"trials\[0\]: randomness must be given"),
        ({"forms": []}, "forms must hold at least one value where no trials are listed"),
        ({"forms": [], "methods": ["pce"], "trials": [LISTED]}, "method 'pce' needs a form"),
        ({"forms": [], "methods": [], "trials": [LISTED], "zip": {"training.steps": [1]}}, "zip: "),
        ({"trials": [3]}, r"trials\[0\]: input should be a valid dictionary"),
    ):
        with pytest.raises(InputError, match=message):
            read_protocol(write_protocol(tiny | changes))
