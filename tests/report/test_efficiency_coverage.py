"""The intervals hold the truth as often as they say, by simulation."""

import numpy as np
import pytest

from scribblebench.report.efficiency.area import area_of, area_under
from scribblebench.report.efficiency.curve import fit_curve
from scribblebench.report.efficiency.reach import first_reach, target_of

DENSITY = np.array([0.01, 0.03, 0.1, 0.3])


def draw(rng, n_patients, means, *, skewed):
    """Return Dice of patients, (n, 5): shared and own differences, normal or with a long tail."""
    if not skewed:
        shared = rng.normal(0.0, 0.04, (n_patients, 1))
        return means + shared + rng.normal(0.0, 0.04, (n_patients, 5))
    shared, own = rng.gamma(2.0, 0.5, (n_patients, 1)), rng.gamma(2.0, 0.5, (n_patients, 5))
    return 1.0 - (1.0 - means) * (shared + own) / 2.0


def held(n_runs, n_patients, means, *, skewed, resamples):
    """Return how often the intervals of ED90 and of the area hold the truth."""
    rng = np.random.default_rng(1)
    curve, full = np.array(means[:4]), means[4]
    density = first_reach(DENSITY, curve[None], np.array([0.9 * full]))[0]
    area = area_under(DENSITY, curve[None])[0]
    hits = np.zeros(2)
    for _ in range(n_runs):
        scores = draw(rng, n_patients, np.array(means), skewed=skewed)
        shares = np.full(n_patients, 1.0 / n_patients)
        weights = rng.multinomial(n_patients, shares, size=resamples) / n_patients
        fitted = fit_curve(DENSITY, scores[:, :4], weights)
        target = target_of(fitted, scores[:, 4], 0.9)
        _, low, high = area_of(fitted)
        hits += [target.low <= density <= target.high, low <= area <= high]
    return hits / n_runs


RISING = (0.55, 0.68, 0.76, 0.82, 0.85)
PLATEAU = (0.60, 0.70, 0.80, 0.80, 0.85)


def test_intervals_of_ten_patients_hold_the_truth():
    """200 runs: 0.95 less 0.06, four sd; plain percentiles hold it in 0.90."""
    density, area = held(200, 10, RISING, skewed=False, resamples=400)
    assert density > 0.89
    assert area > 0.89


@pytest.mark.slow
@pytest.mark.parametrize("means", [RISING, PLATEAU])
@pytest.mark.parametrize("skewed", [False, True])
@pytest.mark.parametrize("n_patients", [10, 20])
def test_intervals_hold_the_truth_at_their_rate(n_patients, skewed, means):
    """1000 runs: 0.95 within 0.03 (sd 0.007), also where the means of two densities are equal."""
    rates = held(1000, n_patients, means, skewed=skewed, resamples=1000)
    assert (np.abs(rates - 0.95) < 0.03).all(), rates
