"""Splits of patients into parts or folds, stratified by groups and reproducible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from scribblebench.errors import InputError
from scribblebench.seeding import seed_for

LEAST_SUM = 1e-6
"""How far from 1 the shares of parts may add up to, for thirds in decimals such as 0.333333."""


def share_out(
    units: Mapping[str, str], shares: Mapping[str, float], *, seed: int
) -> dict[str, list[str]]:
    """Divide units among parts by their shares, in every group as evenly as can be.

    The sizes of the parts are the shares of all units, rounded so that they add up, with what is
    left going to the largest remainders. The units are put in an order (see `shuffled`), group by
    group, and dealt out one by one to the part that is furthest behind its share; so any stretch of
    the order, and with it every group, has about its share of each part.

    Parameters
    ----------
    units : mapping of str to str
        Group of each unit: a patient, or patients that must stay together.
    shares : mapping of str to float
        By the names of the parts; each > 0, together 1.
    seed : int

    Returns
    -------
    parts : dict of str to list of str
        Units of each part, sorted. They depend on the units and groups, the shares and their order,
        and the seed; not on the order of the units.

    Raises
    ------
    InputError
        If a share is not in (0, 1), they do not add up to 1, or a part would be empty.
    """
    for part, share in shares.items():
        if not 0.0 < share < 1.0:
            raise InputError(f"parts: {part}: must be a share in (0, 1), got {share:g}")
    if abs(sum(shares.values()) - 1.0) > LEAST_SUM:
        raise InputError(f"parts: shares must add up to 1, got {sum(shares.values()):g}")
    sizes = _sizes(len(units), shares)
    for part, size in sizes.items():
        if not size:
            raise InputError(
                f"parts: {part}: would be empty with {shares[part]:g} of {len(units)} patients"
            )
    parts: dict[str, list[str]] = {part: [] for part in shares}
    for i, unit in enumerate(shuffled(units, seed=seed), start=1):
        open_parts = [part for part in parts if len(parts[part]) < sizes[part]]
        # In whole numbers: the due share of i of n units, minus what the part has, times n.
        behind = {part: sizes[part] * i - len(parts[part]) * len(units) for part in open_parts}
        parts[max(open_parts, key=lambda part: behind[part])].append(unit)
    return {part: sorted(found) for part, found in parts.items()}


def _sizes(n: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Return whole numbers by shares of n, by largest remainders; the first of equal ones wins."""
    exact = {part: n * Fraction(str(share)) for part, share in shares.items()}
    sizes = {part: int(value) for part, value in exact.items()}
    by_remainder = sorted(shares, key=lambda part: sizes[part] - exact[part])
    for part in by_remainder[: n - sum(sizes.values())]:
        sizes[part] += 1
    return sizes


def folds_of(units: Mapping[str, str], n_folds: int, *, seed: int) -> list[list[str]]:
    """Divide units into folds, in every group as evenly as can be.

    The units are put in an order (see `shuffled`), group by group, and dealt out in turn. So the
    sizes of the folds differ by at most 1, and so do their numbers of units of any group.

    Parameters
    ----------
    units : mapping of str to str
        Group of each unit.
    n_folds : int
        2 to the number of units.
    seed : int

    Returns
    -------
    folds : list of list of str
        Units of each fold, sorted.

    Raises
    ------
    InputError
        If there are too few units.
    """
    if not 2 <= n_folds <= len(units):
        raise InputError(f"folds: must be 2 to {len(units)}, the number of patients, got {n_folds}")
    order = shuffled(units, seed=seed)
    return [sorted(order[k::n_folds]) for k in range(n_folds)]


def shuffled(units: Mapping[str, str], *, seed: int) -> list[str]:
    """Return units group by group, each group in an order of its own that the seed decides.

    A unit's place among others of its group is decided by a hash of the seed and its own name: it
    does not depend on which others there are.
    """
    return sorted(units, key=lambda unit: (units[unit], seed_for(seed, "split", unit), unit))


def united(
    groups: Mapping[str, str], together: Iterable[Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return units of patients, most of them of one: those that must stay together are one unit.

    Parameters
    ----------
    groups : mapping of str to str
        Group of each patient.
    together : iterable of sequence of str
        Patients that must be in one part, such as those who are one person under two names.

    Returns
    -------
    units : dict of str to tuple of str
        Patients of each unit, by the name of the first.

    Raises
    ------
    InputError
        If a patient is unknown or named twice, or those that must stay together are of several
        groups.
    """
    of_unit: dict[str, tuple[str, ...]] = {}
    for patients in together:
        for patient in patients:
            if patient not in groups:
                raise InputError(f"together: unknown patient '{patient}'")
            if patient in of_unit or patients.count(patient) > 1:
                raise InputError(f"together: patient '{patient}' is named twice")
            if groups[patient] != groups[patients[0]]:
                raise InputError(
                    f"together: must be of one group, got '{patients[0]}' of "
                    f"'{groups[patients[0]]}' and '{patient}' of '{groups[patient]}'"
                )
        of_unit |= {patient: tuple(sorted(patients)) for patient in patients}
    units = (of_unit.get(patient, (patient,)) for patient in sorted(groups))
    return {unit[0]: unit for unit in units}
