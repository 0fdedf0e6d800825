"""Where the cases of trials come from, and which of them a protocol asks for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from scribblebench.data import Dataset
from scribblebench.data import open_dataset as open_by_name
from scribblebench.data.cache import Cache
from scribblebench.data.opening import OptionError
from scribblebench.data.prepared import Preparation, Prepared
from scribblebench.registry import did_you_mean
from scribblebench.sweep.case_split import CaseSplit
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.protocol import Protocol, ProtocolError

Source = Dataset | Prepared | Cache
"""Where cases come from: a data set, a file of its prepared cases, or a cache of them."""


@dataclass(frozen=True)
class Places:
    """Where the cases of trials lie on this machine.

    Parameters
    ----------
    root : Path, or None
        Folder of the data set; None for one that is embedded.
    prepared : Path, or None
        File of prepared cases, which stands in for the data set.
    cache : Path, or None
        Folder in which prepared cases are kept.
    """

    root: Path | None = None
    prepared: Path | None = None
    cache: Path | None = None

    def as_text(self) -> dict[str, str | None]:
        """Return absolute paths by field, for processes that start in other folders."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {n: None if path is None else str(path.absolute()) for n, path in named.items()}


EMBEDDED = Places()
"""Of data sets that need no files."""


@dataclass(frozen=True)
class DataRequest:
    """Which cases trials need, and how they are prepared; the same for all trials of a protocol.

    Parameters
    ----------
    preparation : Preparation
        The data set, its options, and what is done to its cases.
    train_part, score_part : str
        Parts of its split.
    split : CaseSplit or None
        What these parts hold, where that is not as the data set says.
    """

    preparation: Preparation
    train_part: str
    score_part: str
    split: CaseSplit | None = None

    @staticmethod
    def of(asked: Protocol | TrialConfig) -> DataRequest:
        """Return what a protocol or one of its trials asks for."""
        if isinstance(asked, Protocol):
            name, options = asked.dataset.name, asked.dataset.options
            parts = asked.split.train, asked.split.score, asked.split.cases
        else:
            name, options = asked.dataset, asked.dataset_options
            parts = asked.train_part, asked.score_part, asked.split
        settings = asked.training
        preparation = Preparation(
            dataset=name,
            options=options,
            **settings.preparation,
        )
        return DataRequest(preparation, *parts)


def open_source(request: DataRequest, places: Places) -> Source:
    """Open a file of prepared cases if there is one, else the data set, with its cache if any.

    A data set whose cases are computed is not cached.

    Raises
    ------
    InputError
        See `open_dataset` and `open_prepared`.
    """
    if places.prepared is not None:
        return open_prepared(request, places.prepared)
    wanted = request.preparation
    dataset = open_dataset(wanted.dataset, wanted.options, places.root)
    if places.cache is None or not dataset.files(dataset.case_ids()[0]).images:
        return dataset
    return Cache(places.cache, dataset, wanted)


def open_dataset(name: str, options: dict[str, Any], root: Path | None) -> Dataset:
    """Open a data set.

    Raises
    ------
    ProtocolError
        If the data set does not have an option, or refuses its value.
    InputError
        If the data set's folder is not what it must be.
    """
    try:
        return open_by_name(name, root, options)
    except OptionError as error:
        raise ProtocolError(f"dataset.options: {error}") from error


def open_prepared(request: DataRequest, path: Path) -> Prepared:
    """Open a file of prepared cases that is what is asked for.

    Raises
    ------
    ProtocolError
        If it was prepared from another data set or otherwise; begins with the key at fault.
    InputError
        If the file cannot be read.
    """
    prepared = Prepared(path)
    keys = {
        "dataset": "dataset.name",
        "options": "dataset.options",
        "field_of_view": "training.field_of_view",
        "spacing_mm": "training.spacing_mm",
        "planes": "training.volume.planes",
        "plane_spacing_mm": "training.volume.spacing_mm",
        "intensity": "training.intensity",
    }
    for name, key in keys.items():
        there, wanted = (getattr(p, name) for p in (prepared.preparation, request.preparation))
        if there != wanted:
            raise ProtocolError(f"{key}: must be {there!r}, as {path} was prepared, got {wanted!r}")
    return prepared


def cases_of(source: Source, part: str, key: str) -> tuple[str, ...]:
    """Return the case ids of a part of the split.

    Raises
    ------
    ProtocolError
        If it has no such part; begins with `key`, where the part was asked for.
    """
    filled = {name: cases for name, cases in source.split().parts.items() if cases}
    if part not in filled:
        hint = did_you_mean(part, list(filled))
        raise ProtocolError(f"{key}: '{source.name}' has no cases in '{part}'.{hint}")
    return filled[part]


def training_cases(request: DataRequest, source: Source) -> tuple[str, ...]:
    """Return the case ids to train on; errors are those of `cases_of`."""
    if request.split is None:
        return cases_of(source, request.train_part, "split.train")
    return _known(source, request.split.train)


def scored_cases(request: DataRequest, source: Source) -> tuple[str, ...]:
    """Return the case ids to score; errors are those of `cases_of`."""
    if request.split is None:
        return cases_of(source, request.score_part, "split.score")
    return _known(source, request.split.score)


def _known(source: Source, case_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return case ids that a file of a split names, all of which must be there."""
    there = set(source.case_ids())
    unknown = [case_id for case_id in case_ids if case_id not in there]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise ProtocolError(f"split.file: '{source.name}' has no case '{unknown[0]}'{more}")
    return case_ids


def split_parts(
    request: DataRequest, source: Source, *, scored: bool = True
) -> list[tuple[str, ...]]:
    """Return the case ids to train on and those to score; of the latter none unless `scored`.

    Raises
    ------
    ProtocolError
        If the two share a patient, or the split has no such part; where nothing is scored, that
        part may be missing.
    """
    train, score = request.train_part, request.score_part
    training = training_cases(request, source)
    if not scored and request.split is not None:
        there = set(source.case_ids())
        to_score = tuple(case_id for case_id in request.split.score if case_id in there)
    elif not scored and not source.split().parts.get(score):
        return [training, ()]
    else:
        to_score = scored_cases(request, source)
    both = {source.patient_id(c) for c in training} & {source.patient_id(c) for c in to_score}
    if both:
        raise ProtocolError(f"split: patient '{min(both)}' is both in '{train}' and in '{score}'")
    return [training, to_score if scored else ()]
