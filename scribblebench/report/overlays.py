"""Pictures of single cases, chosen by rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from scipy import ndimage

from scribblebench.report.style import CLASS_COLOURS, new_figure, styled
from scribblebench.types import IGNORE_LABEL, AnyArray

MARGIN_PX = 24
"""Pixels shown around the annotated and predicted foreground."""


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


def overlay_figure(
    trial_rows: pd.DataFrame, samples: dict[str, AnyArray], class_names: dict[int, str], title: str
) -> Figure:
    """Draw image, dense label, scribble and prediction of the best, median and worst case.

    Parameters
    ----------
    trial_rows : DataFrame
        Rows of one trial.
    samples : dict
        See `scribblebench.sweep.samples.Samples.arrays`.
    class_names : dict of int to str
        Names by class id, background included.
    """
    chosen = best_median_worst(trial_rows)
    dense = bool((trial_rows["form"] == "dense").all())
    index = {str(case_id): i for i, case_id in enumerate(samples["case_id"])}
    columns = ("image", "dense label", "scribble", "prediction")
    with styled(grid=False):
        figure = new_figure(7.0, 0.5 + 1.85 * len(chosen))
        panels = figure.subplots(len(chosen), len(columns), squeeze=False)
        for row, (rank, case_id, dsc) in zip(panels, chosen, strict=True):
            i = index[case_id]
            box = _window([samples[name][i] for name in ("label", "pred")])
            image = samples["image"][i][box]
            shown = (None, *(samples[name][i][box] for name in ("label", "scribble", "pred")))
            for axes, labels, column in zip(row, shown, columns, strict=True):
                _draw(axes, image, labels, scribble=column == "scribble" and not dense)
                if rank == chosen[0][0]:
                    axes.set_title(column)
            row[0].set_ylabel(f"{rank}: {case_id}\nDice {dsc:.3f}", fontsize=7)
        figure.suptitle(title, fontsize=9, x=0.01, ha="left")
        patches = [Patch(color=_colour(i), label=name) for i, name in class_names.items()]
        figure.legend(handles=patches, loc="outside lower center", ncols=len(patches))
    return figure


def _window(label_maps: list[AnyArray]) -> tuple[slice, slice]:
    """Return the part of the slice around all foreground; all of it where there is none."""
    foreground = np.any([labels > 0 for labels in label_maps], axis=0)
    if not foreground.any():
        return np.s_[:, :]
    box = ndimage.find_objects(foreground.astype(np.uint8))[0]
    rows, cols = (slice(max(s.start - MARGIN_PX, 0), s.stop + MARGIN_PX) for s in box)
    return rows, cols


def _draw(axes: Axes, image: AnyArray, labels: AnyArray | None, *, scribble: bool) -> None:
    """Draw labels over an image; a scribble opaque and with its background."""
    rgb = np.repeat(image[..., None] / 255.0, 3, axis=2)
    if labels is not None:
        annotated = labels != IGNORE_LABEL
        shown = annotated if scribble else annotated & (labels > 0)
        alpha = 1.0 if scribble else 0.55
        colours = np.array([to_rgb(_colour(i)) for i in range(256)])[labels]
        rgb = np.where(shown[..., None], alpha * colours + (1.0 - alpha) * rgb, rgb)
    axes.imshow(rgb, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _colour(class_id: int) -> str:
    return CLASS_COLOURS[class_id % len(CLASS_COLOURS)]
