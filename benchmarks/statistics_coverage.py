"""Measure how often intervals cover and tests reject: tables in Markdown.

    python benchmarks/statistics_coverage.py [--repeats N]

Patients are simulated whose scores look like Dice: most near 0.9 with a tail to 0, and two frames
that share what makes the patient hard. Frames are averaged within a patient, as in a report. The
standard deviation of a rate near 0.95 is 0.005 for 2000 repeats.
"""

import argparse
from collections.abc import Callable

import numpy as np
from scipy import stats
from scipy.special import expit

from scribblebench.report.statistics.equivalence import gap
from scribblebench.report.statistics.intervals import cluster_interval, paired_interval
from scribblebench.report.statistics.paired_tests import sign_flip_test, wilcoxon_p

PATIENTS = (8, 10, 15, 30, 60)
FRAMES = 2
Population = Callable[[np.random.Generator, int, int], np.ndarray]


def dice(rng, hardness, *, frame_sd=0.5, failing=0.0, at=2.3):
    """Return scores of shape (repeats, patients): frames averaged.

    Hardness is what the frames of a patient share; in a `failing` share of patients both frames
    lose most of the class.
    """
    frames = expit(at + hardness[..., None] + rng.normal(0, frame_sd, (*hardness.shape, FRAMES)))
    failed = rng.random((*hardness.shape, 1)) < failing
    return np.where(failed, frames * rng.beta(1, 1.5, frames.shape), frames).mean(axis=-1)


def scores(sd, frame_sd, failing=0.0) -> Population:
    def draw(rng, repeats, patients):
        hardness = rng.normal(0, sd, (repeats, patients))
        return dice(rng, hardness, frame_sd=frame_sd, failing=failing)

    return draw


def differences(failing_a, failing_b, shift) -> Population:
    """Return differences of two cells, a - b; their hardness of a patient correlates by 0.81."""

    def draw(rng, repeats, patients):
        shared = 0.9 * rng.normal(size=(repeats, patients))
        own = np.sqrt(1 - 0.81) * rng.normal(size=(2, repeats, patients))
        first, second = 0.8 * (shared + own)
        a = dice(rng, first, failing=failing_a)
        return a - dice(rng, second, failing=failing_b, at=2.3 - shift)

    return draw


SCORES = {
    "mild": scores(0.6, 0.4),
    "skewed": scores(1.0, 0.6),
    "25 % failing": scores(0.6, 0.4, 0.25),
    "5 % failing": scores(0.6, 0.4, 0.05),
}
DIFFERENCES = {
    "mild": differences(0.0, 0.0, 0.3),
    "10 and 25 % failing": differences(0.1, 0.25, 0.3),
    "0 and 10 % failing": differences(0.0, 0.1, 0.3),
}
NULLS = {
    "mild": differences(0.0, 0.0, 0.0),
    "25 % failing": differences(0.25, 0.25, 0.0),
    "10 % failing": differences(0.1, 0.1, 0.0),
}


def coverage(values, truth, interval):
    """Return the share of rows whose interval covers the truth."""
    found = [interval(row) for row in values]
    return np.mean([one.low <= truth <= one.high for one in found])


def scipy_coverage(values, truth, method, statistic=np.mean):
    found = stats.bootstrap(
        (values,),
        statistic,
        axis=1,
        method=method,
        n_resamples=1000,
        batch=20,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return np.mean((found.low <= truth) & (truth <= found.high))


def coverage_rows(populations, chosen, others, repeats):
    """Yield a line for each population and number of patients."""
    for name, draw in populations.items():
        many = draw(np.random.default_rng(1), 1, 1_000_000)[0]
        mean, median = many.mean(), np.median(many)
        for patients in PATIENTS:
            values = draw(np.random.default_rng([2, patients]), repeats, patients)
            rates = [
                coverage(values, mean, chosen),
                *(coverage(values, mean, other) for other in others),
                scipy_coverage(values, mean, "percentile"),
                scipy_coverage(values, mean, "BCa"),
                coverage(values, median, lambda row: chosen(row, centre="median")),
                scipy_coverage(values, median, "percentile", np.median),
            ]
            yield [name, str(patients), *(f"{rate:.3f}" for rate in rates)]


def rejection_rows(repeats):
    """Yield a line of rates at which tests at 5 % reject where they should not."""
    for name, draw in NULLS.items():
        for patients in PATIENTS:
            values = draw(np.random.default_rng([3, patients]), repeats, patients)
            flips = np.mean([sign_flip_test(row).p_value <= 0.05 for row in values])
            ranks = np.mean([wilcoxon_p(row) <= 0.05 for row in values])
            yield [name, str(patients), f"{flips:.3f}", f"{ranks:.3f}"]


def inferiority_rows(repeats):
    """Yield a line of rates of "within" for a cell that is exactly the margin worse."""
    margin = 0.05
    cases = [(f"{name}, noise only", draw) for name, draw in NULLS.items()]
    cases += [(f"{name}, cell worse", draw) for name, draw in DIFFERENCES.items()]
    for name, draw in cases:
        # Differences are a - b, and b is the worse one: it is the cell.
        true = -draw(np.random.default_rng(1), 1, 1_000_000)[0].mean()
        for patients in PATIENTS:
            values = -draw(np.random.default_rng([4, patients]), repeats, patients)
            at_margin = values - true - margin
            rate = np.mean([gap(row, margin).verdict == "within" for row in at_margin])
            yield [name, str(patients), f"{rate:.3f}"]


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2000)
    repeats = parser.parse_args().repeats
    first = ["population", "patients"]
    medians = ["median: order statistics", "percentile"]
    print("Coverage of 95 % intervals of a cell's score\n")
    header = [*first, "mean: bootstrap t", "Student's t", "percentile", "BCa", *medians]
    table(header, coverage_rows(SCORES, cluster_interval, [paired_interval], repeats))
    print("Coverage of 95 % intervals of a paired difference\n")
    header = [*first, "mean: Student's t", "bootstrap t", "percentile", "BCa", *medians]
    table(header, coverage_rows(DIFFERENCES, paired_interval, [cluster_interval], repeats))
    print("Rejections at 5 % where the cells do not differ\n")
    table([*first, "sign flips", "Wilcoxon"], rejection_rows(repeats))
    print("Verdicts of `within` at 5 % for a cell that is worse by exactly the margin\n")
    table([*first, "within"], inferiority_rows(repeats))


if __name__ == "__main__":
    main()
