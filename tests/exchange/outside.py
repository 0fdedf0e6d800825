"""Cases in files of several kinds, and the labels of trials on them, for other trainers."""

from dataclasses import dataclass, field

import nibabel as nib
import numpy as np

from scribblebench.data.dataset import CaseFiles, DatasetFacts
from scribblebench.data.preprocessing import prepare
from scribblebench.sweep.plan import expand
from scribblebench.sweep.protocol import Protocol
from scribblebench.sweep.training_stage import TrialData
from scribblebench.types import Case, LabelSpec

LABELS = LabelSpec(("background", "disc", "ring"))
AFFINE = np.array(
    [[-1.2, 0.1, 0.3, 31.0], [0.1, 1.5, 0.2, -7.0], [0.05, 0.2, -8.0, 4.0], [0, 0, 0, 1.0]]
)
SPACING_MM = (8.008121, 1.516575, 1.205198)


def facts(modality="MRI", channels=("T2",)):
    return DatasetFacts(
        title="Made",
        modality=modality,
        channels=channels,
        n_patients=None,
        split="",
        licence="any",
        citation="nobody",
        url="",
    )


def drawn_labels(shape=(3, 40, 36)):
    """A disc in a ring, off the centre, of 0.15 and 0.275 of the rows: (P, H, W)."""
    rows, cols = np.mgrid[: shape[1], : shape[2]]
    distance = np.hypot(rows - 0.55 * shape[1], cols - 0.45 * shape[2])
    disc, ring = distance < 0.15 * shape[1], distance < 0.275 * shape[1]
    plane = np.where(disc, 1, np.where(ring, 2, 0)).astype(np.uint8)
    return np.repeat(plane[None], shape[0], axis=0)


def made_case(case_id="p1_a", *, n_channels=1, spacing_mm=SPACING_MM, shape=(3, 40, 36), seed=0):
    rng = np.random.default_rng(seed)
    return Case(
        case_id=case_id,
        patient_id=case_id.split("_")[0],
        image=rng.normal(size=(n_channels, *shape)).astype(np.float32),
        label_map=drawn_labels(shape),
        spacing_mm=spacing_mm,
        affine=AFFINE,
    )


@dataclass
class Made:
    """A data set of cases in memory, with files for as many as somebody wrote."""

    cases: list
    facts: DatasetFacts = field(default_factory=facts)
    images: dict = field(default_factory=dict)
    name: str = "made"
    labels: LabelSpec = LABELS

    def files(self, case_id):
        return CaseFiles(tuple(self.images.get(case_id, ())), None, None)


def trial(tiny, *, form="random_walk", field_of_view=48, spacing_mm=None, **changes):
    """Return the configuration of one trial."""
    tiny |= {"forms": [form], "densities": [0.1], "methods": ["full" if form == "dense" else "pce"]}
    tiny["training"] |= {"field_of_view": field_of_view, "spacing_mm": spacing_mm}
    return next(expand(Protocol.model_validate(tiny | changes)))


def trial_data(config, training, scored):
    parts = [
        [
            prepare(
                case,
                field_of_view=config.training.field_of_view,
                spacing_mm=config.training.spacing_mm,
            )
            for case in cases
        ]
        for cases in (training, scored)
    ]
    return TrialData(LABELS, *parts)


def save(path, array, affine=AFFINE, dtype=np.float32):
    """Write an array (P, H, W) or, with channels last on the disk, (C, P, H, W)."""
    nib.save(nib.Nifti1Image(np.asarray(array, dtype=dtype).T, affine), path)
    return path
