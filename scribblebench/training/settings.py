"""Settings of a training run and of inference, as a protocol states them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from scribblebench.data.intensity import IntensityClip
from scribblebench.quiet_defaults import QuietDefaults
from scribblebench.training.networks import NETWORKS, Strides, strides_for


def _refuse_bool(value: object) -> object:
    """Refuse true and false where a number is meant: Python counts them as 1 and 0."""
    if isinstance(value, bool):
        raise ValueError(f"must be a number, got {value}")
    return value


Number = Annotated[float, BeforeValidator(_refuse_bool)]
Count = Annotated[int, BeforeValidator(_refuse_bool)]
Share = Annotated[Number, Field(ge=0.0, le=1.0)]
STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class AugmentationSettings(BaseModel):
    """Ranges of the random transforms; 0 switches one off."""

    model_config = STRICT

    flip: Share = 0.5
    """Probability of a flip, for each axis."""
    rotation_deg: Annotated[Number, Field(ge=0.0, le=180.0)] = 30.0
    """Largest rotation to either side, in the plane."""
    scale: Annotated[Number, Field(ge=0.0, lt=1.0)] = 0.2
    """Zoom is log-uniform between 1 - scale and 1 / (1 - scale)."""
    contrast: Annotated[Number, Field(ge=0.0, lt=1.0)] = 0.25
    """Intensities are multiplied by a factor in 1 +- contrast."""
    brightness: Annotated[Number, Field(ge=0.0)] = 0.25
    """Largest shift of the intensities, in standard deviations of the volume."""
    noise: Annotated[Number, Field(ge=0.0)] = 0.1
    """Largest standard deviation of added Gaussian noise, in the same unit."""


class VolumeSettings(BaseModel):
    """Training on volumes instead of slices."""

    model_config = STRICT

    planes: Annotated[Count, Field(ge=4, le=2048)]
    """Planes of the centred field of view, resampled."""
    patch_planes: Annotated[Count, Field(ge=4, le=2048)]
    """Planes that training sees at once, cut anywhere in the field of view."""
    spacing_mm: Annotated[Number, Field(ge=0.1, le=20.0)] | None = None
    """Distance that planes are resampled to; None keeps them."""

    @model_validator(mode="after")
    def _patch_fits(self) -> VolumeSettings:
        if self.patch_planes > self.planes:
            raise ValueError(
                f"patch_planes must be at most planes {self.planes}, got {self.patch_planes}"
            )
        return self


class TrainingSettings(QuietDefaults):
    """Network, optimisation and inference: the same for every trial that is compared."""

    model_config = STRICT
    QUIET: ClassVar[tuple[str, ...]] = ("volume", "foreground_patches", "intensity")

    spacing_mm: Annotated[Number, Field(ge=0.1, le=20.0)] | None = None
    """In-plane spacing that slices are resampled to; None keeps the pixels."""
    field_of_view: Annotated[Count, Field(ge=32, le=2048)] = 160
    """Side of the centred square that annotators and inference see, in pixels, resampled."""
    intensity: IntensityClip | None = None
    """What intensities are cut to before they are normalised; None: what the data set says, if it
    says something."""
    patch: Annotated[Count, Field(ge=32, le=2048)] = 128
    """Side of the square that training sees, cut anywhere in the field of view."""
    volume: VolumeSettings | None = None
    """Train in 3D, on volumes of so many planes; None trains in 2D, on slices."""
    foreground_patches: Annotated[Number, Field(gt=0.0, le=1.0)] | None = None
    """Share of the patches that are centred, where there is room, on an annotated voxel of the
    foreground; None places all of them anywhere."""
    network: str = "unet"
    width: Annotated[Count, Field(ge=2, le=512)] = 16
    """Feature channels at full resolution; they double with each halving."""
    steps: Annotated[Count, Field(ge=1)] = 900
    batch_size: Annotated[Count, Field(ge=1)] = 8
    learning_rate: Annotated[Number, Field(gt=0.0)] = 3e-3
    """Peak of a one-cycle schedule."""
    weight_decay: Annotated[Number, Field(ge=0.0)] = 1e-4
    clip_norm: Annotated[Number, Field(gt=0.0)] = 5.0
    """Gradients are scaled down to this norm."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """auto: bfloat16 where the device computes in it, else float32."""
    ema_decay: Annotated[Number, Field(ge=0.0, lt=1.0)] = 0.99
    """Largest decay of the moving average of the weights, a step."""
    audit_every: Annotated[Count, Field(ge=0)] = 10
    """Steps between two audits of the class ratios, where there are dense labels; 0 is never."""
    augmentation: AugmentationSettings = AugmentationSettings()
    average_weights: bool = False
    """Predict with the moving average of the weights; else with those after the last step."""
    window: Literal["whole", "sliding"] = "whole"
    """Predict the field of view at once, or in overlapping windows of the size of a patch."""
    test_time_flips: bool = True
    """Average the predictions for the slice and its three flips, the volume and its seven."""
    largest_component: bool = True
    """Keep the largest 3D component of each foreground class."""

    @field_validator("network")
    @classmethod
    def _network_is_known(cls, name: str) -> str:
        NETWORKS[name]
        return name

    @model_validator(mode="after")
    def _patch_fits(self) -> TrainingSettings:
        if self.patch > self.field_of_view:
            raise ValueError(
                f"patch must be at most field_of_view {self.field_of_view}, got {self.patch}"
            )
        return self

    @property
    def preparation(self) -> dict[str, Any]:
        """How cases are prepared: the arguments of `scribblebench.data.preprocessing.prepare`."""
        volume = self.volume
        return {
            "field_of_view": self.field_of_view,
            "spacing_mm": self.spacing_mm,
            "planes": volume and volume.planes,
            "plane_spacing_mm": volume and volume.spacing_mm,
            "intensity": self.intensity,
        }

    @property
    def patch_size(self) -> tuple[int, ...]:
        """Sides of what training sees: rows and columns, in 3D with planes before them."""
        square = (self.patch, self.patch)
        return square if self.volume is None else (self.volume.patch_planes, *square)

    @property
    def strides(self) -> Strides:
        """By what the network halves its features, from level to level."""
        return strides_for(self.patch_size)
