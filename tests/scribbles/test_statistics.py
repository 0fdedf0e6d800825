"""Statistics of scribbles: values by hand, other implementations, and what real people drew."""

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.graph import MCP_Geometric

from scribblebench.io.formats import read_label_map
from scribblebench.scribbles.coverage import distance_within
from scribblebench.scribbles.statistics import slice_statistics, volume_statistics
from scribblebench.types import IGNORE_LABEL

ROOT2 = math.sqrt(2)


def marks_at(shape, *pixels):
    marks = np.zeros(shape, dtype=bool)
    for pixel in pixels:
        marks[pixel] = True
    return marks


def label_map_of(rows):
    """Read a label map from strings; a dot is not annotated."""
    return np.array(
        [[IGNORE_LABEL if c == "." else int(c) for c in row] for row in rows], dtype=np.uint8
    )


def by_class(found):
    return {statistics.class_id: statistics for statistics in found}


@settings(max_examples=50, deadline=None)
@given(
    arrays(bool, (9, 8), elements=st.sampled_from([True, True, True, False])),
    st.integers(0, 8),
    st.integers(0, 7),
)
def test_distance_within_agrees_with_scikit_image(mask, row, col):
    mask[row, col] = True
    marks = marks_at(mask.shape, (row, col))
    costs = np.where(mask, 1.0, -1.0)  # negative: forbidden
    expected, _ = MCP_Geometric(costs, sampling=(2.0, 3.0)).find_costs([(row, col)])
    np.testing.assert_allclose(distance_within(marks, mask, spacing=(2.0, 3.0)), expected)


def test_distance_within_goes_around_corners_and_not_outside():
    mask = np.ones((5, 5), dtype=bool)
    mask[:4, 2] = False
    distance = distance_within(marks_at((5, 5), (0, 0)), mask)
    # Down to row 3 in column 1, by two diagonals around the lower end, and up again.
    assert distance[0, 4] == pytest.approx(2 * (2 + 2 * ROOT2))
    assert np.isinf(distance[0, 2])
    mask[4, 2] = False
    assert np.isinf(distance_within(marks_at((5, 5), (0, 0)), mask)[:, 3:]).all()


SCRIBBLE = label_map_of(
    [
        "0.......",
        "0.......",
        "0..11...",
        "0.......",
        "0...2...",
        "0....1..",
        "0.......",
    ]
)
DENSE = label_map_of(
    [
        "00000000",
        "00111000",
        "00111000",
        "00111000",
        "00000000",
        "00000003",
        "03330003",
    ]
)


def test_shares_spill_and_missed_classes_by_hand():
    found = by_class(slice_statistics(SCRIBBLE, DENSE))
    assert sorted(found) == [0, 1, 2, 3]
    one = found[1]
    assert (one.annotated_px, one.class_px, one.n_strokes) == (3, 9, 2)
    assert one.share == pytest.approx(2 / 9)
    assert one.spill == pytest.approx(1 / 3)
    assert one.spill_median == one.spill_p95 == pytest.approx(math.hypot(2, 1))
    assert one.length == 1
    assert one.length_per_perimeter == pytest.approx(1 / (8 + 2 * ROOT2))
    assert found[2].spill == 1
    assert math.isnan(found[2].spill_median)  # there is no class 2 to be away from
    assert math.isnan(found[2].share)
    assert (found[2].missed, found[3].missed, found[1].missed) == (0, 1, 0)
    assert (found[3].share, found[3].n_strokes, found[3].length) == (0, 0, 0)


def test_depth_and_coverage_by_hand():
    one = by_class(slice_statistics(SCRIBBLE, DENSE))[1]
    # Distances to the edge are 1 and, in the middle of the 3 x 3 square, 2.
    assert one.class_depth == pytest.approx((8 * 1 + 2) / 9 / 2)
    assert one.depth == pytest.approx((2 + 1) / 2 / 2)
    # Annotated: the middle and its right; up, down: 1 each; left column: 1 and two diagonals.
    assert one.coverage_mean == pytest.approx((5 * 1 + 2 * ROOT2) / 9)
    assert one.unreached_parts == one.unreached_fraction == 0
    three = by_class(slice_statistics(SCRIBBLE, DENSE))[3]
    assert (three.unreached_parts, three.unreached_fraction) == (2, 1)
    assert math.isnan(three.coverage_mean)
    assert math.isnan(three.depth)
    assert three.class_depth == 1


