from types import SimpleNamespace

import pytest

from scribblebench.cli.counted import counted
from scribblebench.cli.progress import SweepProgress, _clock


@pytest.fixture
def progress(capsys):
    return SweepProgress()


def trial(label):
    return SimpleNamespace(label=lambda: label)


def outcome(dsc, seconds):
    return SimpleNamespace(mean_dsc=dsc, timing={"wall_s": seconds})


def state(progress):
    return progress._progress.tasks[0].fields["state"]


def test_bar_shows_trials_done_best_dice_and_time_left(progress):
    """One of four was done before with Dice .7; the next took 90 s: two more take 180 s."""
    progress.sweep_started(n_trials=4, finished=[(trial("a"), 0.7)])
    assert state(progress) == "1/4 trials, best Dice 0.700"
    progress.trial_started(trial("b"))
    progress.trial_finished(trial("b"), outcome(0.6, 90.0))
    assert state(progress) == "2/4 trials, best Dice 0.700, 3 min left"
    progress.trial_finished(trial("c"), outcome(0.8, 90.0))
    assert state(progress) == "3/4 trials, best Dice 0.800, 2 min left"


@pytest.mark.parametrize(
    ("n", "expected"), [(0, "0 label maps"), (1, "1 label map"), (2, "2 label maps")]
)
def test_one_thing_is_counted_in_the_singular(n, expected):
    assert counted(n, "label map") == expected


def test_a_failed_trial_is_told_and_counted(progress, capsys):
    progress.sweep_started(n_trials=2, finished=[])
    progress.trial_failed(trial("a"), "ValueError: [red] no")
    assert "[1/2] FAILED  a: ValueError: [red] no" in capsys.readouterr().err
    assert state(progress) == "1/2 trials"


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.4, "8 s"), (61, "1 min"), (3599, "1 h 00 min"), (7500, "2 h 05 min")]
)
def test_clock(seconds, text):
    assert _clock(seconds) == text
