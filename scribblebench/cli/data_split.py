"""`scribblebench data split`: parts or folds of a data set's patients, in a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from scribblebench.cli.counted import counted
from scribblebench.cli.data_options import FolderArgument, NameArgument, OptionOption, opened
from scribblebench.cli.progress import progress
from scribblebench.data import Dataset
from scribblebench.data.groups import class_groups, own_groups, table_groups
from scribblebench.data.split_file import SplitFile, cases_digest, write_split
from scribblebench.data.splitting import folds_of, share_out, united
from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean

OPTIONS = ("parts", "folds", "stratify", "together")
"""Options that the library's errors begin with."""

CLASSES, GROUP = "classes", "group"
"""Words that --stratify takes beside the name of a CSV file."""


def split(
    name: NameArgument,
    folder: FolderArgument = None,
    output: Annotated[
        Path | None, typer.Option(help="JSON file to write, such as splits.json.")
    ] = None,
    parts: Annotated[
        str | None,
        typer.Option(help="Parts and their shares of the patients: train=0.7,val=0.1,test=0.2."),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Number of folds, in place of --parts.")
    ] = None,
    stratify: Annotated[
        str | None,
        typer.Option(
            help="Divide each group of patients alike: 'group' (the data set's own, such as "
            "diagnoses), 'classes' (those that occur; reads all labels) or a CSV file with the "
            "columns patient and group."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another one is another split.")] = 0,
    part: Annotated[
        list[str] | None,
        typer.Option(
            help="Divide only this part of the data set's own split; give it again for more. "
            "[default: all cases]"
        ),
    ] = None,
    together: Annotated[
        list[str] | None,
        typer.Option(
            help="Patients that must be in one part, such as p1,p2: one person under two names. "
            "Repeatable."
        ),
    ] = None,
    option: OptionOption = None,
) -> None:
    """Divide the patients of a data set into parts or folds, and write which cases are where.

    A protocol takes the file as `split: {file: splits.json}`. The same patients, groups and seed
    give the same file on every machine.
    """
    if output is None or (parts is None) == (folds is None):
        raise InputError("--output, and either --parts or --folds, must be given")
    if output.is_dir():
        raise InputError(f"--output: must be a file, got the folder {output}")
    shares = None if parts is None else _shares(parts)
    dataset = opened(name, folder, option)
    cases: dict[str, list[str]] = {}
    for case_id in _chosen(dataset, part):
        cases.setdefault(dataset.patient_id(case_id), []).append(case_id)
    try:
        groups = _groups(dataset, cases, stratify)
        tied = [tuple(patients.split(",")) for patients in together or []]
        made = _made(cases, groups, tied, shares, folds, seed)
    except InputError as error:
        raise InputError(f"--{error}" if str(error).startswith(OPTIONS) else str(error)) from error
    tables = [{part: _cases_of(found, cases) for part, found in t.items()} for t in made]
    written = SplitFile(
        dataset=dataset.name,
        cases_sha256=cases_digest(c for ids in cases.values() for c in ids),
        seed=seed,
        stratified_by=None if stratify is None else Path(stratify).name,
        parts=None if folds else tables[0],
        folds=tables if folds else None,
    )
    write_split(output, written)
    shown = {f"fold {k}": t["val"] for k, t in enumerate(made)} if folds else made[0]
    Console(highlight=False, soft_wrap=True).print(_table(shown, cases, groups))
    n_cases = counted(sum(map(len, cases.values())), "case")
    typer.echo(f"{n_cases} of {counted(len(cases), 'patient')}: {output}")


def _shares(text: str) -> dict[str, float]:
    """Return the shares that --parts gives."""
    shares: dict[str, float] = {}
    for entry in text.split(","):
        part, _, value = (piece.strip() for piece in entry.partition("="))
        try:
            share = float(value)
        except ValueError:
            raise InputError(f"--parts: must be NAME=SHARE,..., got '{text}'") from None
        if not part or part in shares:
            raise InputError(f"--parts: names must differ and not be empty, got '{text}'")
        shares[part] = share
    return shares


def _chosen(dataset: Dataset, parts: Sequence[str] | None) -> list[str]:
    """Return the cases to divide, sorted."""
    if not parts:
        return sorted(dataset.case_ids())
    there = {part: ids for part, ids in dataset.split().parts.items() if ids}
    for part in parts:
        if part not in there:
            hint = did_you_mean(part, list(there))
            raise InputError(f"--part: '{dataset.name}' has no cases in '{part}'.{hint}")
    return sorted({case_id for part in parts for case_id in there[part]})


def _groups(
    dataset: Dataset, cases: Mapping[str, Sequence[str]], stratify: str | None
) -> dict[str, str]:
    """Return the group of each patient; all are in one if nothing is stratified."""
    if stratify is None:
        return dict.fromkeys(cases, "")
    if stratify == GROUP:
        return own_groups(dataset, cases)
    if stratify != CLASSES:
        return table_groups(Path(stratify), cases)
    found = {}
    for patient in progress(cases, "read labels", len(cases)):
        labels = (dataset.load(case_id) for case_id in cases[patient])
        maps = (c.label_map if c.label_map is not None else c.scribble for c in labels)
        found[patient] = [np.unique(m) for m in maps if m is not None]
    return class_groups(found, dataset.labels.class_names)


def _made(
    cases: Mapping[str, Sequence[str]],
    groups: Mapping[str, str],
    together: Sequence[tuple[str, ...]],
    shares: Mapping[str, float] | None,
    n_folds: int | None,
    seed: int,
) -> list[dict[str, list[str]]]:
    """Return the patients of each part; of train and val for each fold."""
    units = united(groups, together)
    of_group = {unit: groups[unit] for unit in units}

    def patients(found: Sequence[str]) -> list[str]:
        return sorted(patient for unit in found for patient in units[unit])

    if shares is not None:
        parts = share_out(of_group, shares, seed=seed)
        return [{part: patients(found) for part, found in parts.items()}]
    assert n_folds is not None
    tables = []
    for fold in folds_of(of_group, n_folds, seed=seed):
        val = patients(fold)
        tables.append({"train": sorted(set(cases).difference(val)), "val": val})
    return tables


def _cases_of(patients: Sequence[str], cases: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the cases of some patients, sorted."""
    return tuple(sorted(case_id for patient in patients for case_id in cases[patient]))


def _table(
    parts: Mapping[str, Sequence[str]],
    cases: Mapping[str, Sequence[str]],
    groups: Mapping[str, str],
) -> Table:
    """Return a table of patients and cases in each part, and patients of each group."""
    named = sorted(set(groups.values()) - {""})
    table = Table(box=None, header_style="bold", padding=(0, 1), pad_edge=False)
    table.add_column("part")
    for column in ("patients", "cases", *named):
        table.add_column(column, justify="right")
    for part, patients in parts.items():
        counts = Counter(groups[patient] for patient in patients)
        n_cases = sum(len(cases[patient]) for patient in patients)
        numbers = (len(patients), n_cases, *(counts[group] for group in named))
        table.add_row(part, *map(str, numbers))
    return table
