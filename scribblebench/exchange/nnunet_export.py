"""Write a protocol's cases, with the labels of one of its trials, as a raw data set of nnU-Net.

```
DatasetNNN_NAME/
  dataset.json            channels, labels, number of training cases
  imagesTr/CASE_0000.nii.gz, ...   training cases, a file a channel
  labelsTr/CASE.nii.gz    their scribbles with the ignore label, or dense labels
  imagesTs/               the cases that the protocol scores
  labelsTs/               their dense labels, for people: nnU-Net does not look at them
  splits_final.json       folds by patient, which nnU-Net takes over when it plans
  scribblebench.json      where it all comes from
```
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scribblebench.data.dataset import Dataset
from scribblebench.data.preprocessing import Slices
from scribblebench.errors import InputError
from scribblebench.exchange.export_origin import ORIGIN, digests, is_new, origin_of, written_by
from scribblebench.exchange.nnunet import (
    FILE_ENDING,
    description,
    folder_name,
    folds,
    to_nnunet,
)
from scribblebench.exchange.own_grid import is_resampled, own_grid_targets
from scribblebench.io.atomic import atomic_folder, write_json
from scribblebench.io.formats import write_label_map
from scribblebench.io.names import is_nifti
from scribblebench.io.nifti import read_image, read_volume, write_image
from scribblebench.sweep.axes import GIVEN_FORMS
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.training_stage import TrialData
from scribblebench.types import Case, LabelArray


@dataclass(frozen=True)
class Exported:
    """What was written.

    Parameters
    ----------
    folder : Path
    is_new : bool
        False if the same had been written before.
    without_spacing : list of str
        Cases whose files do not state their spacing: nnU-Net takes what the affine says.
    redrawn : list of str
        Training cases whose scribbles are not the very ones of the trial, because it resamples.
    """

    folder: Path
    is_new: bool
    without_spacing: list[str]
    redrawn: list[str]


def export_nnunet(
    root: Path,
    *,
    dataset_id: int,
    name: str,
    protocol: str,
    config: TrialConfig,
    data: TrialData,
    source: Dataset,
    data_fingerprint: str,
    progress: Callable[[list[Slices]], Iterable[Slices]] = iter,
) -> Exported:
    """Write the data set of one trial, whole or not at all.

    Parameters
    ----------
    root : Path
        nnU-Net's folder of raw data sets (`nnUNet_raw`).
    dataset_id, name : int, str
        See `scribblebench.exchange.nnunet.folder_name`.
    protocol : str
        Its name.
    config : TrialConfig
        Says what is annotated; its method and training are of no account.
    data : TrialData
    source : Dataset
        Where the data come from; files that hold an image as it is are copied.
    data_fingerprint : str
    progress : callable
        Gives the cases back one after the other, as they are written.

    Raises
    ------
    InputError
        If there is another data set of this number or name.
    WriteError
        If it cannot be written.
    """
    folder = root / folder_name(dataset_id, name)
    sparse = config.form != "dense"
    everything = [*data.training, *data.scored]
    drawn = config.form not in GIVEN_FORMS
    redrawn = [s.case.case_id for s in data.training if drawn and is_resampled(s)]
    without_spacing = [s.case.case_id for s in everything if s.case.spacing_mm is None]
    origin = origin_of(protocol, config, data, data_fingerprint, redrawn)
    exported = Exported(folder, is_new(folder, dataset_id, origin), without_spacing, redrawn)
    if not exported.is_new:
        return exported
    with atomic_folder(folder) as draft:
        for i, slices in enumerate(progress(everything)):
            if i < len(data.training):
                targets = own_grid_targets(slices, config, data.labels)
                _write_case(draft, "Tr", slices.case, source, to_nnunet(targets, data.labels))
            else:
                _write_case(draft, "Ts", slices.case, source, slices.case.label_map)
        content = description(
            source.facts,
            data.labels,
            name=name,
            n_training=len(data.training),
            n_channels=data.training[0].case.image.shape[0],
            sparse=sparse,
        )
        _write_in_order(draft / "dataset.json", content)
        patients = {s.case.case_id: s.case.patient_id for s in data.training}
        if by_patient := folds(patients):
            _write_in_order(draft / "splits_final.json", by_patient)
        content = {**origin, "written_by": written_by(), "files": digests(draft)}
        write_json(draft / ORIGIN, content)
    return exported


def _write_case(
    draft: Path, kind: str, case: Case, source: Dataset, label_map: LabelArray | None
) -> None:
    """Write the image of a case, a file a channel, and its labels on the grid of the first one.

    A file of the data set that holds a channel as the case does is copied; else it is float32.
    """
    assert label_map is not None, "a sweep refuses such cases when it loads them"
    if Path(case.case_id).name != case.case_id:
        raise InputError(f"case '{case.case_id}': its name cannot be that of a file")
    files = source.files(case.case_id).images
    for i, channel in enumerate(case.image):
        path = draft / f"images{kind}" / f"{case.case_id}_{i:04d}{FILE_ENDING}"
        path.parent.mkdir(exist_ok=True)
        if len(files) == len(case.image) and _holds(files[i], case, i):
            _copy(files[i], path)
        else:
            write_image(path, channel, case.affine)
    reference = read_volume(draft / f"images{kind}" / f"{case.case_id}_0000{FILE_ENDING}")
    labels = draft / f"labels{kind}" / f"{case.case_id}{FILE_ENDING}"
    write_label_map(labels, label_map, reference, keep_type=False)


def _holds(path: Path, case: Case, channel: int) -> bool:
    """Return whether a file holds a channel as the case does, in three dimensions."""
    if not is_nifti(path.name):
        return False
    image, volume = read_image(path)
    return (
        len(volume.shape_on_disk) == 3
        and np.array_equal(image, case.image[channel])
        and np.array_equal(volume.affine, case.affine)
    )


def _copy(source: Path, path: Path) -> None:
    """Copy a file, compressing it if it is not; the same file gives the same bytes."""
    if source.name.lower().endswith(".gz"):
        shutil.copyfile(source, path)
    else:
        path.write_bytes(gzip.compress(source.read_bytes(), mtime=0))


def _write_in_order(path: Path, content: Any) -> None:
    """Write JSON whose keys keep their order, for people who look at it."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
