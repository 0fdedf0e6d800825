"""Scribble label maps: forms, budgets and seeds put together for slices and volumes."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial

import numpy as np

from scribblebench.errors import InputError
from scribblebench.scribbles.annotator_error import AnnotatorError, err
from scribblebench.scribbles.background import BackgroundPolicy, nearest_content
from scribblebench.scribbles.budget import Budget, SliceChoice, Unit
from scribblebench.scribbles.cost import CostModel
from scribblebench.scribbles.drawing import Drawing, Pen, draw
from scribblebench.scribbles.form import FORMS
from scribblebench.scribbles.region import bounding_box
from scribblebench.scribbles.strokes import Stroke, replay
from scribblebench.seeding import rng_for
from scribblebench.types import (
    BACKGROUND,
    IGNORE_LABEL,
    BoolArray,
    LabelArray,
    SpacingMm,
)


@dataclass(frozen=True)
class ScribbleSettings:
    """What to draw, with which pen and where.

    Parameters
    ----------
    pen : Pen
        How every class is drawn.
    budget : Budget, or mapping of class id to Budget
        What every foreground class gets, or each.
    background : BackgroundPolicy
        Where the background is annotated.
    background_budget : Budget or None
        None: as much as the slice's foreground classes together; in a slice without foreground
        the median of the annotated slices that have some, or a single voxel.
    background_pen : Pen or None
        None: `pen`.
    slices : SliceChoice
        Which slices are annotated.
    axis : int
        Axis of the volume across which slices lie: 0, 1 or 2.
    three_d : bool
        Draw in the whole volume instead of in slices.
    cost : CostModel
        For budgets in seconds.
    error : AnnotatorError or None
        What the annotator does wrong. None: nothing.
    """

    pen: Pen
    budget: Budget | Mapping[int, Budget]
    background: BackgroundPolicy = field(default_factory=BackgroundPolicy)
    background_budget: Budget | None = None
    background_pen: Pen | None = None
    slices: SliceChoice = field(default_factory=SliceChoice)
    axis: int = 0
    three_d: bool = False
    cost: CostModel = field(default_factory=CostModel)
    error: AnnotatorError | None = None

    def __post_init__(self) -> None:
        if self.axis not in (0, 1, 2):
            raise ValueError(f"axis must be 0, 1 or 2, got {self.axis}")
        if self.three_d:
            for pen in (self.pen, self.background_pen or self.pen):
                if not FORMS[pen.form].three_d:
                    able = [name for name in FORMS if FORMS[name].three_d]
                    raise ValueError(
                        f"form '{pen.form}' does not draw in 3D; these do: {', '.join(able)}"
                    )
            if self.slices.share < 1.0:
                raise ValueError("a share of slices cannot be chosen when drawing in 3D")
        units = {b.in_voxels or b.unit for b in self._budgets()}
        if len(units) > 1 and self.background_budget is None and self.background.where != "none":
            raise ValueError("background_budget must be given where classes differ in unit")

    def _budgets(self) -> list[Budget]:
        if isinstance(self.budget, Budget):
            return [self.budget]
        return list(self.budget.values())

    def budget_of(self, class_id: int) -> Budget:
        """Return the budget of a foreground class."""
        if isinstance(self.budget, Budget):
            return self.budget
        if class_id not in self.budget:
            raise InputError(f"budget must be given for class {class_id} too")
        return self.budget[class_id]


@dataclass(frozen=True)
class Achieved:
    """What was asked for and what was drawn for one class of one slice.

    Parameters
    ----------
    slice_index : int or None
        None where a volume was drawn in at once.
    class_id : int
    class_px : int
        Voxels of the class.
    unit : str
        Of the next two: "pixels", "length" (mm, or voxels where their size is not known) or
        "seconds".
    requested, achieved : float
        Lengths and seconds stop short of what is requested by what does not suffice for another
        voxel; the first mark alone may take more.
    met : bool
        False where the class, or the part of it that the pen may draw in, is full before the
        budget is spent.
    annotated_px : int
        Voxels that carry the class's label in the end.
    pen_downs : int
        How often the pen touched down.
    missed, wrong_strokes, slips
        What was done wrong; see `scribblebench.scribbles.annotator_error.Injected`.
    wrong_px : int
        Voxels that carry the class's label and do not belong to it.
    """

    slice_index: int | None
    class_id: int
    class_px: int
    unit: Unit
    requested: float
    achieved: float
    met: bool
    annotated_px: int
    pen_downs: int
    missed: bool = False
    wrong_strokes: int = 0
    slips: int = 0
    wrong_px: int = 0


@dataclass(frozen=True, eq=False)
class Simulation:
    """The scribbles of one volume.

    Parameters
    ----------
    scribble : ndarray of uint8, shape (P, H, W)
        Class ids on annotated voxels, `IGNORE_LABEL` elsewhere.
    achieved : list of Achieved
        One entry for each annotated slice and class that is there.
    drawn : list of Drawing or list of Stroke
        What was drawn for each of these, in the coordinates of the slice.
    axis : int or None
        Across which the slices lie; None where a volume was drawn in at once.
    """

    scribble: LabelArray
    achieved: list[Achieved]
    drawn: list[Drawing | list[Stroke]]
    axis: int | None

    def strokes(self) -> list[Stroke]:
        """Return all strokes in the coordinates of the volume, slice by slice."""
        found = []
        for entry, drawn in zip(self.achieved, self.drawn, strict=True):
            strokes = drawn.strokes(entry.class_id) if isinstance(drawn, Drawing) else drawn
            for stroke in strokes:
                points = stroke.points
                if self.axis is not None and entry.slice_index is not None:
                    points = np.insert(points, self.axis, entry.slice_index, axis=1)
                found.append(replace(stroke, points=points))
        return found


def simulate_volume(
    label_map: LabelArray,
    settings: ScribbleSettings,
    *,
    classes: Sequence[int],
    seed: int,
    case_id: str,
    spacing_mm: SpacingMm | None = None,
) -> Simulation:
    """Draw scribbles on the slices of a dense label map, or in its volume.

    Every class of every slice has its own random streams, named by seed, case, slice, class and
    form: they do not depend on the order of the work or on the other classes. With the same seed
    the scribble for a smaller budget is part of that for a larger one.

    Parameters
    ----------
    label_map : ndarray of uint8, shape (P, H, W)
        Dense labels. Voxels that hold neither the background nor one of `classes` are never
        annotated.
    settings : ScribbleSettings
    classes : sequence of int
        Foreground class ids.
    seed : int
    case_id : str
        Name of the volume in the random streams.
    spacing_mm : tuple of 3 floats, optional
        Size of a voxel along each axis. Without it all sizes are 1, and lengths, widths and
        distances are in voxels.

    Returns
    -------
    simulation : Simulation

    Raises
    ------
    ValueError
        If `label_map` is not 3-D uint8 or `classes` holds the background or the ignore label.
    """
    if label_map.ndim != 3 or label_map.dtype != np.uint8:
        raise ValueError(f"label_map must be 3-D uint8, got {label_map.ndim}-D {label_map.dtype}")
    if {BACKGROUND, IGNORE_LABEL} & set(classes) or len(set(classes)) != len(classes):
        raise ValueError(f"classes must be distinct foreground ids, got {list(classes)}")
    step = (1.0, 1.0, 1.0) if spacing_mm is None else tuple(float(s) for s in spacing_mm)
    # Slices, or the one volume, along the first axis.
    layers = label_map[None] if settings.three_d else np.moveaxis(label_map, settings.axis, 0)
    if not settings.three_d:
        step = step[: settings.axis] + step[settings.axis + 1 :]
    scribble = np.full(label_map.shape, IGNORE_LABEL, dtype=np.uint8)
    out = scribble[None] if settings.three_d else np.moveaxis(scribble, settings.axis, 0)

    foreground = np.isin(np.arange(256), list(classes))[layers]
    content = foreground.reshape(len(layers), -1).sum(axis=1)
    chosen = settings.slices.choose(content, rng_for(seed, "slices", case_id)).tolist()
    jobs = _foreground_jobs(layers, foreground, settings, classes, chosen)
    jobs += _background_jobs(layers, foreground, settings, chosen, step, jobs)
    achieved: list[Achieved] = []
    drawn: list[Drawing | list[Stroke]] = []
    for job in sorted(jobs, key=lambda job: (job.layer, job.class_id)):
        pen = settings.pen
        if job.class_id == BACKGROUND:
            pen = settings.background_pen or pen
        slice_index = None if settings.three_d else job.layer
        name = "volume" if slice_index is None else slice_index
        drawing = draw(
            job.mask,
            pen=pen,
            amount=job.amount,
            unit=job.unit,
            stream=partial(rng_for, seed, "scribble", case_id, name, job.class_id, pen.form),
            step=step,
            cost=settings.cost,
            within=job.within,
            origin=job.origin,
        )
        spent = float(len(drawing.voxels)) if job.unit == "pixels" else drawing.spent
        entry = Achieved(
            slice_index,
            job.class_id,
            job.class_px,
            job.unit,
            job.amount,
            spent,
            spent >= job.amount if job.unit == "pixels" else drawing.ended,
            len(drawing.voxels),
            drawing.pen_downs,
        )
        if settings.error is None:
            out[job.layer][tuple(drawing.voxels.T)] = job.class_id
            drawn.append(drawing)
        else:
            labels = layers[job.layer]
            strokes, injected = err(
                drawing.strokes(job.class_id),
                labels == job.class_id,
                settings.error,
                others=[c for c in (BACKGROUND, *classes) if c != job.class_id and c in labels],
                step=step,
                rng=rng_for(seed, "error", case_id, name, job.class_id),
            )
            replay(strokes, labels, ignore_label=IGNORE_LABEL, step=step, out=out[job.layer])
            entry = replace(entry, **asdict(injected))
            drawn.append(strokes)
        achieved.append(entry)
    if settings.error is not None:
        achieved = [_recounted(entry, out, layers) for entry in achieved]
    return Simulation(scribble, achieved, drawn, None if settings.three_d else settings.axis)


def _recounted(entry: Achieved, scribbles: LabelArray, layers: LabelArray) -> Achieved:
    """Count an entry's voxels anew, as errors of other classes may have covered some."""
    layer = entry.slice_index or 0
    marked = scribbles[layer] == entry.class_id
    return replace(
        entry,
        annotated_px=int(marked.sum()),
        wrong_px=int((marked & (layers[layer] != entry.class_id)).sum()),
    )


