"""Pictures of single cases, chosen by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from scribblebench.report.figures.layout import add_legend, fitted
from scribblebench.report.figures.picture_grid import (
    Box,
    Grid,
    fitted_to,
    window_of,
    window_side,
)
from scribblebench.report.style import (
    CLASS_COLOURS,
    PAPER,
    Style,
    StyledFigure,
    new_figure,
    styled,
)
from scribblebench.types import IGNORE_LABEL, AnyArray

OPACITY = 0.55
"""Of labels on an image; scribbles are opaque."""


MOST_TRIALS = 6
"""Predictions that fit beside each other on a page."""


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

    Raises
    ------
    ValueError
        If there is no trial, or more than `MOST_TRIALS`, or one has no picture of a case.
    """
    if not 1 <= len(trials) <= MOST_TRIALS:
        raise ValueError(f"trials must be 1 to {MOST_TRIALS}, got {len(trials)}")
    reference = trials[0]
    cases = best_median_worst(reference.rows)
    boxes = [foreground_box(trials, case_id) for _, case_id, _ in cases]
    px = window_side(boxes, reference.samples["image"].shape[1:])
    is_shared = _share_scribbles(trials, [case_id for _, case_id, _ in cases])
    heads = ["image", "dense label", "scribble"] if is_shared else ["image, dense label"]
    heads += [t.label for t in trials] if len(trials) > 1 else ["prediction"]
    with styled(style, grid=False):
        figure = new_figure(style.double_in, 0.0, style)
        figure.set_layout_engine("none")  # all sizes are known: the pictures are squares
        grid = Grid.fitting(
            style, len(heads), 1 if is_shared else 2, [case for _, case, _ in cases]
        )
        names = [fitted_to(head, grid.side_in, style) for head in heads]
        head_in = style.em(0.5 + 1.1 * max(name.count("\n") + 1 for name in names))
        lines = fitted(figure, title).splitlines()
        head_in += style.em(1.3 * len(lines))
        figure.set_figheight(head_in + grid.height_in + style.em(0.5))
        add_legend(figure, {name: Patch(color=_colour(i)) for i, name in class_names.items()})
        if title:
            top = 1.0 - style.em(0.2) / figure.get_figheight()
            figure.text(0.01, top, "\n".join(lines), va="top")
        for i, ((rank, case_id, _), box) in enumerate(zip(cases, boxes, strict=True)):
            panels = grid.panels(figure, head_in, i)
            shape = reference.plane("image", case_id).shape
            row = _Row(case_id, window_of(box, px, shape), trials, style)
            (row.draw_shared if is_shared else row.draw_pairs)(panels)
            name = f"{rank}\n{fitted_to(case_id, grid.case_in, style)}"
            grid.write_beside(figure, head_in, i, name)
            if i == 0:
                for axes, head in zip(panels[0], names, strict=True):
                    axes.set_title(head, fontsize=style.small_pt)
    return figure


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

    def draw_shared(self, panels: Sequence[Sequence[Axes]]) -> None:
        """Draw image, dense label and scribble once, then the predictions."""
        ((image, label, scribble, *predictions),) = panels
        reference = self.trials[0]
        scribbled = next((t for t in self.trials if not t.is_dense), reference)
        self._draw(image, reference, None)
        self._draw(label, reference, "label")
        self._draw(scribble, scribbled, None if scribbled.is_dense else "scribble")
        for axes, trial in zip(predictions, self.trials, strict=True):
            self._draw_prediction(axes, trial)

    def draw_pairs(self, panels: Sequence[Sequence[Axes]]) -> None:
        """Draw image and predictions; below them dense label and scribbles."""
        (image, *predictions), (label, *scribbles) = panels
        self._draw(image, self.trials[0], None)
        self._draw(label, self.trials[0], "label")
        for above, below, trial in zip(predictions, scribbles, self.trials, strict=True):
            self._draw_prediction(above, trial)
            self._draw(below, trial, "label" if trial.is_dense else "scribble")

    def _draw_prediction(self, axes: Axes, trial: Shown) -> None:
        self._draw(axes, trial, "pred")
        axes.text(
            0.03,
            0.03,
            f"Dice {trial.dsc(self.case_id):.3f}",
            transform=axes.transAxes,
            color="white",
            fontsize=self.style.small_pt,
            path_effects=[withStroke(linewidth=2 * self.style.thin_pt, foreground="black")],
        )

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


def foreground_box(trials: Sequence[Shown], case_id: str) -> Box | None:
    """Return first and last row and column of all foreground of a case; None without any."""
    planes = [trials[0].plane("label", case_id), *(t.plane("pred", case_id) for t in trials)]
    foreground = np.any([plane > 0 for plane in planes], axis=0)
    if not foreground.any():
        return None
    rows, cols = (np.flatnonzero(foreground.any(axis=axis)) for axis in (1, 0))
    return (int(rows[0]), int(rows[-1])), (int(cols[0]), int(cols[-1]))


def _colour(class_id: int) -> str:
    return CLASS_COLOURS[class_id % len(CLASS_COLOURS)]
