"""Scribble label maps: settings and seeds put together for slices and volumes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import groupby

import numpy as np

from scribblebench.scribbles.annotator_error import err
from scribblebench.scribbles.budget import Unit
from scribblebench.scribbles.drawing import Drawing, draw
from scribblebench.scribbles.jobs import Job, Layers, Settings
from scribblebench.scribbles.strokes import Stroke, replay
from scribblebench.seeding import rng_for
from scribblebench.types import BACKGROUND, IGNORE_LABEL, LabelArray, SpacingMm


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
        voxel; the first mark alone may take more. Errors do not count, but that a class that was
        missed has achieved nothing.
    met : bool
        False where the class, or the part of it that the pen may draw in, is full before the
        budget is spent.
    annotated_px : int
        Voxels that carry the class's label in the end.
    pen_downs : int
        How often the pen touched down.
    missed, wrong_strokes, slips, spill_requested
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
    spill_requested: float = 0.0
    wrong_px: int = 0


Drawn = list[Drawing] | list[Stroke]
"""Strokes are only made when they are asked for or change, as there are many."""


@dataclass(frozen=True, eq=False)
class Simulation:
    """The scribbles of one volume.

    Parameters
    ----------
    scribble : ndarray of uint8, shape (P, H, W)
        Class ids on annotated voxels, `IGNORE_LABEL` elsewhere.
    achieved : list of Achieved
        One entry for each annotated slice and class that is there.
    drawn : list of Drawn
        What was drawn for each of these, in the coordinates of the slice.
    axis : int or None
        Across which the slices lie; None where a volume was drawn in at once.
    """

    scribble: LabelArray
    achieved: list[Achieved]
    drawn: list[Drawn]
    axis: int | None

    def strokes(self) -> list[Stroke]:
        """Return all strokes in the coordinates of the volume, slice by slice."""
        found = []
        for entry, drawn in zip(self.achieved, self.drawn, strict=True):
            for stroke in _strokes(drawn, entry.class_id):
                points = stroke.points
                if self.axis is not None and entry.slice_index is not None:
                    points = np.insert(points, self.axis, entry.slice_index, axis=1)
                found.append(replace(stroke, points=points, across=self.axis))
        return found


def _strokes(drawn: Drawn, class_id: int) -> Iterator[Stroke]:
    """Yield the strokes of one class in one slice."""
    for one in drawn:
        if isinstance(one, Drawing):
            yield from one.strokes(class_id)
        else:
            yield one


def simulate_volume(
    label_map: LabelArray,
    settings: Settings,
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
    settings : ScribbleSettings or Annotator
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
    step: tuple[float, ...] = (1.0, 1.0, 1.0)
    if spacing_mm is not None and not settings.in_voxels:
        step = tuple(float(s) for s in spacing_mm)
    # Slices, or the one volume, along the first axis.
    labels = label_map[None] if settings.three_d else np.moveaxis(label_map, settings.axis, 0)
    if not settings.three_d:
        step = step[: settings.axis] + step[settings.axis + 1 :]
    scribble = np.full(label_map.shape, IGNORE_LABEL, dtype=np.uint8)
    out = scribble[None] if settings.three_d else np.moveaxis(scribble, settings.axis, 0)
    layers = Layers(labels, classes, step)
    chosen = settings.slices.choose(layers.content, rng_for(seed, "slices", case_id)).tolist()
    jobs = settings.jobs(layers, chosen, seed=seed, case_id=case_id)
    jobs.sort(key=lambda job: (job.layer, job.class_id, job.part))
    drawn_in: dict[int, set[int]] = {layer: set() for layer in chosen}
    for job in jobs:
        drawn_in[job.layer].add(job.class_id)
    achieved: list[Achieved] = []
    drawn: list[Drawn] = []
    for (layer, class_id), group in groupby(jobs, key=lambda job: (job.layer, job.class_id)):
        slice_index = None if settings.three_d else layer
        name = "volume" if slice_index is None else slice_index
        stream = partial(rng_for, seed, "scribble", case_id, name, class_id)
        entry, drawings = _draw_class(list(group), slice_index, stream, settings, layers)
        if settings.error is None:
            for drawing in drawings:
                out[layer][tuple(drawing.voxels.T)] = class_id
            drawn.append(drawings)
        else:
            strokes, injected = err(
                [stroke for drawing in drawings for stroke in drawing.strokes(class_id)],
                labels[layer] == class_id,
                settings.error,
                others=sorted(drawn_in[layer] - {class_id}),
                step=step,
                rng=rng_for(seed, "error", case_id, name, class_id),
            )
            where = layers.labelled[layer]
            replay(strokes, where, ignore_label=IGNORE_LABEL, step=step, out=out[layer])
            entry = replace(entry, **asdict(injected), pen_downs=len(strokes))
            if injected.missed:
                entry = replace(entry, achieved=0.0, met=False)
            drawn.append(strokes)
        achieved.append(entry)
    if settings.error is not None:
        achieved = [_recounted(entry, out, labels) for entry in achieved]
    return Simulation(scribble, achieved, drawn, None if settings.three_d else settings.axis)


def _draw_class(
    jobs: Sequence[Job],
    slice_index: int | None,
    stream: Callable[..., np.random.Generator],
    settings: Settings,
    layers: Layers,
) -> tuple[Achieved, list[Drawing]]:
    """Draw the jobs of one class in one slice; they share a unit."""
    drawings = []
    met = True
    for job in jobs:
        names = (job.pen.form, job.part) if job.part else (job.pen.form,)
        drawing = draw(
            job.mask,
            pen=job.pen,
            amount=job.amount,
            unit=job.unit,
            stream=partial(stream, *names),
            step=layers.step,
            cost=settings.cost,
            within=job.within,
            origin=job.origin,
        )
        drawings.append(drawing)
        met &= len(drawing.voxels) >= job.amount if job.unit == "pixels" else drawing.ended
    first = jobs[0]
    voxels = [drawing.voxels for drawing in drawings]
    counts = [len(found) for found in voxels]
    spent = counts if first.unit == "pixels" else [drawing.spent for drawing in drawings]
    entry = Achieved(
        slice_index,
        first.class_id,
        first.class_px,
        first.unit,
        float(sum(job.amount for job in jobs)),
        float(sum(spent)),
        met,
        counts[0] if len(jobs) == 1 else len(np.unique(np.concatenate(voxels), axis=0)),
        sum(drawing.pen_downs for drawing in drawings),
    )
    return entry, drawings


def _recounted(entry: Achieved, scribbles: LabelArray, layers: LabelArray) -> Achieved:
    """Count an entry's voxels anew, as errors of other classes may have covered some."""
    layer = entry.slice_index or 0
    marked = scribbles[layer] == entry.class_id
    return replace(
        entry,
        annotated_px=int(marked.sum()),
        wrong_px=int((marked & (layers[layer] != entry.class_id)).sum()),
    )
