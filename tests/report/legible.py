"""What is written in a figure, and whether it can be read."""

from itertools import combinations
from unittest import mock

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from scribblebench.report.style import styled

TOUCH_PX = 1.0
"""Boxes of text have some air: those that meet by less do not touch."""


def written(figure):
    """Draw a figure and return every text that was drawn, with its box in pixels.

    Ticks beyond an axis have labels too, which are never drawn: so drawing is what is watched.
    """
    drawn = []
    draw = Text.draw

    def remember(text, renderer, *args, **kwargs):
        if text.get_visible() and text.get_text().strip():
            drawn.append(text)
        return draw(text, renderer, *args, **kwargs)

    canvas = FigureCanvasAgg(figure)
    with mock.patch.object(Text, "draw", remember):
        canvas.draw()
    unique = {id(text): text for text in drawn}.values()
    with styled(figure.style):
        renderer = canvas.get_renderer()
        return [(text.get_text(), text.get_window_extent(renderer)) for text in unique]


def check_legible(figure):
    """Fail if two texts overlap, one leaves the canvas, or there are two legends."""
    texts = written(figure)
    assert texts
    canvas = figure.bbox
    for name, box in texts:
        inside = (
            box.x0 >= -TOUCH_PX
            and box.y0 >= -TOUCH_PX
            and box.x1 <= canvas.width + TOUCH_PX
            and box.y1 <= canvas.height + TOUCH_PX
        )
        assert inside, f"{name!r} leaves the canvas: {box} of {canvas}"
    for (name, box), (other, over) in combinations(texts, 2):
        met = Bbox.intersection(box, over)
        apart = met is None or min(met.width, met.height) <= TOUCH_PX
        assert apart, f"{name!r} overlaps {other!r}: {box}, {over}"
    legends = [*figure.legends, *(a.get_legend() for a in figure.axes if a.get_legend())]
    assert len(legends) <= 1
