import numpy as np
import pandas as pd
import pytest
from made_results import planes_of
from matplotlib.colors import to_rgb

from scribblebench.report.figures.picture_grid import window_of, window_side
from scribblebench.report.figures.qualitative import (
    MOST_TRIALS,
    Shown,
    best_median_worst,
    qualitative_figure,
)
from scribblebench.report.style import CLASS_COLOURS

NAMES = {0: "background", 1: "RV", 2: "LV"}


DICE = (0.5, 0.9, 0.7, 0.6)


def trial(form, samples, dice=DICE):
    """Return a trial that scored the four cases like this."""
    cases = [f"case{i}" for i in range(4)]
    return Shown(
        f"{form} {dice[0]}", pd.DataFrame({"case_id": cases, "dsc": dice, "form": form}), samples
    )


def pictures(*trials, n_rows=3):
    """Return the RGB arrays by row and column, and what is written beside the rows."""
    figure = qualitative_figure(trials, NAMES, title="made")
    shown = [np.asarray(axes.get_images()[0].get_array()) for axes in figure.axes]
    beside = [t.get_text() for t in figure.texts if t.get_text() != "made"]
    return np.array(shown).reshape(n_rows, -1, *shown[0].shape), beside


@pytest.fixture
def samples():
    """Every case has its own shade of grey, so that a picture tells which case it shows."""
    made = planes_of()
    made["image"] = np.full_like(made["image"], 10) * np.arange(1, 5, dtype=np.uint8)[:, None, None]
    return made


def test_rows_show_the_best_the_median_and_the_worst_case(samples):
    shown, beside = pictures(trial("random_walk", samples))
    assert beside == ["best\ncase1", "median\ncase3", "worst\ncase0"]
    greys = [round(255 * float(row[0][0, 0, 0])) for row in shown]
    assert greys == [20, 40, 10]


def test_scribbles_are_opaque_with_their_background_and_labels_are_not(samples):
    shown, _ = pictures(trial("random_walk", samples))
    _, dense, scribble, pred = shown[0].astype(float)
    stroke = samples["scribble"][1] == 0
    assert stroke.any()
    background, rv = (np.array(to_rgb(CLASS_COLOURS[i])) for i in (0, 1))
    np.testing.assert_allclose(scribble[stroke], np.broadcast_to(background, (7, 3)))
    inside = samples["label"][1] == 1
    grey = np.array([20 / 255] * 3)
    for picture in (dense, pred):
        np.testing.assert_allclose(picture[inside][0], 0.55 * rv + 0.45 * grey)
        np.testing.assert_allclose(picture[stroke][0], grey)


def test_padding_does_not_turn_dense_labels_into_a_scribble(samples):
    samples["scribble"] = samples["label"].copy()
    samples["scribble"][:, :3] = 255
    shown, _ = pictures(trial("dense", samples))
    scribble = shown[0][2].astype(float)
    np.testing.assert_allclose(scribble[5, 5], [20 / 255] * 3)


def test_the_first_trial_chooses_the_cases_and_each_prediction_has_its_own_dice(samples):
    other = samples | {"pred": np.zeros_like(samples["pred"])}
    trials = [trial("expert", samples), trial("expert", other, (0.1, 0.2, 0.3, 0.4))]
    shown, beside = pictures(*trials)
    assert [name.split("\n")[1] for name in beside] == ["case1", "case3", "case0"]
    assert shown.shape[1] == 5
    figure = qualitative_figure(trials, NAMES)
    written = [t.get_text() for axes in figure.axes for t in axes.texts]
    assert written == [
        *("Dice 0.900", "Dice 0.200", "Dice 0.600"),
        *("Dice 0.400", "Dice 0.500", "Dice 0.100"),
    ]
    titles = [axes.get_title() for axes in figure.axes[:5]]
    assert titles == ["image", "dense label", "scribble", "expert 0.5", "expert 0.1"]


def test_different_scribbles_stand_below_their_predictions(samples):
    other = samples | {"scribble": samples["scribble"][:, ::-1]}
    shown, _ = pictures(trial("expert", samples), trial("points", other), n_rows=6)
    assert shown.shape[:2] == (6, 3)
    first, second = shown[1, 1], shown[1, 2]
    np.testing.assert_allclose(first, second[::-1])
    assert not np.allclose(first, second)
    np.testing.assert_allclose(shown[0, 1], shown[0, 2])


def test_dense_training_has_no_scribble_of_its_own_and_does_not_split_the_rows(samples):
    dense = samples | {"scribble": samples["label"].copy()}
    shown, _ = pictures(trial("dense", dense), trial("expert", samples))
    assert shown.shape[:2] == (3, 5)
    stroke = samples["scribble"][1] == 0
    background = np.broadcast_to(to_rgb(CLASS_COLOURS[0]), (7, 3))
    np.testing.assert_allclose(shown[0, 2][stroke], background)


def test_windows_are_squares_around_the_foreground_that_stay_inside():
    """Foreground of 30 rows and 10 columns: 30 + 2 * 24 pixels, moved in from the edge."""
    box = ((100, 129), (0, 9))
    assert window_side([box, ((5, 6), (5, 6))], (160, 160)) == 78
    assert window_of(box, 78, (160, 160)) == (slice(76, 154), slice(0, 78))
    assert window_side([box, None], (160, 140)) == 140
    assert window_of(None, 140, (160, 140)) == (slice(10, 150), slice(0, 140))


def test_grids_say_what_they_cannot_show(samples):
    one = trial("expert", samples)
    with pytest.raises(ValueError, match="trials must be 1 to 6, got 7"):
        qualitative_figure([one] * (MOST_TRIALS + 1), NAMES)
    few = {name: array[:2] for name, array in samples.items()}
    with pytest.raises(ValueError, match="samples must hold case 'case3', got none in 'expert 0"):
        qualitative_figure([one, trial("expert", few)], NAMES)


def test_best_median_and_worst_case_are_chosen_by_dice():
    rows = pd.DataFrame(
        {"case_id": ["a", "a", "b", "b", "c", "d"], "dsc": [0.9, 0.7, 0.5, 0.5, 0.2, 0.6]}
    )
    chosen = best_median_worst(rows)
    assert [(rank, case) for rank, case, _ in chosen] == [
        ("best", "a"),
        ("median", "b"),
        ("worst", "c"),
    ]
    assert [rank for rank, _, _ in best_median_worst(rows[:2])] == ["best"]
