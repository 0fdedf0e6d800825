"""The labels that a trial may learn from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scribblebench.data.preprocessing import Slices
from scribblebench.scribbles import (
    PRESETS,
    BackgroundPolicy,
    Budget,
    Pen,
    ScribbleSettings,
    simulate_volume,
)
from scribblebench.scribbles.against_labels import bounding_box
from scribblebench.scribbles.budget import SliceChoice
from scribblebench.scribbles.cost import dense_seconds, scribble_seconds
from scribblebench.scribbles.coverage import distance_within
from scribblebench.scribbles.jobs import Settings
from scribblebench.sweep.plan import TrialConfig
from scribblebench.types import IGNORE_LABEL, BoolArray, LabelArray, LabelSpec


def annotate(slices: Slices, config: TrialConfig, labels: LabelSpec) -> LabelArray:
    """Return what an annotator leaves on one case, by the trial's form.

    Scribbles are drawn within the field of view: what is cut off is not shown to the annotator.

    Returns
    -------
    targets : ndarray of uint8, shape (P, S, S)
        Class ids; the ignore label where not annotated and where the slice was padded.
    """
    if config.form == "expert":
        assert slices.scribble is not None, "a sweep refuses such cases when it loads them"
        return slices.scribble
    assert slices.label_map is not None, "a sweep refuses such cases when it loads them"
    dense = np.where(slices.inside, slices.label_map, np.uint8(IGNORE_LABEL))
    if config.form == "dense":
        return dense
    targets = np.full_like(dense, IGNORE_LABEL)
    targets[slices.real] = simulate_volume(  # planes of padding are no slices to choose from
        dense[slices.real],
        _settings(config),
        classes=labels.foreground,
        seed=config.seed,
        case_id=slices.case.case_id,
        spacing_mm=slices.spacing_mm,
    ).scribble
    return targets


def _settings(config: TrialConfig) -> Settings:
    """Return how the scribbles of a trial are drawn."""
    if config.form in PRESETS:
        return PRESETS[config.form]
    assert config.density is not None
    assert config.randomness is not None
    assert config.background is not None
    density = config.background_density
    return ScribbleSettings(
        Pen(config.form, config.randomness),
        Budget(config.density),
        background=BackgroundPolicy(config.background),
        background_budget=None if density is None else Budget(density),
        slices=SliceChoice(1.0 if config.slice_share is None else config.slice_share),
        three_d=config.draw == "volume",
    )


@dataclass
class Effort:
    """Counts what the annotation of a training set is, and what it takes.

    All is counted by slices, also where the annotator drew in a volume: what a stroke leaves in a
    slice counts as drawn in that slice, each connected mark as a stroke of its own.

    One case without dense labels makes all of it NaN: how much foreground there is, how far from a
    mark and how wide, and so how long a stroke takes, is not known there.
    """

    annotated_px: int = 0
    foreground_px: float = 0
    reached_px: int = 0
    distance_px: float = 0.0
    seconds: float = 0.0

    def add(self, targets: LabelArray, slices: Slices, labels: LabelSpec, *, dense: bool) -> None:
        """Count one case; `dense` where everything is labelled instead of scribbled on."""
        if slices.label_map is None:
            self.foreground_px = self.seconds = float("nan")
            return
        foreground = np.isin(slices.label_map, list(labels.foreground))
        self.foreground_px += int(foreground.sum())
        self.annotated_px += int((foreground & (targets != IGNORE_LABEL)).sum())
        real = slices.real
        for target, label_map in zip(targets[real], slices.label_map[real], strict=True):
            for class_id in labels.foreground:
                self._reach(target == class_id, label_map == class_id)
            self.seconds += (
                dense_seconds(label_map) if dense else scribble_seconds(target, label_map)
            )

    def _reach(self, marks: BoolArray, mask: BoolArray) -> None:
        """Count the distances of one class of a slice to its marks."""
        if mask.any():
            box = bounding_box(mask)
            distance = distance_within(marks[box], mask[box])
            reached = np.isfinite(distance)
            self.reached_px += int(np.count_nonzero(reached))
            self.distance_px += float(distance[reached].sum())

    @property
    def fraction(self) -> float:
        """Annotated share of the foreground pixels, in [0, 1]; NaN if unknown or without any."""
        return self.annotated_px / self.foreground_px if self.foreground_px else float("nan")

    @property
    def coverage_px(self) -> float:
        """Mean distance of foreground pixels to the nearest mark of their class, within it.

        In pixels, over those that a mark can reach; NaN if unknown or if there are none.
        """
        known = self.reached_px and math.isfinite(self.foreground_px)
        return self.distance_px / self.reached_px if known else float("nan")

    @property
    def unreached_fraction(self) -> float:
        """Share of the foreground pixels in parts of a class, in a slice, without any mark."""
        return 1.0 - self.reached_px / self.foreground_px if self.foreground_px else float("nan")
