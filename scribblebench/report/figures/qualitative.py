"""Pictures of single cases, chosen by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from scribblebench.report.figures.layout import add_legend, add_title, broken
from scribblebench.report.style import (
    CLASS_COLOURS,
    PAPER,
    Style,
    StyledFigure,
    new_figure,
    styled,
)
from scribblebench.types import IGNORE_LABEL, AnyArray

MARGIN_PX = 24
"""Pixels shown around the foreground of the dense labels and predictions."""

OPACITY = 0.55
"""Of labels on an image; scribbles are opaque."""


@dataclass(frozen=True)
class Shown:
    """One trial of a grid.

    Parameters
    ----------
    label : str
    rows : DataFrame
        The tidy rows of the trial: `case_id`, `dsc` and `form`.
    samples : mapping
        `case_id` (N,), and `image`, `label`, `scribble`, `pred`, uint8 of shape (N, S, S).
    """

    label: str
    rows: pd.DataFrame
    samples: Mapping[str, AnyArray]

    @property
    def is_dense(self) -> bool:
        """Whether the trial was trained on dense labels, and has no scribbles."""
        return bool((self.rows["form"] == "dense").all())

    def dsc(self, case_id: str) -> float:
        """Return the Dice of a case, averaged over the classes."""
        return float(self.rows.loc[self.rows["case_id"] == case_id, "dsc"].mean())

    def plane(self, name: str, case_id: str) -> AnyArray:
        """Return one of the pictures of a case.

        Raises
        ------
        ValueError
            If the trial has no picture of the case.
        """
        found = np.flatnonzero(self.samples["case_id"] == case_id)
        if not len(found):
            raise ValueError(f"samples must hold case '{case_id}', got none in '{self.label}'")
        plane: AnyArray = self.samples[name][found[0]]
        return plane


def best_median_worst(trial_rows: pd.DataFrame) -> list[tuple[str, str, float]]:
    """Choose three cases of one trial by Dice averaged over the classes.

    Returns
    -------
    chosen : list of (rank, case_id, dsc)
        Ranks "best", "median" (the lower one of an even number) and "worst"; fewer entries where
        there are fewer than three cases.
    """
    means = trial_rows.groupby("case_id")["dsc"].mean().sort_values(kind="stable")
    ranked = list(means.items())
    positions = {"best": len(ranked) - 1, "median": (len(ranked) - 1) // 2, "worst": 0}
    chosen: dict[str, tuple[str, str, float]] = {}
    for rank, position in positions.items():
        case_id, dsc = ranked[position]
        chosen.setdefault(str(case_id), (rank, str(case_id), float(dsc)))
    return list(chosen.values())


def qualitative_figure(
    trials: Sequence[Shown],
    class_names: Mapping[int, str],
    *,
    title: str = "",
    style: Style = PAPER,
) -> StyledFigure:
    """Draw the best, the median and the worst case of the first trial, as all trials see them.

    Columns: image, dense label, scribble, and a prediction for each trial with its Dice of that
    case. Where trials were trained on different scribbles, a case has two rows, each scribble
    under its prediction.

    Parameters
    ----------
    trials : sequence of Shown
        The first one decides which cases are shown. All hold these cases.
    class_names : mapping of int to str
        Names by class id, background included.
    title : str
    style : Style
    """
    reference = trials[0]
    cases = best_median_worst(reference.rows)
    is_shared = _share_scribbles(trials, [case_id for _, case_id, _ in cases])
    n_columns = (3 if is_shared else 1) + len(trials)
    n_rows = len(cases) * (1 if is_shared else 2)
    with styled(style, grid=False):
        side = (style.double_in - style.em(3)) / n_columns
        lines = max(len(_named(t.label, side, style).splitlines()) for t in trials)
        height = n_rows * side + style.em(len(cases) * 1.5 + 1.3 * lines + 0.5)
        figure = new_figure(style.double_in, height, style)
        figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.01, hspace=0.01)  # type: ignore[union-attr, call-arg]
        grid = figure.subplots(n_rows, n_columns, squeeze=False)
        px = _side([_box(trials, case_id) for _, case_id, _ in cases], reference)
        for i, (rank, case_id, _) in enumerate(cases):
            window = _window(_box(trials, case_id), px, reference.plane("image", case_id).shape)
            row = _Row(case_id, window, trials, style)
            if is_shared:
                row.draw_shared(grid[i])
            else:
                row.draw_pairs(grid[2 * i], grid[2 * i + 1])
            first = grid[i if is_shared else 2 * i][0]
            first.set_ylabel(f"{rank}\n{case_id}", fontsize=style.small_pt)
        heads = ["image", "dense label", "scribble"] if is_shared else ["image, dense label"]
        heads += [t.label for t in trials] if len(trials) > 1 else ["prediction"]
        for axes, head in zip(grid[0], heads, strict=True):
            axes.set_title(_named(head, side, style), fontsize=style.small_pt)
        add_title(figure, title)
        add_legend(figure, {name: Patch(color=_colour(i)) for i, name in class_names.items()})
        _close_up(figure, grid)
    return figure


def _close_up(figure: StyledFigure, grid: np.ndarray) -> None:
    """Make the figure as high as its square pictures need: the layout knows their widths only."""
    figure.draw_without_rendering()
    slot = grid[0][0].get_position(original=True)
    left_over = slot.height * figure.get_figheight() - slot.width * figure.get_figwidth()
    figure.set_figheight(figure.get_figheight() - len(grid) * left_over)


def _named(name: str, side_in: float, style: Style) -> str:
    return broken(name, max(int(side_in * 72 / (0.6 * style.small_pt)), 6))


def _share_scribbles(trials: Sequence[Shown], case_ids: Sequence[str]) -> bool:
    """Whether all trials that have scribbles were trained on the same ones."""
    scribbled = [t for t in trials if not t.is_dense]
    return all(
        np.array_equal(t.plane("scribble", c), scribbled[0].plane("scribble", c))
        for t in scribbled[1:]
        for c in case_ids
    )


@dataclass(frozen=True)
class _Row:
    """Draws one case."""

    case_id: str
    window: tuple[slice, slice]
    trials: Sequence[Shown]
    style: Style

    def draw_shared(self, panels: Sequence[Axes]) -> None:
        """Draw image, dense label and scribble once, then the predictions."""
        reference = self.trials[0]
        scribbled = next((t for t in self.trials if not t.is_dense), reference)
        self._draw(panels[0], reference, None)
        self._draw(panels[1], reference, "label")
        self._draw(panels[2], scribbled, None if scribbled.is_dense else "scribble")
        for axes, trial in zip(panels[3:], self.trials, strict=True):
            self._draw_prediction(axes, trial)

    def draw_pairs(self, upper: Sequence[Axes], lower: Sequence[Axes]) -> None:
        """Draw image and predictions; below them dense label and scribbles."""
        self._draw(upper[0], self.trials[0], None)
        self._draw(lower[0], self.trials[0], "label")
        for above, below, trial in zip(upper[1:], lower[1:], self.trials, strict=True):
            self._draw_prediction(above, trial)
            self._draw(below, trial, "label" if trial.is_dense else "scribble")

    def _draw_prediction(self, axes: Axes, trial: Shown) -> None:
        self._draw(axes, trial, "pred")
        dsc = trial.dsc(self.case_id)
        axes.set_xlabel(f"Dice {dsc:.3f}", fontsize=self.style.small_pt)

    def _draw(self, axes: Axes, trial: Shown, name: str | None) -> None:
        image = trial.plane("image", self.case_id)[self.window]
        labels = None if name is None else trial.plane(name, self.case_id)[self.window]
        axes.imshow(
            overlaid(image, labels, is_scribble=name == "scribble"), interpolation="nearest"
        )
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)


def overlaid(image: AnyArray, labels: AnyArray | None, *, is_scribble: bool) -> AnyArray:
    """Return labels over an image, RGB in [0, 1]; a scribble opaque and with its background.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)
    labels : ndarray of uint8, shape (H, W), or None
        The ignore label where not annotated.
    is_scribble : bool
    """
    rgb: AnyArray = np.repeat(image[..., None] / 255.0, 3, axis=2)
    if labels is None:
        return rgb
    annotated = labels != IGNORE_LABEL
    shown = annotated if is_scribble else annotated & (labels > 0)
    alpha = 1.0 if is_scribble else OPACITY
    colours = np.array([to_rgb(_colour(i)) for i in range(256)])[labels]
    mixed: AnyArray = np.where(shown[..., None], alpha * colours + (1.0 - alpha) * rgb, rgb)
    return mixed


def _box(trials: Sequence[Shown], case_id: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return first and last row and column of all foreground of a case; None without any."""
    planes = [trials[0].plane("label", case_id), *(t.plane("pred", case_id) for t in trials)]
    foreground = np.any([plane > 0 for plane in planes], axis=0)
    if not foreground.any():
        return None
    ends = [np.flatnonzero(foreground.any(axis=axis))[[0, -1]] for axis in (1, 0)]
    return (int(ends[0][0]), int(ends[0][1])), (int(ends[1][0]), int(ends[1][1]))


def _side(boxes: Sequence[tuple[tuple[int, int], tuple[int, int]] | None], reference: Shown) -> int:
    """Return the side of the windows in pixels: the same for all cases, so that pictures align."""
    largest = min(reference.samples["image"].shape[1:])
    if any(box is None for box in boxes):
        return int(largest)
    extents = [high - low + 1 for box in boxes if box is not None for low, high in box]
    return int(min(max(extents) + 2 * MARGIN_PX, largest))


def _window(
    box: tuple[tuple[int, int], tuple[int, int]] | None, side: int, shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Return a square window around a box, moved inside the picture."""
    spans = box or ((0, shape[0] - 1), (0, shape[1] - 1))
    starts = [
        int(np.clip((low + high + 1 - side) // 2, 0, max(size - side, 0)))
        for (low, high), size in zip(spans, shape, strict=True)
    ]
    rows, cols = (slice(start, start + side) for start in starts)
    return rows, cols


def _colour(class_id: int) -> str:
    return CLASS_COLOURS[class_id % len(CLASS_COLOURS)]
