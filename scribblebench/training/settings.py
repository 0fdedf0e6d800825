"""Settings of a training run and of inference, as a protocol states them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class AugmentationSettings(BaseModel):
    """Ranges of the random transforms; 0 switches one off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flip: Share = 0.5
    """Probability of a flip, for each axis."""
    rotation_deg: Annotated[float, Field(ge=0.0, le=180.0)] = 30.0
    """Largest rotation to either side."""
    scale: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.2
    """Zoom is log-uniform between 1 - scale and 1 / (1 - scale)."""
    contrast: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.25
    """Intensities are multiplied by a factor in 1 +- contrast."""
    brightness: Annotated[float, Field(ge=0.0)] = 0.25
    """Largest shift of the intensities, in standard deviations of the volume."""
    noise: Annotated[float, Field(ge=0.0)] = 0.1
    """Largest standard deviation of added Gaussian noise, in the same unit."""


class TrainingSettings(BaseModel):
    """Network, optimisation and inference: the same for every trial that is compared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field_of_view: Annotated[int, Field(ge=32, multiple_of=16)] = 160
    """Side of the centred square that annotators and inference see, in pixels."""
    patch: Annotated[int, Field(ge=32, multiple_of=16)] = 128
    """Side of the square that training sees, cut anywhere in the field of view."""
    network: str = "unet"
    width: Annotated[int, Field(ge=2)] = 16
    """Feature channels at full resolution; they double with each halving."""
    steps: Annotated[int, Field(ge=1)] = 900
    batch_size: Annotated[int, Field(ge=1)] = 8
    learning_rate: Annotated[float, Field(gt=0.0)] = 3e-3
    """Peak of a one-cycle schedule."""
    weight_decay: Annotated[float, Field(ge=0.0)] = 1e-4
    clip_norm: Annotated[float, Field(gt=0.0)] = 5.0
    """Gradients are scaled down to this norm."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """auto: bfloat16 where the device computes in it, else float32."""
    augmentation: AugmentationSettings = AugmentationSettings()
    test_time_flips: bool = True
    """Average the predictions for the slice and its three flips."""
    largest_component: bool = True
    """Keep the largest 3D component of each foreground class."""
