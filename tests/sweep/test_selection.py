"""Options narrow a protocol's trials to one, or say what is missing."""

import pytest

from scribblebench.errors import InputError
from scribblebench.sweep.plan import expand
from scribblebench.sweep.protocol import Protocol
from scribblebench.sweep.selection import select_trial


@pytest.fixture
def trials(tiny):
    tiny["forms"].append("expert")
    tiny["methods"].append("zscribbleseg")
    tiny["seeds"] = [0, 3]
    return list(expand(Protocol.model_validate(tiny)))


def test_what_has_one_value_need_not_be_given(trials):
    trial = select_trial(trials, method="full", seed=3)
    assert (trial.method, trial.form, trial.seed) == ("full", "dense", 3)
    trial = select_trial(trials, method="pce", form="random_walk", density=0.5, seed=0)
    assert (trial.density, trial.randomness) == (0.5, 0.5)
    assert select_trial(trials[:1]) == trials[0]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"method": "zscribleseg"}, "--method: no trial of the protocol has method zscribleseg. "),
        ({"method": "zscribleseg"}, "Did you mean 'zscribbleseg'?"),
        ({"method": "pce", "form": "dense"}, "--form: no trial of the protocol with method pce"),
        ({"method": "pce", "form": "dense"}, "has form dense. Known: random_walk, expert."),
        ({"form": "random_walk", "density": 0.2}, "has density 0.2. Known: 0.1, 0.5."),
        ({"form": "expert", "density": 0.1}, "with form expert has density 0.1."),
        ({"form": "dense", "seed": 1}, "--seed: no trial of the protocol with form dense has see"),
        ({}, "14 trials of the protocol fit; add --method pce | zscribbleseg | full, --form"),
        ({}, "--form random_walk | dense | expert, --density 0.1 | 0.5, --seed 0 | 3"),
        ({"method": "pce", "seed": 0}, "3 trials of the protocol fit; add --form random_walk |"),
        ({"form": "dense"}, "2 trials of the protocol fit; add --seed 0 | 3"),
    ],
)
def test_none_or_several_say_what_to_type(trials, wanted, message):
    with pytest.raises(InputError) as error:
        select_trial(trials, **wanted)
    assert message in str(error.value)
