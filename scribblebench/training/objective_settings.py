"""What a method minimises, as a protocol states it: a weight or a group of settings per term."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from scribblebench.training.settings import STRICT, Count, Number, Share

Weight = Annotated[Number, Field(ge=0.0)]
Positive = Annotated[Number, Field(gt=0.0)]
RatioSource = Literal["em", "argmax", "oracle", "annotated"]


class MixupSettings(BaseModel):
    """Saliency mixup of pairs of a batch; see `scribblebench.training.mixup`.

    For volumes only 2 of the `blocks` counts: the exact search for a mask does not do 4 there.
    """

    model_config = STRICT

    blocks: Annotated[list[Literal[2, 4]], Field(min_length=1)] = [2, 4]
    """Blocks along each axis; one of these for each batch."""
    label_smoothness: Weight = 1.2
    data_smoothness: Weight = 0.5
    prior: Weight = 0.2
    neighbour_px: Annotated[Count, Field(ge=1)] = 4

    @model_validator(mode="after")
    def _numbers_of_blocks_differ(self) -> MixupSettings:
        if len(set(self.blocks)) < len(self.blocks):
            raise ValueError(f"blocks must hold each number once, got {self.blocks}")
        return self


class OcclusionSettings(BaseModel):
    """One square hole in each image of the second view."""

    model_config = STRICT

    side: Annotated[Count, Field(ge=1)] = 32
    label: Literal["background", "ignore"] = "background"
    """What the hole's pixels are labelled as."""
    weight: Weight | None = None
    """Weight of the hole's own average cross-entropy; None averages its pixels with the others."""

    @model_validator(mode="after")
    def _weighs_a_label(self) -> OcclusionSettings:
        if self.label == "ignore" and self.weight is not None:
            raise ValueError("weight must be left out where label is ignore")
        return self


class ViewSettings(BaseModel):
    """The second view of a batch, mixed and occluded: its weight and what makes it."""

    model_config = STRICT

    weight: Weight = 1.0
    """Weight of the partial cross-entropy on the second view."""
    dice: Weight = 0.0
    """Weight of the Dice loss on what is annotated in the second view."""
    mixup: MixupSettings | None = None
    occlusion: OcclusionSettings | None = None
    consistency: Weight = 0.0
    """Weight of the global consistency between the two views."""
    consistency_per_pixel: bool = False
    average_over_all: bool = False
    """Divide the loss by all pixels instead of the annotated ones."""

    @model_validator(mode="after")
    def _shows_something_else(self) -> ViewSettings:
        if self.mixup is None and self.occlusion is None:
            raise ValueError("view must have mixup or occlusion")
        return self


class SpatialSettings(BaseModel):
    """The spatial prior and the class ratios that it goes by."""

    model_config = STRICT

    weight: Weight = 1.0
    start: Share = 0.15
    """Share of the steps before it sets in."""
    radius: Annotated[Count, Field(ge=1, le=15)] = 5
    sigma_px: Positive = 6.0
    sigma_intensity: Positive = 0.1
    rank_background: bool = False
    marginal: bool = False
    """One term a pixel: -log of the probability of the classes that are not flagged."""
    class_ratio: RatioSource = "em"
    ratio_factor: Positive = 1.0
    """The foreground's ratios are multiplied by this: how much does their error matter?"""
    ratio_pixels: Literal["unannotated", "annotated"] = "unannotated"
    """Where the ratios are estimated."""
    em_prior: Literal["annotated", "used"] = "annotated"
    """Ratios that EM takes the network to have learned: always the annotated ones, as in the paper,
    or, from the second batch on, those that the prior has been holding it to. With other sources of
    the class ratio than EM there is nothing to choose."""
    smoothing: Annotated[Number, Field(ge=0.0, lt=1.0)] = 0.9
    """Weight of the past in the running mean of the estimate over batches; 0 is none."""

    @model_validator(mode="after")
    def _em_prior_is_used(self) -> SpatialSettings:
        if self.em_prior == "used" and self.class_ratio != "em":
            raise ValueError(f"em_prior must be annotated where class_ratio is {self.class_ratio}")
        return self


class ShapeSettings(BaseModel):
    """Self-training on the largest component of each class."""

    model_config = STRICT

    weight: Weight = 1.0
    start: Share = 0.15
    union: bool = False
    """Also turn what is not in the largest component into background."""


class CrfSettings(BaseModel):
    """Gated CRF loss."""

    model_config = STRICT

    weight: Weight = 0.1
    start: Share = 0.0
    radius: Annotated[Count, Field(ge=1, le=15)] = 5
    sigma_px: Positive = 6.0
    sigma_intensity: Positive = 0.1


class TeacherSettings(BaseModel):
    """Soft pseudo-labels from the moving average of the weights."""

    model_config = STRICT

    weight: Weight = 1.0
    start: Share = 0.1
    """Share of the steps before it sets in; it is at its full weight after as many again, or at the
    end."""


class DualSettings(BaseModel):
    """Two decoders that learn from a random mixture of their predictions.

    `cross_entropy` and `dice` act on both, all other terms on the first, which predicts.
    """

    model_config = STRICT

    weight: Weight = 0.5
    dropout: Annotated[Number, Field(ge=0.0, lt=1.0)] = 0.5
    """Share of feature channels that the second decoder does not see."""


class ObjectiveSettings(BaseModel):
    """A sum of terms; what is None or 0 is switched off."""

    model_config = STRICT

    cross_entropy: Weight = 1.0
    """On annotated pixels of the batch: partial cross-entropy, full with dense labels."""
    dice: Weight = 0.0
    view: ViewSettings | None = None
    spatial: SpatialSettings | None = None
    shape: ShapeSettings | None = None
    geometry: Weight = 0.0
    """Weight of the prior from the scribbles' own geometry."""
    gated_crf: CrfSettings | None = None
    entropy: Weight = 0.0
    """Weight of the mean entropy of the unannotated pixels."""
    teacher: TeacherSettings | None = None
    dual: DualSettings | None = None

    @model_validator(mode="after")
    def _learns_from_labels(self) -> ObjectiveSettings:
        if not self.cross_entropy and not self.dice:
            raise ValueError("cross_entropy or dice must be above 0")
        return self

    def terms_for_scribbles(self) -> list[str]:
        """Return the keys of the terms that are on and say nothing where all is annotated."""
        plain = ("cross_entropy", "dice", "view", "gated_crf")
        return [key for key, value in self if key not in plain and value]

    @property
    def needs_dense_labels(self) -> bool:
        """Whether a term goes by the true class ratios."""
        return self.spatial is not None and self.spatial.class_ratio == "oracle"
