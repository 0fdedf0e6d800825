"""The ten tasks of the Medical Segmentation Decathlon."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """One task, as its `dataset.json` has it but for spelling.

    Parameters
    ----------
    folder : str
        Official name of its folder.
    modality : str
    channels, class_names : tuple of str
        In order.
    n_patients : int
        Training volumes in the official download.
    aliases : tuple of str
        Other names of its folder.
    """

    folder: str
    modality: str
    channels: tuple[str, ...]
    class_names: tuple[str, ...]
    n_patients: int
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names that a folder of it may have: official, short, then others."""
        return (self.folder, self.folder.split("_")[1].lower(), *self.aliases)


MRI, CT = ("MRI",), ("CT",)

TASKS = (
    Task(
        "Task01_BrainTumour",
        "multi-parametric MRI of gliomas",
        ("FLAIR", "T1w", "T1gd", "T2w"),
        ("background", "oedema", "non-enhancing tumour", "enhancing tumour"),
        484,
        ("decathlon_brain_tumour", "brain_tumour"),
    ),
    Task("Task02_Heart", "cardiac MRI", MRI, ("background", "left atrium"), 20),
    Task("Task03_Liver", "abdominal CT", CT, ("background", "liver", "tumour"), 131),
    Task(
        "Task04_Hippocampus",
        "T1-weighted MRI, cut around the hippocampus",
        MRI,
        ("background", "anterior", "posterior"),
        260,
        ("decathlon_hippocampus",),
    ),
    Task(
        "Task05_Prostate",
        "T2-weighted MRI and ADC maps",
        ("T2", "ADC"),
        ("background", "peripheral zone", "transition zone"),
        32,
        ("decathlon_prostate",),
    ),
    Task("Task06_Lung", "chest CT", CT, ("background", "tumour"), 63),
    Task("Task07_Pancreas", "abdominal CT", CT, ("background", "pancreas", "tumour"), 281),
    Task("Task08_HepaticVessel", "abdominal CT", CT, ("background", "vessel", "tumour"), 303),
    Task("Task09_Spleen", "abdominal CT", CT, ("background", "spleen"), 41),
    Task("Task10_Colon", "abdominal CT", CT, ("background", "tumour"), 126),
)
"""Counts: Antonelli et al. 2022 and the `numTraining` of each `dataset.json`."""


def find_task(name: str) -> Task | None:
    """Return the task of a number or name ("4", "Task04", "Hippocampus"); None if there is none."""
    wanted = name.strip().lower()
    number = re.fullmatch(r"(?:task)?0*(\d+)", wanted)
    if number:
        position = int(number[1]) - 1
        return TASKS[position] if 0 <= position < len(TASKS) else None
    for task in TASKS:
        if wanted in {known.lower() for known in task.names}:
            return task
    return None
