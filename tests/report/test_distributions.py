"""The figure of distributions."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import StepPatch

from scribblebench.report.distributions import N_BINS, distributions_figure


def table(values):
    rows = [(class_id, name, v) for (class_id, name), found in values.items() for v in found]
    return pd.DataFrame(rows, columns=["class_id", "statistic", "value"])


def test_a_panel_for_each_statistic_and_class_with_a_histogram_for_each_side():
    rng = np.random.default_rng(0)
    sides = {
        "reference": table({(0, "a"): rng.random(50), (2, "a"): rng.random(9), (0, "b"): [1.0]}),
        "scribbles": table({(0, "a"): [*rng.random(7), 1e6], (0, "b"): [1.0, 1.0]}),
    }
    figure = distributions_figure(sides, {"a": "share", "b": "length, mm"})
    panels = figure.get_axes()
    assert [panel.get_title() for panel in panels] == ["class 0", "class 2", "", ""]
    assert [panels[0].get_ylabel(), panels[2].get_ylabel()] == ["share", "length, mm"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(sides)
    drawn = [[p for p in axes.patches if isinstance(p, StepPatch)] for axes in panels]
    assert [len(patches) for patches in drawn] == [4, 2, 4, 0]  # filled and outlined
    for patches in drawn:
        for patch in patches:  # outliers are in the outermost bins, and sides of any size compare
            assert len(patch.get_data().values) == N_BINS
            assert patch.get_data().values.sum() == pytest.approx(1)
    assert panels[3].texts[0].get_text() == "-"
