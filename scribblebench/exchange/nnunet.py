"""What nnU-Net (v2) wants to know of a data set: its names, labels, channels and folds.

Its raw format is described in nnU-Net's `documentation/dataset_format.md`, the ignore label in
`documentation/ignore_label.md`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scribblebench.data.dataset import DatasetFacts
from scribblebench.errors import InputError
from scribblebench.sweep.axes import GIVEN_FORMS
from scribblebench.sweep.plan import TrialConfig
from scribblebench.types import IGNORE_LABEL, LabelArray, LabelSpec

FILE_ENDING = ".nii.gz"
IGNORE = "ignore"
"""What nnU-Net calls the label of voxels that are not annotated."""
N_FOLDS = 5
"""nnU-Net's own number of folds."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def folder_name(dataset_id: int, name: str) -> str:
    """Return the name of a data set's folder.

    Raises
    ------
    InputError
        If the number is not in 1 to 999, or the name holds what nnU-Net takes for something else.
    """
    if not 1 <= dataset_id <= 999:
        raise InputError(f"--dataset-id: must be a number from 1 to 999, got {dataset_id}")
    if not NAME.fullmatch(name) or "__" in name:
        raise InputError(
            f"--name: must be letters, digits, . _ - without two _ in a row, got '{name}'"
        )
    return f"Dataset{dataset_id:03d}_{name}"


def default_name(config: TrialConfig) -> str:
    """Return a name that says which labels a data set has, such as acdc-skeleton-0.1-r0.5-seed0.

    Labels that are given are the same for every seed, which is left out there.
    """
    parts = [config.dataset, config.form]
    if config.density is not None:
        parts.append(f"{config.density:g}")
    if config.randomness is not None:
        parts.append(f"r{config.randomness:g}")
    if config.variant is not None:
        parts.append(re.sub(r"[^A-Za-z0-9.]+", "-", config.variant))
    else:
        parts += [] if config.slice_share is None else [f"slices{config.slice_share:g}"]
        parts += [] if config.draw is None else [config.draw]
    if config.form not in GIVEN_FORMS:
        parts.append(f"seed{config.seed}")
    return "-".join(parts)


def channel_names(facts: DatasetFacts, n_channels: int) -> dict[str, str]:
    """Return the names of channels, by their numbers as text.

    nnU-Net normalises by them: a channel called CT by the intensities of the whole data set, others
    by each image's own. Channels whose number is not that of the facts are called by numbers.
    """
    names = list(facts.channels)
    if len(names) != n_channels:
        names = [f"channel {i}" for i in range(n_channels)]
    told = [f"{facts.modality} {names[0]}"] if n_channels == 1 else names
    is_ct = [re.search(r"\bCT\b", text) is not None for text in told]
    return {str(i): "CT" if is_ct[i] else names[i] for i in range(n_channels)}


def label_values(labels: LabelSpec, *, sparse: bool) -> dict[str, int]:
    """Return the value of each class, and, if `sparse`, the next one as the ignore label."""
    values = {name: i for i, name in enumerate(labels.class_names)}
    if not sparse:
        return values
    if IGNORE in values:
        raise InputError(f"labels: a class must not be called '{IGNORE}', which nnU-Net means else")
    return {**values, IGNORE: labels.n_classes}


def to_nnunet(targets: LabelArray, labels: LabelSpec) -> LabelArray:
    """Return label maps with the value that nnU-Net wants where they are not annotated."""
    return np.where(targets == IGNORE_LABEL, np.uint8(labels.n_classes), targets)


def description(
    facts: DatasetFacts,
    labels: LabelSpec,
    *,
    name: str,
    n_training: int,
    n_channels: int,
    sparse: bool,
) -> dict[str, Any]:
    """Return the content of dataset.json."""
    return {
        "channel_names": channel_names(facts, n_channels),
        "labels": label_values(labels, sparse=sparse),
        "numTraining": n_training,
        "file_ending": FILE_ENDING,
        "name": name,
        "description": f"{facts.title}, {facts.modality}",
        "reference": facts.citation,
        "licence": facts.licence,
    }


def folds(patients: Mapping[str, str]) -> list[dict[str, list[str]]]:
    """Divide cases into folds by patient; nnU-Net's own are by case.

    Patients go round the folds in the order of their ids.

    Parameters
    ----------
    patients : mapping of str to str
        The patient of each case.

    Returns
    -------
    folds : list of dict
        `train` and `val`, sorted case ids, of `N_FOLDS` folds, or one a patient where there are
        fewer; none where there is only one patient.
    """
    order: Sequence[str] = sorted(set(patients.values()))
    n_folds = min(N_FOLDS, len(order))
    if n_folds < 2:
        return []
    fold_of = {patient: i % n_folds for i, patient in enumerate(order)}
    return [
        {
            "train": sorted(c for c, patient in patients.items() if fold_of[patient] != fold),
            "val": sorted(c for c, patient in patients.items() if fold_of[patient] == fold),
        }
        for fold in range(n_folds)
    ]
