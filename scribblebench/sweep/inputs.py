"""The cases that trials need: found, checked and prepared before any work is done."""

from __future__ import annotations

from collections.abc import Collection

from scribblebench.data import fingerprint
from scribblebench.data.cache import Cache
from scribblebench.data.prepared import Prepared
from scribblebench.data.preprocessing import Slices
from scribblebench.errors import InputError
from scribblebench.scribbles import PRESETS
from scribblebench.sweep.plan import TrialConfig
from scribblebench.sweep.protocol import ProtocolError
from scribblebench.sweep.sources import DataRequest, Places, Source, open_source, split_parts
from scribblebench.sweep.training_stage import TrialData


def check_annotation(trials: Collection[TrialConfig], data: TrialData) -> None:
    """Check that the cases come with the scribbles and dense labels that trials need.

    Training cases need scribbles for the form 'expert' and dense labels for every other one, to
    draw on or to learn from, and for an oracle of class ratios; scored cases need dense labels.

    Raises
    ------
    ProtocolError
        Naming the key at fault and the first case that lacks what is needed.
    """
    cases = [slices.case for slices in data.training]
    shares = [s.cut_share for s in data.training if s.label_map is not None]
    if shares and all(share == 1.0 for share in shares):
        raise ProtocolError(
            "training.field_of_view: no foreground of any training case lies in the field of view, "
            "which is about the middle of the image (of volumes see training.volume.planes too)"
        )
    without_dense = [case.case_id for case in cases if case.label_map is None]
    without_scribble = [case.case_id for case in cases if case.scribble is None]
    scored_without = [s.case.case_id for s in data.scored if s.case.label_map is None]
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
        if scored_without:
            raise ProtocolError(
                f"split.score: '{trial.score_part}' must have dense labels, and case "
                f"'{scored_without[0]}' of '{trial.dataset}' comes without"
            )


def load_data(
    request: DataRequest, source: Source, trials: Collection[TrialConfig], *, scored: bool = True
) -> tuple[TrialData, str]:
    """Read, check and prepare all cases that trials need.

    Parameters
    ----------
    request : DataRequest
    source : Source
    trials : collection of TrialConfig
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
    parts = split_parts(request, source, scored=scored)
    forms = dict.fromkeys(trial.form for trial in trials)
    for preset in (form for form in forms if form in PRESETS):
        missing = [c for c in source.labels.foreground if c not in PRESETS[preset].habits]
        if missing:
            names = ", ".join(source.labels.class_names[c] for c in missing)
            raise ProtocolError(f"forms: preset '{preset}' does not say how to draw {names}")
    training, evaluated = (
        [load_slices(request, source, case_id) for case_id in part] for part in parts
    )
    data = TrialData(labels=source.labels, training=training, scored=evaluated)
    check_annotation(trials, data)
    everything = [*training, *evaluated]
    images = [s.image for s in everything] if isinstance(source, Prepared | Cache) else None
    return data, fingerprint([s.case for s in everything], images)


def load_slices(request: DataRequest, source: Source, case_id: str) -> Slices:
    """Return one case as networks see it."""
    if isinstance(source, Prepared | Cache):
        return source.slices(case_id)
    return request.preparation.apply(source.load(case_id))


class LoadedData:
    """The data of a process's trials: read once, when the first trial needs them.

    Parameters
    ----------
    request : DataRequest
    data_fingerprint : str
        What they must be.
    places : Places
        Where they lie.
    loaded : TrialData, or None
        If they are there already.
    """

    def __init__(
        self,
        request: DataRequest,
        data_fingerprint: str,
        *,
        places: Places,
        loaded: TrialData | None = None,
    ) -> None:
        self.fingerprint = data_fingerprint
        self._request, self._places = request, places
        self._loaded = loaded

    def get(self, trials: Collection[TrialConfig]) -> TrialData:
        """Return the data, checked for what trials need.

        Raises
        ------
        InputError
            If they cannot be read or are not those that the sweep was planned with.
        """
        if self._loaded is None:
            source = open_source(self._request, self._places)
            data, found = load_data(self._request, source, trials)
            if found != self.fingerprint:
                name = self._request.preparation.dataset
                where = self._places.prepared or self._places.root or name
                raise InputError(
                    f"{where}: must hold the data that the sweep was planned with "
                    f"({self.fingerprint}), got others ({found})"
                )
            self._loaded = data
        return self._loaded