def test_parts_without_annotation_are_counted_and_not_averaged():
    scribble = np.full((3, 9), IGNORE_LABEL, dtype=np.uint8)
    dense = np.zeros((3, 9), dtype=np.uint8)
    dense[1, 0:3] = dense[1, 5:8] = 1
    scribble[1, 0] = 1
    one = by_class(slice_statistics(scribble, dense))[1]
    assert (one.unreached_parts, one.unreached_fraction) == (1, 0.5)
    assert one.coverage_mean == 1


def test_ring_by_hand():
    found = by_class(slice_statistics(SCRIBBLE, DENSE))[0]
    # To column 0 from the square at columns 2 to 4 and the bar at row 6: rows 0 to 6.
    distances = [math.hypot(1, 2), 2, 2, 2, math.hypot(1, 2), ROOT2, 1]
    assert found.ring_distance == pytest.approx(np.median(distances))
    assert found.ring_sd == pytest.approx(np.std(distances))
    assert 0 < found.ring_encircled < 0.5
    assert math.isnan(found.depth)
    assert math.isnan(found.length_per_perimeter)


def test_a_ring_encircles_whether_or_not_it_is_closed():
    dense = np.zeros((41, 41), dtype=np.uint8)
    dense[18:23, 18:23] = 1
    row, col = np.ogrid[:41, :41]
    r = np.hypot(row - 20, col - 20)
    ring = np.where((r < 15.5) & (r >= 14.5), 0, IGNORE_LABEL).astype(np.uint8)
    assert by_class(slice_statistics(ring, dense))[0].ring_encircled == 1
    ring[:, :20] = IGNORE_LABEL
    assert by_class(slice_statistics(ring, dense))[0].ring_encircled == pytest.approx(0.5, abs=0.03)


def test_distances_scale_with_the_spacing_and_the_rest_does_not():
    in_px = by_class(slice_statistics(SCRIBBLE, DENSE))
    in_mm = by_class(slice_statistics(SCRIBBLE, DENSE, spacing_mm=(3.0, 3.0)))
    for name in ("length", "coverage_mean", "coverage_p95", "spill_median"):
        assert getattr(in_mm[1], name) == pytest.approx(3 * getattr(in_px[1], name))
    assert in_mm[0].ring_distance == pytest.approx(3 * in_px[0].ring_distance)
    for name in ("share", "depth", "class_depth", "length_per_perimeter", "spill"):
        assert getattr(in_mm[1], name) == pytest.approx(getattr(in_px[1], name))


def test_unequal_spacing_goes_with_its_axis():
    scribble, dense = SCRIBBLE, DENSE
    upright = by_class(slice_statistics(scribble, dense, spacing_mm=(1.0, 2.0)))
    turned = by_class(slice_statistics(scribble.T, dense.T, spacing_mm=(2.0, 1.0)))
    for class_id in upright:
        ours = {k: v for k, v in vars(upright[class_id]).items() if k not in ("strokes",)}
        theirs = {k: v for k, v in vars(turned[class_id]).items() if k not in ("strokes",)}
        assert ours["ring_encircled"] == pytest.approx(
            theirs.pop("ring_encircled"), abs=0.03, nan_ok=True
        )
        ours.pop("ring_encircled")
        assert ours == pytest.approx(theirs, nan_ok=True)


def test_without_dense_labels_what_needs_them_is_nan():
    found = by_class(slice_statistics(SCRIBBLE))
    assert sorted(found) == [0, 1, 2]
    assert (found[1].annotated_px, found[1].n_strokes, found[1].length) == (3, 2, 1)
    needs_labels = {
        k: v
        for k, v in vars(found[0]).items()
        if k not in ("class_id", "annotated_px", "n_strokes", "length", "strokes")
    }
    assert len(needs_labels) == 16
    assert all(math.isnan(value) for value in needs_labels.values())


def test_a_slice_without_annotation_and_one_that_is_all_annotated():
    nothing = np.full((4, 4), IGNORE_LABEL, dtype=np.uint8)
    assert slice_statistics(nothing) == []
    (background,) = slice_statistics(nothing, np.zeros((4, 4), dtype=np.uint8))
    assert (background.missed, background.share) == (1, 0)
    assert math.isnan(background.ring_distance)
    (everything,) = slice_statistics(np.ones((4, 4), np.uint8), np.ones((4, 4), np.uint8))
    assert (everything.share, everything.coverage_p95, everything.spill) == (1, 0, 0)
    assert everything.depth == everything.class_depth


