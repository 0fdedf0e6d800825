"""The figure of all forms."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from scribblebench.report.gallery import Series, Subject, drawings, gallery_figure
from scribblebench.report.scribble_overlays import coloured, shown_window
from scribblebench.report.style import save
from scribblebench.scribbles import Budget, Pen, ScribbleSettings, simulate_volume

SERIES = Series(["chord", "points"], [0.05, 0.2], [0.0, 0.5, 1.0], None, 3)
SPACING = (8.0, 1.5, 1.0)


@pytest.fixture
def subject():
    """The middle one of three slices, where class 1 is, between others that hold more."""
    labels = np.zeros((3, 50, 44), dtype=np.uint8)
    labels[:, 14:30, 20:32] = 4
    labels[1] = 0
    labels[1, 15:28, 16:24] = 1
    labels[1, 18:26, 24:30] = 2
    return Subject("made", labels, 1, {1: "one", 2: "two", 4: "four"}, SPACING)


@pytest.fixture
def scribbles(subject):
    return list(drawings(subject, SERIES))


def test_drawings_are_those_of_the_whole_volume(subject, scribbles):
    for form, found in zip(SERIES.forms, scribbles, strict=True):
        assert found.shape == (2, 3, 50, 44)
        for j, k in np.ndindex(2, 3):
            settings = ScribbleSettings(
                Pen(form, SERIES.randomness[k]), Budget(SERIES.densities[j])
            )
            named = {"seed": 3, "case_id": "made", "spacing_mm": SPACING}
            whole = simulate_volume(subject.label_map, settings, classes=[1, 2, 4], **named)
            np.testing.assert_array_equal(found[j, k], whole.scribble[1])
            assert {0, 1, 2, 255} == set(np.unique(found[j, k]))


def test_a_row_for_each_form_and_a_panel_for_each_cell(subject, scribbles):
    axes = gallery_figure(subject, SERIES, scribbles).axes[0]
    assert len(axes.images) == 2 * 2 * 3
    window = shown_window(subject.label_map[1:2], np.concatenate(scribbles).reshape(-1, 50, 44))
    places = [image.get_extent() for image in axes.images]
    for image, (i, j, k) in zip(axes.images, np.ndindex(2, 2, 3), strict=True):
        expected = coloured(subject.label_map[1][window], scribbles[i][j, k][window])
        np.testing.assert_allclose(image.get_array(), expected, atol=1e-6)
        left, right, bottom, top = image.get_extent()
        n_rows, n_cols = expected.shape[:2]
        assert (bottom - top) / (right - left) == pytest.approx(1.5 * n_rows / n_cols)
        assert (left, top) == (places[3 * j + k][0], places[6 * i][3])
    lefts = [left for left, *_ in places[:6]]
    gaps = np.diff(lefts) - (places[0][1] - places[0][0])
    assert (gaps > 0).all()
    assert gaps[2] > 2 * gaps[0]  # groups of one density stand apart
    texts = [text.get_text() for text in axes.texts]
    assert texts[:2] == ["chord", "points"]
    assert texts[2:] == [
        *("density", "randomness", "5 %", "0", "0.5", "1", "20 %", "0", "0.5", "1"),
        "made, slice 1, seed 3",
    ]
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["background", "one", "two"]  # class 4 is in other slices only


def test_no_text_touches_another_or_a_panel(subject, scribbles):
    """Also over the flattest and narrowest panels there are."""
    many = Series(["points"] * 2, [0.1] * 3, [0.0, 0.25, 0.5], None, 0)
    one = Series(["points"], [0.1], [0.0], None, 0)
    flat, tall = (1.0, 0.02, 1.0), (1.0, 9.0, 1.0)
    for spacing, series in ((SPACING, SERIES), (flat, many), (tall, many), (tall, one)):
        made = Subject("made", subject.label_map, 1, subject.class_names, spacing)
        figure = gallery_figure(made, series, list(drawings(made, series)))
        renderer = FigureCanvasAgg(figure).get_renderer()
        axes = figure.axes[0]
        boxes = [t.get_window_extent(renderer) for t in [*axes.texts, axes.get_legend()]]
        panels = [image.get_window_extent(renderer) for image in axes.images]
        whole = figure.bbox
        for i, box in enumerate(boxes):
            assert whole.x0 <= box.x0 <= box.x1 <= whole.x1
            assert whole.y0 <= box.y0 <= box.y1 <= whole.y1
            assert not any(box.overlaps(other) for other in boxes[:i])
        for box in boxes[len(series.forms) :]:
            assert not any(box.overlaps(panel) for panel in panels)


def test_every_voxel_is_a_whole_number_of_dots(subject, scribbles):
    square = Subject("made", subject.label_map, 1, subject.class_names, None)
    figure = gallery_figure(square, SERIES, scribbles)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    image = figure.axes[0].images[-1]
    box = image.get_window_extent(canvas.get_renderer())
    dots = box.width / image.get_array().shape[1]
    assert dots == pytest.approx(round(dots))
    assert figure.dpi >= 170
    row = pixels[round(len(pixels) - box.y0 - box.height / 2), round(box.x0) : round(box.x1), :3]
    changes = np.flatnonzero((row[1:] != row[:-1]).any(axis=1))
    assert len(changes) > 5
    assert (np.diff(changes) % round(dots) == 0).all()


def test_voxels_smaller_than_a_dot_are_averaged_and_not_left_out():
    """1800 columns in a panel of 1.8 inches at 600 dpi: 0.6 dots each."""
    labels = np.zeros((1, 400, 1800), dtype=np.uint8)
    labels[0, 10:-10, 10:-10] = 1
    scribble = np.full((1, 1, 400, 1800), 255, dtype=np.uint8)
    scribble[0, 0, 20:380, 15:1785:50] = 1
    made = Subject("made", labels, 0, {1: "one"}, None)
    figure = gallery_figure(made, Series(["chord"], [0.02], [0.0], None, 0), [scribble])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    assert figure.dpi == 600
    box = figure.axes[0].images[0].get_window_extent(canvas.get_renderer())
    pixels = np.asarray(canvas.buffer_rgba())
    row = pixels[round(len(pixels) - box.y0 - box.height / 2), round(box.x0) : round(box.x1), 0]
    bright = row > 1.3 * np.median(row)
    assert (bright[1:] & ~bright[:-1]).sum() == 36


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_the_same_figure_is_the_same_file(subject, scribbles, tmp_path, suffix):
    for name in ("a", "b"):
        save(gallery_figure(subject, SERIES, scribbles), tmp_path / name, (suffix,), dpi=60)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
