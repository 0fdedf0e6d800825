import dataclasses
import math

import numpy as np
import pytest

from scribblebench.metrics import ClassScore, score_case
from scribblebench.types import IGNORE_LABEL, LabelSpec

LABELS = LabelSpec(("background", "rv", "myo", "lv"))


def two_classes(shift: int = 0) -> np.ndarray:
    """Class 1 a 4 by 4 square, class 2 a row below it; class 3 nowhere. (H, W)."""
    label_map = np.zeros((16, 16), dtype=np.uint8)
    label_map[2:6, 3 + shift : 7 + shift] = 1
    label_map[10, 2:9] = 2
    return label_map


def test_each_foreground_class_gets_one_score_in_order():
    scores = score_case(two_classes(2), two_classes(), labels=LABELS, spacing_mm=(0.5, 2.0))
    assert [(s.class_id, s.class_name) for s in scores] == [(1, "rv"), (2, "myo"), (3, "lv")]


def test_values_of_a_shifted_square_an_exact_row_and_an_absent_class():
    """Spacing (0.5, 2) mm, target in columns 3 to 6, pred in columns 5 to 8 of the same rows.

    From pred: the edge rows of columns 5 and 6 lie on the target's border, 4 of 0 mm; the inner
    rows of column 5 are a row away from it, 2 of 0.5; the edge rows of column 7 a column, 2 of
    2; column 8 two columns, 4 of 4. The way back is the mirror image.
    """
    rv, myo, lv = score_case(two_classes(2), two_classes(), labels=LABELS, spacing_mm=(0.5, 2.0))
    assert (rv.dsc, rv.hd, rv.distance_unit, rv.failed) == (0.5, 4.0, "mm", False)
    assert rv.assd == pytest.approx((4 * 0 + 2 * 2 + 2 * 0.5 + 4 * 4) / 12)
    assert myo == ClassScore(2, "myo", 1.0, 0.0, 0.0, 0.0, "mm", False)
    assert lv == ClassScore(3, "lv", 1.0, 0.0, 0.0, 0.0, "mm", False)


def test_without_spacing_distances_are_pixels_and_say_so():
    rv, *_ = score_case(two_classes(3), two_classes(), labels=LABELS, spacing_mm=None)
    assert (rv.hd, rv.distance_unit) == (3.0, "px")
    unit = score_case(two_classes(3), two_classes(), labels=LABELS, spacing_mm=(1.0, 1.0))
    assert unit[0] == dataclasses.replace(rv, distance_unit="mm")


@pytest.mark.parametrize("missing_in", ["pred", "target"])
def test_a_class_missed_or_invented_is_a_failure(missing_in):
    with_lv, without = two_classes(), two_classes()
    with_lv[13, 4:8] = 3
    pred, target = (without, with_lv) if missing_in == "pred" else (with_lv, without)
    *others, lv = score_case(pred, target, labels=LABELS, spacing_mm=None)
    assert lv == ClassScore(3, "lv", 0.0, math.inf, math.inf, math.inf, "px", True)
    assert not any(s.failed for s in others)


def test_volume_distances_use_the_plane_spacing():
    target = np.zeros((6, 16, 16), dtype=np.uint8)
    pred = target.copy()
    target[1:4] = two_classes()
    pred[1:5] = two_classes()
    rv, *_ = score_case(pred, target, labels=LABELS, spacing_mm=(7.0, 1.0, 1.0))
    assert rv.hd == 7.0
    assert rv.dsc == pytest.approx(2 * 3 / 7)


@pytest.mark.parametrize("spacing", [(9.0, 0.5, 2.0), None])
def test_a_volume_of_one_plane_is_measured_as_the_plane_itself(spacing):
    """In 3-D its inner voxels would be surface too: ASSD would be lower."""
    pred, target = two_classes(1), two_classes()
    flat = score_case(pred, target, labels=LABELS, spacing_mm=spacing and spacing[1:])
    volume = score_case(pred[None], target[None], labels=LABELS, spacing_mm=spacing)
    assert volume == flat


def test_scores_are_plain_python_values():
    for score in score_case(two_classes(1), two_classes(), labels=LABELS, spacing_mm=None):
        kinds = {type(value) for value in dataclasses.asdict(score).values()}
        assert kinds == {int, float, str, bool}


def test_unlike_shapes_are_refused():
    with pytest.raises(ValueError, match=r"target's shape \(16, 16\), got \(1, 16, 16\)"):
        score_case(two_classes()[None], two_classes(), labels=LABELS, spacing_mm=None)


def test_a_spacing_for_another_number_of_axes_is_refused():
    with pytest.raises(ValueError, match=r"spacing_mm must be 3 numbers, got \(1.0, 1.0\)"):
        score_case(two_classes()[None], two_classes()[None], labels=LABELS, spacing_mm=(1.0, 1.0))


def test_a_batch_of_volumes_is_refused():
    batch = two_classes()[None, None]
    with pytest.raises(ValueError, match=r"\(H, W\) or \(P, H, W\), got shape \(1, 1, 16, 16\)"):
        score_case(batch, batch, labels=LABELS, spacing_mm=None)


def test_scribble_label_maps_are_refused_as_target():
    target = two_classes()
    target[0, 0] = IGNORE_LABEL
    with pytest.raises(ValueError, match=r"target: .* got 255 \(1 px\)"):
        score_case(two_classes(), target, labels=LABELS, spacing_mm=None)


def test_probabilities_are_refused_as_pred():
    with pytest.raises(ValueError, match="pred must be an array of integers, got float64"):
        score_case(two_classes() / 2, two_classes(), labels=LABELS, spacing_mm=None)