@dataclass(frozen=True, eq=False)
class _Job:
    """One class of one slice that is to be drawn."""

    layer: int
    class_id: int
    class_px: int
    mask: BoolArray
    within: BoolArray
    origin: tuple[int, ...]
    amount: float
    unit: Unit


def _foreground_jobs(
    layers: LabelArray,
    foreground: BoolArray,
    settings: ScribbleSettings,
    classes: Sequence[int],
    chosen: Sequence[int],
) -> list[_Job]:
    """Return the jobs of the foreground classes in the chosen slices."""
    boxes = [bounding_box(foreground[layer]) for layer in chosen]
    jobs = []
    for class_id in classes:
        budget = settings.budget_of(class_id)
        masks = [
            np.zeros(0, dtype=np.bool_) if box is None else layers[layer][box] == class_id
            for layer, box in zip(chosen, boxes, strict=True)
        ]
        sizes = [int(mask.sum()) for mask in masks]
        for k, amount in enumerate(budget.share_out(sizes)):
            box = boxes[k]
            if sizes[k] and box is not None:
                origin = tuple(b.start for b in box)
                jobs.append(
                    _Job(
                        *(chosen[k], class_id, sizes[k], masks[k], masks[k], origin, amount),
                        "pixels" if budget.in_voxels else budget.unit,
                    )
                )
    return jobs


