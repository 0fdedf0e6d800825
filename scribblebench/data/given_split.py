"""Splits that a user gives: by folders, or by lists of cases or patients."""

from __future__ import annotations

from collections.abc import Mapping

from scribblebench.data.dataset import Split
from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean

REST = "pool"
"""The part of the cases that are in none."""


def listed_split(
    lists: Mapping[str, list[str]], patient_of: Mapping[str, str], where: str
) -> Split:
    """Return the split of lists of case ids, or of patients with all of their cases.

    Cases that are in no list are in the part "pool".

    Parameters
    ----------
    lists : mapping of str to list of str
        Of each part.
    patient_of : mapping of str to str
        The patient of each case.
    where : str
        The file or option, for messages.

    Raises
    ------
    InputError
        If an id is unknown, or a patient is in two parts.
    """
    part_of: dict[str, str] = {}
    for part, names in lists.items():
        for name in names:
            cases = [c for c, patient in patient_of.items() if name in (c, patient)]
            if not cases:
                hint = did_you_mean(name, [*patient_of])
                raise InputError(f"{where}: {part}: no case or patient '{name}'.{hint[:200]}")
            for case_id in cases:
                if part_of.setdefault(case_id, part) != part:
                    raise InputError(
                        f"{where}: '{case_id}' is both in '{part_of[case_id]}' and in '{part}'"
                    )
    return split_of({c: part_of.get(c, REST) for c in patient_of}, patient_of, where)


def split_of(part_of: Mapping[str, str], patient_of: Mapping[str, str], where: str) -> Split:
    """Return the split of the parts of cases.

    Raises
    ------
    InputError
        If the cases of a patient are in two parts.
    """
    parts: dict[str, list[str]] = {}
    seen: dict[str, str] = {}
    for case_id in sorted(part_of):
        patient, part = patient_of[case_id], part_of[case_id]
        if seen.setdefault(patient, part) != part:
            raise InputError(
                f"{where}: patient '{patient}' is both in '{seen[patient]}' and in '{part}' (case "
                f"'{case_id}'); all cases of a patient must be in one part"
            )
        parts.setdefault(part, []).append(case_id)
    return Split({part: tuple(cases) for part, cases in parts.items()})