def test_tables_have_a_row_for_each_slice_and_class_and_for_each_stroke():
    volume, dense = np.stack([SCRIBBLE, SCRIBBLE]), np.stack([DENSE, DENSE])
    classes, strokes = volume_statistics(volume, dense, spacing_mm=(0.5, 0.5))
    assert list(classes["class_id"]) == [0, 1, 2, 3] * 2
    assert list(classes["slice_index"]) == [0] * 4 + [1] * 4
    assert set(classes["distance_unit"]) == {"mm"}
    assert list(strokes.query("slice_index == 1")["class_id"]) == [0, 1, 1, 2]
    joined = strokes.groupby(["slice_index", "class_id"])["stroke_length"].sum()
    expected = classes.query("n_strokes > 0").set_index(["slice_index", "class_id"])["length"]
    pd.testing.assert_series_equal(joined, expected, check_names=False)
    empty = np.full((1, 2, 2), IGNORE_LABEL, dtype=np.uint8)
    assert [len(table) for table in volume_statistics(empty)] == [0, 0]


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.uint8, (7, 9), elements=st.sampled_from([0, 1, 2, IGNORE_LABEL, IGNORE_LABEL])),
    arrays(np.uint8, (7, 9), elements=st.sampled_from([0, 1, 2])),
)
def test_on_any_arrays_shares_are_shares_and_nothing_is_infinite(scribble, dense):
    for found in slice_statistics(scribble, dense):
        values = {k: v for k, v in vars(found).items() if k != "strokes"}
        assert not any(math.isinf(value) for value in values.values())
        for name in ("share", "depth", "class_depth", "unreached_fraction", "spill"):
            assert not values[name] < 0
            assert not values[name] > 1 + 1e-12
        assert found.annotated_px == sum(stroke.stroke_px for stroke in found.strokes)
        assert found.length == pytest.approx(sum(stroke.stroke_length for stroke in found.strokes))
        assert all(stroke.stroke_width > 0 for stroke in found.strokes)
        assert not any(s.stroke_tortuosity < 1 - 1e-12 for s in found.strokes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scribble": SCRIBBLE.astype(int)}, "scribble must be 2-D uint8, got 2-D int64"),
        ({"scribble": SCRIBBLE[None]}, "scribble must be 2-D uint8, got 3-D uint8"),
        (
            {"label_map": DENSE[:3]},
            r"label_map must be uint8 of shape \(7, 8\), got uint8 \(3, 8\)",
        ),
        ({"label_map": SCRIBBLE}, "label_map must be dense, got 255, not annotated"),
        ({"spacing_mm": (1.0, 0.0)}, r"spacing_mm must be \(row, col\), finite and > 0"),
        ({"spacing_mm": (5.0, 1.0, 1.0)}, r"spacing_mm must be \(row, col\), finite and > 0"),
    ],
)
def test_bad_arguments_are_refused_in_words(arguments, message):
    good = {"scribble": SCRIBBLE, "label_map": DENSE, "spacing_mm": None} | arguments
    with pytest.raises(ValueError, match=message):
        slice_statistics(good["scribble"], good["label_map"], spacing_mm=good["spacing_mm"])


@pytest.mark.slow
def test_experts_on_acdc():
    """Means over 20 patients against those published for all 100; margin: sampling of patients."""
    root = Path(os.environ.get("SCRIBBLEBENCH_DATA", "")) / "acdc"
    if not root.is_dir():
        pytest.skip("SCRIBBLEBENCH_DATA names no folder with acdc")
    tables = []
    for path in sorted(root.glob("patient*/*_scribble.nii.gz"))[::4]:
        raw, _ = read_label_map(path)
        dense, _ = read_label_map(path.with_name(path.name.replace("_scribble", "_gt")))
        tables.append(volume_statistics(np.where(raw == 4, np.uint8(255), raw), dense))
    classes, strokes = (pd.concat(parts).groupby("class_id") for parts in zip(*tables, strict=True))
    published = {
        "share": (0.0068, 0.123, 0.163, 0.119),
        "n_strokes": (1.02, 1.03, 1.79, 1.02),
        "depth": (math.nan, 0.60, 0.64, 0.55),
        "class_depth": (math.nan, 0.42, 0.47, 0.39),
    }
    for name, means in published.items():
        assert classes[name].mean().tolist() == pytest.approx(means, rel=0.2, nan_ok=True), name
    assert strokes["stroke_closed"].mean().tolist() == pytest.approx(
        [0.63, 0.25, 0.10, 0.27], abs=0.05
    )
    assert strokes["stroke_width"].median().tolist() == [1, 1, 1, 1]
    assert classes["ring_distance"].median()[0] == pytest.approx(9.9, abs=1.5)
    assert classes["spill"].mean().max() < 0.002
