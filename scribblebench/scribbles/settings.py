"""Settings: what a user asks to be drawn, with which pen, budget and background."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from scribblebench.errors import InputError
from scribblebench.scribbles.annotator_error import AnnotatorError
from scribblebench.scribbles.background import BackgroundPolicy
from scribblebench.scribbles.budget import Budget, SliceChoice, Unit
from scribblebench.scribbles.cost import CostModel
from scribblebench.scribbles.form import FORMS
from scribblebench.scribbles.jobs import Job, Layers
from scribblebench.scribbles.pen import Pen
from scribblebench.types import BACKGROUND


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
    in_voxels: ClassVar[bool] = False

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

    def jobs(self, layers: Layers, chosen: Sequence[int], *, seed: int, case_id: str) -> list[Job]:
        """List the jobs of all classes in the chosen layers; no chance is in them."""
        foreground = [
            job for class_id in layers.classes for job in self._class_jobs(layers, chosen, class_id)
        ]
        return foreground + self._background_jobs(layers, chosen, foreground)

    def _class_jobs(self, layers: Layers, chosen: Sequence[int], class_id: int) -> list[Job]:
        """Return the jobs of a foreground class."""
        budget = self.budget_of(class_id)
        boxes = [layers.boxes[layer] for layer in chosen]
        masks = [
            np.zeros(0, dtype=np.bool_) if box is None else layers.labels[layer][box] == class_id
            for layer, box in zip(chosen, boxes, strict=True)
        ]
        sizes = [int(np.count_nonzero(mask)) for mask in masks]
        jobs = []
        for k, amount in enumerate(budget.share_out(sizes)):
            box = boxes[k]
            if sizes[k] and box is not None:
                origin = tuple(b.start for b in box)
                where = (chosen[k], class_id, sizes[k], masks[k], masks[k], origin)
                jobs.append(Job(*where, self.pen, amount, budget.spent_in))
        return jobs

    def _background_jobs(
        self, layers: Layers, chosen: Sequence[int], others: Sequence[Job]
    ) -> list[Job]:
        """Return the jobs of the background, given those of the other classes."""
        policy, budget = self.background, self.background_budget
        wanted = [layer for layer in chosen if policy.empty_slices or layers.content[layer]]
        if policy.where == "none" or not wanted:
            return []
        sizes = {
            layer: int(np.count_nonzero(layers.labels[layer] == BACKGROUND)) for layer in wanted
        }
        if budget is not None:
            amounts = dict(zip(wanted, budget.share_out(list(sizes.values())), strict=True))
            unit = budget.spent_in
        else:
            amounts, unit = _as_much_as(others, wanted)
        jobs = []
        for layer in wanted:
            background = layers.labels[layer] == BACKGROUND
            mask = policy.mask(background, layers.around(layer), layers.step)
            if sizes[layer]:
                where = (layer, BACKGROUND, sizes[layer], mask, background, (0,) * mask.ndim)
                pen = self.background_pen or self.pen
                jobs.append(Job(*where, pen, amounts[layer], unit))
        return jobs


def _as_much_as(jobs: Sequence[Job], wanted: Sequence[int]) -> tuple[dict[int, float], Unit]:
    """Return for each layer as much as its jobs together may spend, and its unit.

    In layers without jobs it is the median of the others.
    """
    amounts = dict.fromkeys(wanted, 0.0)
    unit: Unit = "pixels"
    for job in jobs:
        unit = job.unit
        if job.layer in amounts:
            available = job.class_px if unit == "pixels" else job.amount
            amounts[job.layer] += min(job.amount, available)
    known = [amount for amount in amounts.values() if amount]
    typical = statistics.median(known) if known else 1.0
    typical = max(1.0, float(round(typical))) if unit == "pixels" else typical
    return {layer: amount or typical for layer, amount in amounts.items()}, unit
