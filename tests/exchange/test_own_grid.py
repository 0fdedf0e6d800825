"""Scribbles for other trainers are those of the trial, put on the grid of the case."""

from dataclasses import replace

import numpy as np
import pytest
from outside import LABELS, made_case, trial

from scribblebench.data.preprocessing import prepare
from scribblebench.exchange.own_grid import is_resampled, own_grid_targets
from scribblebench.sweep.annotation import annotate


@pytest.mark.parametrize("field_of_view", [32, 38, 48])
def test_scribbles_are_the_very_ones_that_the_trial_trains_on(tiny, field_of_view):
    """Cut, cut and padded, padded: planes are 40 x 36, and centres are at half the side."""
    config = trial(tiny, field_of_view=field_of_view)
    slices = prepare(made_case(), field_of_view=field_of_view)
    seen = annotate(slices, config, LABELS)
    targets = own_grid_targets(slices, config, LABELS)
    assert targets.shape == (3, 40, 36)
    half = field_of_view // 2
    for row, col in np.ndindex(40, 36):
        r, c = row - 20 + half, col - 18 + half
        inside = 0 <= r < field_of_view and 0 <= c < field_of_view
        expected = seen[:, r, c] if inside else 255
        assert (targets[:, row, col] == expected).all()
    assert (seen != 255).sum() == (targets != 255).sum() > 0


def view_of_2_mm():
    """Return what 32 pixels of 2 mm show of 80 x 72 pixels of 1.5166 and 1.2052 mm.

    Resampled the planes have 61 x 43 pixels. Those from 14 to 46 and from 5 to 37 are seen, and of
    the case's own pixels those whose centres lie in them.
    """
    rows, cols = (np.arange(n) + 0.5 for n in (80, 72))
    inside = (rows >= 14 * 80 / 61) & (rows < 46 * 80 / 61)
    return inside[:, None] & (cols >= 5 * 72 / 43) & (cols < 37 * 72 / 43)


def test_where_planes_are_resampled_scribbles_are_drawn_on_own_pixels_within_the_view(tiny):
    config = trial(tiny, form="points", field_of_view=32, spacing_mm=2.0, background="whole")
    case = made_case(shape=(3, 80, 72))
    slices = prepare(case, field_of_view=32, spacing_mm=2.0)
    assert is_resampled(slices)
    targets = own_grid_targets(slices, config, LABELS)
    marked, view = targets != 255, view_of_2_mm()
    np.testing.assert_array_equal(targets[marked], case.label_map[marked])
    assert not marked[:, ~view].any()
    for class_id in (1, 2):
        shown = (case.label_map[0] == class_id) & view
        assert [(plane == class_id).sum() for plane in targets] == [round(0.1 * shown.sum())] * 3
    assert (case.label_map[0][~view] > 0).any(), "the view should cut something off"


def test_scribbles_that_come_with_the_data_stay_as_they_are_within_the_view(tiny):
    case = made_case(shape=(3, 80, 72))
    some = np.indices((3, 80, 72)).sum(axis=0) % 3 == 0
    scribble = np.where(some, case.label_map, 255).astype(np.uint8)
    case = replace(case, scribble=scribble)
    cut = np.zeros((80, 72), dtype=bool)
    cut[40 - 16 : 40 + 16, 36 - 16 : 36 + 16] = True
    for spacing_mm, view in ((None, cut), (2.0, view_of_2_mm())):
        config = trial(tiny, form="expert", field_of_view=32, spacing_mm=spacing_mm)
        slices = prepare(case, field_of_view=32, spacing_mm=spacing_mm)
        targets = own_grid_targets(slices, config, LABELS)
        np.testing.assert_array_equal(targets, np.where(view, scribble, 255))


def test_dense_labels_are_those_of_the_whole_case(tiny):
    config = trial(tiny, form="dense", field_of_view=32)
    slices = prepare(made_case(), field_of_view=32)
    np.testing.assert_array_equal(own_grid_targets(slices, config, LABELS), slices.case.label_map)
