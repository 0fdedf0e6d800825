"""ZScribbleSeg, each of its terms alone, and the choices of its authors' release.

Zhang, Wang, Zhou and Zhuang, Medical Image Analysis 112 (2026) 104074.
"""

from __future__ import annotations

from scribblebench.methods.method import METHODS, Method
from scribblebench.training.objective_settings import (
    MixupSettings,
    ObjectiveSettings,
    OcclusionSettings,
    ShapeSettings,
    SpatialSettings,
    ViewSettings,
)

MIXUP = MixupSettings()
OCCLUSION = OcclusionSettings()
SPATIAL = SpatialSettings()
SHAPE = ShapeSettings()
CONSISTENCY = 0.05

METHODS.add("pce_mixup", Method(ObjectiveSettings(view=ViewSettings(mixup=MIXUP))))
METHODS.add("pce_occlusion", Method(ObjectiveSettings(view=ViewSettings(occlusion=OCCLUSION))))
METHODS.add(
    "pce_mixup_consistency",
    Method(ObjectiveSettings(view=ViewSettings(mixup=MIXUP, consistency=CONSISTENCY))),
)
METHODS.add("pce_spatial", Method(ObjectiveSettings(spatial=SPATIAL)))
METHODS.add("pce_shape", Method(ObjectiveSettings(shape=SHAPE)))

ZSCRIBBLESEG = ObjectiveSettings(
    view=ViewSettings(mixup=MIXUP, occlusion=OCCLUSION, consistency=CONSISTENCY),
    spatial=SPATIAL,
    shape=SHAPE,
)
METHODS.add("zscribbleseg", Method(ZSCRIBBLESEG))

RELEASE = ObjectiveSettings(
    view=ViewSettings(
        mixup=MIXUP,
        occlusion=OcclusionSettings(label="ignore"),
        consistency=CONSISTENCY,
        consistency_per_pixel=True,
        average_over_all=True,
    ),
    spatial=SpatialSettings(
        radius=8, rank_background=True, marginal=True, ratio_pixels="annotated", smoothing=0.0
    ),
    shape=ShapeSettings(union=True),
)
"""The release's losses with our network and schedule: what it does otherwise than the paper."""
METHODS.add("zscribbleseg_release", Method(RELEASE))
