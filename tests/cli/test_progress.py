from types import SimpleNamespace

import pytest

from scribblebench.cli import progress as progress_module
from scribblebench.cli.counted import counted
from scribblebench.cli.durations import clock, parse_duration
from scribblebench.cli.progress import SweepProgress
from scribblebench.errors import InputError


@pytest.fixture
def progress(capsys):
    return SweepProgress()


def trial(label):
    return (label, SimpleNamespace(label=lambda: label))


def state(progress):
    return progress._progress.tasks[0].fields["state"]


@pytest.fixture
def clocked(progress, monkeypatch):
    """Return a function that lets seconds pass."""
    now = [100.0]
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, now[0] + seconds)


def test_bar_shows_trials_done_best_dice_and_time_left(progress, clocked):
    """One of four was done before with Dice .7; the next took 90 s: two more take 180 s."""
    progress.sweep_started([trial("b"), trial("c"), trial("d")], [0.7])
    assert state(progress) == "1/4 trials, best Dice 0.700"
    progress.trial_started("b")
    clocked(90)
    progress.trial_finished("b", mean_dsc=0.6, seconds=90.0)
    assert state(progress) == "2/4 trials, best Dice 0.700, 3 min left"
    clocked(90)
    progress.trial_finished("c", mean_dsc=0.8, seconds=90.0)
    assert state(progress) == "3/4 trials, best Dice 0.800, 2 min left"


def test_trials_at_the_same_time_count_by_their_steps(progress, clocked):
    """Half of one and a quarter of another in 60 s: 1.25 of two are left, at 80 s each."""
    progress.sweep_started([trial("a"), trial("b")], [])
    progress.trial_started("a")
    progress.trial_started("b")
    clocked(60)
    progress.step("a", 50, 100)
    progress.step("b", 25, 100)
    assert state(progress) == "0/2 trials, 2 min left"
    assert progress._progress.tasks[0].description == "a, b"
    assert progress._progress.tasks[0].completed == 0.75


def test_a_trial_that_is_put_back_is_told_and_not_counted(progress, capsys):
    progress.sweep_started([trial("a")], [])
    progress.trial_started("a")
    progress.trial_put_back("a", "worker 1 died (signal 9); the trial is tried again")
    assert "a: worker 1 died (signal 9)" in capsys.readouterr().err
    assert state(progress) == "0/1 trial"


@pytest.mark.parametrize(
    ("n", "expected"), [(0, "0 label maps"), (1, "1 label map"), (2, "2 label maps")]
)
def test_one_thing_is_counted_in_the_singular(n, expected):
    assert counted(n, "label map") == expected


def test_a_failed_trial_is_told_and_counted(progress, capsys):
    progress.sweep_started([trial("a"), trial("b")], [])
    progress.trial_failed("a", "ValueError: [red] no")
    assert "[1/2] FAILED  a: ValueError: [red] no" in capsys.readouterr().err
    assert state(progress) == "1/2 trials"


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.4, "8 s"), (61, "1 min"), (3599, "1 h 00 min"), (7500, "2 h 05 min")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"), [("12h", 43200), ("90min", 5400), ("1h30min", 5400), ("45 s", 45)]
)
def test_durations(text, seconds):
    assert parse_duration(text, "--budget") == seconds


@pytest.mark.parametrize("text", ["", "h", "3", "3 days", "1h x", "-1h"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(InputError, match="--budget: must be a duration such as 12h"):
        parse_duration(text, "--budget")
