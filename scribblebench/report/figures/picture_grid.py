"""Where the pictures of a grid stand, and which part of an image they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from scribblebench.report.figures.layout import LETTER, broken
from scribblebench.report.style import Style, StyledFigure

MARGIN_PX = 24
"""Pixels shown around the foreground of the dense labels and predictions."""

GAP_EM = 0.35
"""Between pictures."""

LARGEST_EM = 15.0
"""Side of a picture where there are few."""

Box = tuple[tuple[int, int], tuple[int, int]]


def fitted_to(name: str, side_in: float, style: Style) -> str:
    """Break a name into lines that are not longer than a picture is wide."""
    return broken(name, max(int(side_in * 72 / (LETTER * style.small_pt)), 6))


@dataclass(frozen=True)
class Grid:
    """Where pictures stand, in inches: squares in rows, those of one case close together."""

    style: Style
    side_in: float
    left_in: float
    n_columns: int
    n_cases: int
    rows_a_case: int

    @classmethod
    def fitting(
        cls, style: Style, n_columns: int, rows_a_case: int, case_ids: Sequence[str]
    ) -> Grid:
        """Fill the width of both columns of a page, with room for the cases' names."""
        gap = style.em(GAP_EM)
        least = (style.double_in - style.em(5.0)) / n_columns - gap
        names = [fitted_to(case_id, rows_a_case * least, style) for case_id in case_ids]
        lines = 2 + max(name.count("\n") for name in names)
        left = style.em(0.6) + 1.25 * lines * style.small_pt / 72
        side = (style.double_in - left - n_columns * gap) / n_columns
        side = min(side, style.em(LARGEST_EM))
        left = (style.double_in - n_columns * (side + gap) + left) / 2
        return cls(style, side, left, n_columns, len(case_ids), rows_a_case)

    @property
    def case_in(self) -> float:
        """Height of the pictures of one case."""
        return self.rows_a_case * (self.side_in + self.style.em(GAP_EM))

    @property
    def height_in(self) -> float:
        """Height of all cases."""
        return self.n_cases * (self.case_in + self.style.em(2 * GAP_EM))

    def _top(self, head_in: float, case: int) -> float:
        return head_in + case * (self.case_in + self.style.em(2 * GAP_EM))

    def panels(self, figure: StyledFigure, head_in: float, case: int) -> list[list[Axes]]:
        """Add the axes of one case, row by row."""
        width, height = figure.get_size_inches()
        step = self.side_in + self.style.em(GAP_EM)
        rows = []
        for row in range(self.rows_a_case):
            bottom = height - self._top(head_in, case) - row * step - self.side_in
            places = [(self.left_in + column * step, bottom) for column in range(self.n_columns)]
            size = (self.side_in / width, self.side_in / height)
            rows.append([figure.add_axes((x / width, y / height, *size)) for x, y in places])
        return rows

    def write_beside(self, figure: StyledFigure, head_in: float, case: int, name: str) -> None:
        """Write the name of a case at its left, upwards."""
        width, height = figure.get_size_inches()
        x = self.left_in - self.style.em(0.4)
        y = height - self._top(head_in, case) - self.case_in / 2
        figure.text(
            x / width,
            y / height,
            name,
            rotation=90,
            ha="right",
            va="center",
            multialignment="center",
            fontsize=self.style.small_pt,
        )


def window_side(boxes: Sequence[Box | None], shape: tuple[int, ...]) -> int:
    """Return the side of the windows in pixels: the same for all cases, so that pictures align."""
    if any(box is None for box in boxes):
        return min(shape)
    extents = [high - low + 1 for box in boxes if box is not None for low, high in box]
    return min(max(extents) + 2 * MARGIN_PX, *shape)


def window_of(box: Box | None, side: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return a square window around a box, moved inside the picture."""
    spans = box or ((0, shape[0] - 1), (0, shape[1] - 1))
    starts = [
        int(np.clip((low + high + 1 - side) // 2, 0, max(size - side, 0)))
        for (low, high), size in zip(spans, shape, strict=True)
    ]
    rows, cols = (slice(start, start + side) for start in starts)
    return rows, cols
