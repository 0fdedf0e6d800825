import numpy as np
import pandas as pd
import pytest
from made_results import samples_of
from matplotlib.colors import to_rgb
from scribblebench.report.overlays import overlay_figure

from scribblebench.report.style import CLASS_COLOURS
from scribblebench.sweep.samples import joined, largest_planes

NAMES = {0: "background", 1: "RV", 2: "LV"}


def pictures(form, samples):
    """Return the RGB arrays by row and column, and the rows' labels."""
    rows = pd.DataFrame(
        {"case_id": [f"case{i}" for i in range(4)], "dsc": [0.5, 0.9, 0.7, 0.6], "form": form}
    )
    panels = overlay_figure(rows, samples, NAMES, "made").axes
    shown = [np.asarray(axes.get_images()[0].get_array()) for axes in panels]
    return np.array(shown, dtype=object).reshape(3, 4, *shown[0].shape), panels


@pytest.fixture
def samples():
    """Every case has its own shade of grey, so that a picture tells which case it shows."""
    kept = samples_of()
    made = largest_planes(joined(kept.own(), kept.shared()[1]))
    made["image"] = np.full_like(made["image"], 10) * np.arange(1, 5, dtype=np.uint8)[:, None, None]
    return made


def test_rows_show_the_best_the_median_and_the_worst_case(samples):
    shown, panels = pictures("random_walk", samples)
    assert [p.get_ylabel() for p in panels[::4]] == [
        "best: case1\nDice 0.900",
        "median: case3\nDice 0.600",
        "worst: case0\nDice 0.500",
    ]
    greys = [round(255 * float(row[0][0, 0, 0])) for row in shown]
    assert greys == [20, 40, 10]


def test_scribbles_are_opaque_with_their_background_and_labels_are_not(samples):
    shown, _ = pictures("random_walk", samples)
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
    shown, _ = pictures("dense", samples)
    scribble = shown[0][2].astype(float)
    np.testing.assert_allclose(scribble[5, 5], [20 / 255] * 3)
