"""The labels of a trial on the grid of each case, as another trainer needs them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scribblebench.data.field_of_view import fit
from scribblebench.data.preprocessing import Slices
from scribblebench.data.resampling import along_planes, resample_labels
from scribblebench.sweep.annotation import annotate
from scribblebench.sweep.plan import TrialConfig
from scribblebench.types import IGNORE_LABEL, BoolArray, LabelArray, LabelSpec


def is_resampled(slices: Slices) -> bool:
    """Return whether networks see a case on other voxels than its own."""
    return slices.volume_shape != slices.case.image.shape[1:]


def own_grid_targets(slices: Slices, config: TrialConfig, labels: LabelSpec) -> LabelArray:
    """Return what a trial may learn from one case, on the case's own grid.

    Dense labels are those of the whole case. Scribbles are the very ones that the trial trains on
    where it is not resampled, and not annotated outside the field of view. Where it is resampled,
    scribbles of the same settings are drawn on the case's own voxels, within the same
    field of view; scribbles that come with the data set are taken as they are there.

    Returns
    -------
    targets : ndarray of uint8, shape (P, H, W)
        Class ids; the ignore label where not annotated.
    """
    case = slices.case
    if config.form == "dense":
        assert case.label_map is not None, "a sweep refuses such cases when it loads them"
        return case.label_map
    own_shape = case.image.shape[1:]
    if not is_resampled(slices):
        return fit(annotate(slices, config, labels), own_shape, fill=IGNORE_LABEL)
    view = _view(slices)
    own = replace(
        slices,
        label_map=case.label_map,
        scribble=None
        if case.scribble is None
        else np.where(view, case.scribble, np.uint8(IGNORE_LABEL)),
        inside=view,
        volume_shape=own_shape,
        spacing_mm=case.spacing_mm,
    )
    return annotate(own, config, labels)


def _view(slices: Slices) -> BoolArray:
    """Return which of a case's own voxels lie in the field of view, shape (P, H, W)."""
    n_planes, *plane_shape = slices.case.image.shape[1:]
    seen = fit(np.ones_like(slices.inside, dtype=np.uint8), slices.volume_shape, fill=0)
    in_plane = resample_labels(seen, (plane_shape[0], plane_shape[1]))
    view: BoolArray = along_planes(resample_labels, in_plane, n_planes) == 1
    return view
