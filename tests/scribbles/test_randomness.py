import itertools

import numpy as np
import pytest
from masks import REGIONS
from one_class import marks

from scribblebench.scribbles import FORMS
from scribblebench.scribbles.randomness import variability


def test_by_hand():
    """Marks in columns 0 and 3 of two drawings: 3 apart; with the same, 0; in mm of 2: 6."""
    one, other = np.zeros((2, 1, 8), dtype=bool)
    one[0, 0] = other[0, 3] = True
    assert variability([one, one]) == 0.0
    assert variability([one, other]) == 3.0
    assert variability([one, other], step=(1.0, 2.0)) == 6.0
    both = one | other
    assert variability([one, both]) == pytest.approx((0 + 1.5) / 2)


def test_fewer_than_two_drawings_or_an_empty_one_are_refused():
    full = np.ones((2, 2), dtype=bool)
    for drawings in ([full], [full, ~full]):
        with pytest.raises(ValueError, match="drawings must be 2 or more, none of them empty"):
            variability(drawings)


@pytest.mark.parametrize("form", list(FORMS))
def test_variability_rises_with_randomness_from_0(form):
    """24 drawings each, mean over three masks and two budgets; no step falls by more than 4 %."""
    values = []
    for randomness in (0.0, 0.25, 0.5, 0.75, 1.0):
        found = []
        for name, share in itertools.product(("disc", "ring", "crescent"), (0.05, 0.15)):
            mask = REGIONS[name]
            amount = max(1, round(share * mask.sum()))
            drawings = [
                marks(mask, form, amount, randomness=randomness, seed=seed) for seed in range(24)
            ]
            found.append(variability(drawings))
        values.append(np.mean(found))
    assert values[0] == 0.0
    assert values[1] > 0.1
    for less, more in itertools.pairwise(values):
        assert more > 0.96 * less
    assert values[4] > values[1]
