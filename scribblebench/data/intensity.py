"""What intensities are cut to before they are normalised."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from scribblebench.types import FloatArray

Bound = Annotated[float, Field(strict=True)]
Percentile = Annotated[Bound, Field(ge=0.0, le=100.0)]


class IntensityClip(BaseModel):
    """Bounds for the intensities of a volume: fixed ones, or percentiles of each channel.

    Fixed bounds are for units that mean the same in every scan, such as Hounsfield units of CT;
    percentiles keep a few bright voxels from making everything else look alike.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    range: tuple[Bound, Bound] | None = None
    """Least and greatest intensity, in the units of the files."""
    percentiles: tuple[Percentile, Percentile] | None = None
    """The same as percentiles of all voxels of the volume, each channel by itself."""

    @model_validator(mode="after")
    def _is_one_interval(self) -> IntensityClip:
        if (self.range is None) == (self.percentiles is None):
            raise ValueError("must hold either range or percentiles")
        low, high = self.range or self.percentiles or (0.0, 0.0)
        if low >= high:
            name = "range" if self.range else "percentiles"
            raise ValueError(f"{name}: must increase, got {low:g} and {high:g}")
        return self

    def apply(self, image: FloatArray) -> FloatArray:
        """Return an image, shape (C, P, H, W), with its intensities cut to the bounds."""
        low: float | FloatArray
        high: float | FloatArray
        if self.range is not None:
            low, high = self.range
        else:
            assert self.percentiles is not None, "it is one of the two"
            low, high = np.percentile(image, self.percentiles, axis=(1, 2, 3), keepdims=True)
        cut: FloatArray = np.clip(image, low, high).astype(np.float32, copy=False)
        return cut
