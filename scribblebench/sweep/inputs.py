"""The cases of a protocol: found, checked and prepared before any work is done."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path

from scribblebench.data import DATASETS, Dataset, fingerprint
from scribblebench.data.prepared import Preparation, Prepared
from scribblebench.data.preprocessing import Slices, prepare
from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.scribbles import PRESETS
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.protocol import Protocol, ProtocolError
from scribblebench.sweep.trial import TrialData

Source = Dataset | Prepared
"""Where cases come from: a data set, or a file of its prepared cases."""


def open_source(protocol: Protocol, root: Path | None, prepared: Path | None) -> Source:
    """Open a file of prepared cases if there is one, else the protocol's data set.

    Raises
    ------
    InputError
        See `open_dataset` and `open_prepared`.
    """
    return open_dataset(protocol, root) if prepared is None else open_prepared(protocol, prepared)


def open_dataset(protocol: Protocol, root: Path | None) -> Dataset:
    """Open a protocol's data set.

    Raises
    ------
    ProtocolError
        If the data set does not have an option, or refuses its value.
    InputError
        If the data set's folder is not what it must be.
    """
    name, options = protocol.dataset.name, protocol.dataset.options
    factory = DATASETS[name]
    known = [option for option in inspect.signature(factory).parameters if option != "root"]
    for option in options:
        if option not in known:
            hint = did_you_mean(option, known)
            raise ProtocolError(f"dataset.options: '{name}' has no option '{option}'.{hint}")
    try:
        return factory(root, **options)
    except InputError as error:
        if options:
            raise ProtocolError(f"dataset.options: {error}") from error
        raise


def preparation(protocol: Protocol) -> Preparation:
    """Return what a protocol asks to be done to which data set before training."""
    return Preparation(
        dataset=protocol.dataset.name,
        options=protocol.dataset.options,
        field_of_view=protocol.training.field_of_view,
        spacing_mm=protocol.training.spacing_mm,
    )


def open_prepared(protocol: Protocol, path: Path) -> Prepared:
    """Open a file of prepared cases that is what a protocol asks for.

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
    }
    there, wanted = (p.model_dump() for p in (prepared.preparation, preparation(protocol)))
    for name, key in keys.items():
        if there[name] != wanted[name]:
            raise ProtocolError(
                f"{key}: must be {there[name]!r}, as {path} was prepared, got {wanted[name]!r}"
            )
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


def split_parts(
    protocol: Protocol, source: Source, *, scored: bool = True
) -> list[tuple[str, ...]]:
    """Return the case ids to train on and those to score; of the latter none unless `scored`.

    Raises
    ------
    ProtocolError
        If the two share a patient, or the split has no such part; where nothing is scored, that
        part may be missing.
    """
    train, score = protocol.split.train, protocol.split.score
    training = cases_of(source, train, "split.train")
    if not scored and not source.split().parts.get(score):
        return [training, ()]
    to_score = cases_of(source, score, "split.score")
    both = {source.patient_id(c) for c in training} & {source.patient_id(c) for c in to_score}
    if both:
        raise ProtocolError(f"split: patient '{min(both)}' is both in '{train}' and in '{score}'")
    return [training, to_score if scored else ()]


def check_annotation(trials: Sequence[TrialConfig], data: TrialData) -> None:
    """Check that the cases come with the scribbles and dense labels that trials need.

    Training cases need scribbles for the form 'expert' and dense labels for every other one, to
    draw on or to learn from, and for an oracle of class ratios; scored cases need dense labels.

    Raises
    ------
    ProtocolError
        Naming the key at fault and the first case that lacks what is needed.
    """
    cases = [slices.case for slices in data.training]
    without_dense = [case.case_id for case in cases if case.label_map is None]
    without_scribble = [case.case_id for case in cases if case.scribble is None]
    for trial in trials:
        expert = trial.form == "expert"
        lacking = without_scribble if expert else without_dense
        if lacking:
            what = "scribbles" if expert else "dense labels"
            raise ProtocolError(
                f"forms: '{trial.form}' needs {what}, and case '{lacking[0]}' of "
                f"'{trial.dataset}' comes without"
            )
        if trial.objective and trial.objective.needs_dense_labels and without_dense:
            raise ProtocolError(
                f"methods: the oracle of '{trial.method}' needs dense labels, and case "
                f"'{without_dense[0]}' of '{trial.dataset}' comes without"
            )
        for slices in data.scored:
            if slices.case.label_map is None:
                raise ProtocolError(
                    f"split.score: '{trial.score_part}' must have dense labels, and case "
                    f"'{slices.case.case_id}' of '{trial.dataset}' comes without"
                )


def load_data(
    protocol: Protocol, source: Source, trials: Sequence[TrialConfig], *, scored: bool = True
) -> tuple[TrialData, str]:
    """Read, check and prepare all cases that trials of a protocol need.

    Parameters
    ----------
    protocol : Protocol
    source : Dataset or Prepared
    trials : sequence of TrialConfig
    scored : bool
        Whether the cases to score are needed too.

    Returns
    -------
    data : TrialData
    data_fingerprint : str
        See `scribblebench.data.fingerprint`. For prepared cases it is another one than for those
        that they were prepared from, because their intensities may differ.

    Raises
    ------
    InputError
        Naming the first file at fault, or, as a `ProtocolError`, a key of the protocol.
    """
    parts = split_parts(protocol, source, scored=scored)
    forms = dict.fromkeys(trial.form for trial in trials)
    for preset in (form for form in forms if form in PRESETS):
        missing = [c for c in source.labels.foreground if c not in PRESETS[preset].habits]
        if missing:
            names = ", ".join(source.labels.class_names[c] for c in missing)
            raise ProtocolError(f"forms: preset '{preset}' does not say how to draw {names}")
    training, evaluated = (
        [load_slices(protocol, source, case_id) for case_id in part] for part in parts
    )
    data = TrialData(labels=source.labels, training=training, scored=evaluated)
    check_annotation(trials, data)
    everything = [*training, *evaluated]
    images = [s.image for s in everything] if isinstance(source, Prepared) else None
    return data, fingerprint([s.case for s in everything], images)


def load_slices(protocol: Protocol, source: Source, case_id: str) -> Slices:
    """Return one case as a protocol's networks see it."""
    if isinstance(source, Prepared):
        return source.slices(case_id)
    settings = protocol.training
    return prepare(
        source.load(case_id),
        field_of_view=settings.field_of_view,
        spacing_mm=settings.spacing_mm,
    )
