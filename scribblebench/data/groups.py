"""Groups of patients, by which a split is stratified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import pandas as pd

from scribblebench.data.dataset import Dataset
from scribblebench.errors import InputError
from scribblebench.types import BACKGROUND, IGNORE_LABEL, AnyArray

COLUMNS = ("patient", "group")


@runtime_checkable
class Grouped(Protocol):
    """A data set that knows groups of its patients, such as their diagnoses."""

    def group(self, patient_id: str) -> str:
        """Return the group of a patient."""
        ...


def own_groups(dataset: Dataset, patients: Iterable[str]) -> dict[str, str]:
    """Return the group of each patient by the data set's own knowledge.

    Raises
    ------
    InputError
        If it has none.
    """
    if not isinstance(dataset, Grouped):
        raise InputError(
            f"stratify: '{dataset.name}' knows no groups of its patients; give 'classes' or a CSV "
            "file with the columns patient and group"
        )
    return {patient: dataset.group(patient) for patient in patients}


def table_groups(path: Path, patients: Iterable[str]) -> dict[str, str]:
    """Return the group of each patient from a CSV file with the columns `patient` and `group`.

    Other columns and patients are passed over.

    Raises
    ------
    InputError
        Naming the file: if it cannot be read, lacks a column or patients, or has two groups for
        one.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is not CSV ({' '.join(str(error).split())})") from error
    for column in COLUMNS:
        if column not in table:
            raise InputError(f"{path}: must have a column {column}, got {', '.join(table.columns)}")
    groups: dict[str, str] = {}
    for patient, group in zip(table["patient"], table["group"], strict=True):
        if groups.setdefault(patient, group) != group:
            raise InputError(
                f"{path}: patient '{patient}' has the groups '{groups[patient]}' and '{group}'"
            )
    wanted = list(patients)
    missing = [patient for patient in wanted if patient not in groups]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(f"{path}: has no patient '{missing[0]}'{more}")
    return {patient: groups[patient] for patient in wanted}


def class_groups(
    classes: Mapping[str, Iterable[AnyArray]], names: tuple[str, ...]
) -> dict[str, str]:
    """Return a group for each patient: the foreground classes that occur in any of the cases.

    Parameters
    ----------
    classes : mapping of str to iterable of ndarray
        Class ids that occur in the cases of each patient.
    names : tuple of str
        Of the classes.
    """
    groups = {}
    for patient, found in classes.items():
        present = {int(c) for ids in found for c in ids} - {BACKGROUND, IGNORE_LABEL}
        groups[patient] = "+".join(names[c] for c in sorted(present)) or "none"
    return groups
