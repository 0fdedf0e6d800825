import pytest

from scribblebench.errors import InputError
from scribblebench.sweep.filters import select
from scribblebench.sweep.plan import expand
from scribblebench.sweep.protocol import Protocol


@pytest.fixture
def trials(tiny):
    tiny["seeds"] = [0, 1]
    return {c.trial_id("data"): c for c in expand(Protocol.model_validate(tiny))}


@pytest.mark.parametrize(
    ("expressions", "n"),
    [
        ([], 6),
        (["form=dense"], 2),
        (["seed=1"], 3),
        (["density=0.10"], 2),
        (["density=0.1,0.5", "seed=0"], 2),
        (["method=pce,full"], 6),
    ],
)
def test_expressions_narrow_and_commas_widen(trials, expressions, n):
    assert len(select(trials, expressions)) == n


def test_order_is_that_of_the_plan(trials):
    chosen = select(trials, ["form=dense,random_walk"])
    assert chosen == list(trials)


@pytest.mark.parametrize(
    ("expressions", "message"),
    [
        (["form"], "--only: must be KEY=VALUE, got 'form'"),
        (["form="], "--only: must be KEY=VALUE, got 'form='"),
        (["from=dense"], "--only: unknown key 'from'. Did you mean 'form'?"),
        (["form=dens"], "--only: no trial has form 'dens'. Did you mean 'dense'?"),
        (["density=ten"], "--only: no trial has density 'ten'."),
        (["form=dense", "density=0.1"], "--only: no trial has all of form=dense, density=0.1"),
    ],
)
def test_what_fits_nothing_is_refused(trials, expressions, message):
    with pytest.raises(InputError) as error:
        select(trials, expressions)
    assert str(error.value).startswith(message)