def _background_jobs(
    layers: LabelArray,
    foreground: BoolArray,
    settings: ScribbleSettings,
    chosen: Sequence[int],
    step: Sequence[float],
    others: Sequence[_Job],
) -> list[_Job]:
    """Return the jobs of the background, given those of the other classes."""
    policy, budget = settings.background, settings.background_budget
    has_content: BoolArray = np.asarray(foreground.reshape(len(layers), -1).any(axis=1))
    wanted = [layer for layer in chosen if policy.empty_slices or has_content[layer]]
    if policy.where == "none" or not wanted:
        return []
    sizes = {layer: int((layers[layer] == BACKGROUND).sum()) for layer in wanted}
    unit: Unit = "pixels"
    if budget is not None:
        amounts = dict(zip(wanted, budget.share_out(list(sizes.values())), strict=True))
        unit = "pixels" if budget.in_voxels else budget.unit
    else:
        amounts = dict.fromkeys(wanted, 0.0)
        for job in others:
            unit = job.unit
            available = job.class_px if unit == "pixels" else job.amount
            if job.layer in amounts:
                amounts[job.layer] += min(job.amount, available)
        known = [amount for amount in amounts.values() if amount]
        typical = statistics.median(known) if known else 1.0
        typical = max(1.0, float(round(typical))) if unit == "pixels" else typical
        amounts = {layer: amount or typical for layer, amount in amounts.items()}
    nearest = nearest_content(has_content)
    jobs = []
    for layer in wanted:
        near = nearest[layer]
        around = foreground[layer if near is None else near]
        background = layers[layer] == BACKGROUND
        mask = policy.mask(background, around, step)
        if sizes[layer]:
            jobs.append(
                _Job(
                    *(layer, BACKGROUND, sizes[layer], mask, background, (0,) * mask.ndim),
                    *(amounts[layer], unit),
                )
            )
    return jobs
