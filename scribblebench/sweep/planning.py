"""From a protocol or a results folder to a plan, and to the data that its trials need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scribblebench.errors import InputError
from scribblebench.sweep.data_notes import split_notes, view_notes
from scribblebench.sweep.inputs import LoadedData, load_data
from scribblebench.sweep.plan import expand
from scribblebench.sweep.plan_file import Plan
from scribblebench.sweep.protocol import Protocol
from scribblebench.sweep.sources import EMBEDDED, DataRequest, Places, open_source
from scribblebench.sweep.store import Store


@dataclass(frozen=True)
class Planned:
    """A results folder with its plan, and the data that its trials need."""

    store: Store
    plan: Plan
    data: LoadedData
    places: Places
    notes: tuple[str, ...] = ()
    """What somebody should know of the data before trials are run."""


def plan_sweep(
    protocol: Protocol,
    *,
    output: Path,
    places: Places = EMBEDDED,
) -> Planned:
    """Find the trials of a protocol and read the data; nothing is written.

    Parameters
    ----------
    protocol : Protocol
    output : Path
        Results folder.
    places : Places
        Where the data lie.

    Raises
    ------
    InputError
        If the data cannot be used.
    """
    configs = list(expand(protocol))
    request = DataRequest.of(protocol)
    source = open_source(request, places)
    loaded, fingerprint = load_data(request, source, configs)
    trials = {config.trial_id(fingerprint): config for config in configs}
    plan = Plan(protocol.name, fingerprint, trials)
    data = LoadedData(request, fingerprint, places=places, loaded=loaded)
    notes = (*view_notes(loaded), *split_notes(protocol.split.named, source.case_ids()))
    return Planned(Store(output), plan, data, places, notes)


def reopen_sweep(output: Path, places: Places = EMBEDDED) -> Planned:
    """Return what was planned in a results folder, which may come from another machine.

    Parameters
    ----------
    output : Path
        Results folder.
    places : Places
        Where the data lie on this one; they are read when the first trial needs them.

    Raises
    ------
    InputError
        If the folder holds no plan.
    """
    store = Store(output)
    plan = store.read_plan()
    if not plan.trials:
        raise InputError(f"{output}: its plan holds no trial")
    request = DataRequest.of(next(iter(plan.trials.values())))
    data = LoadedData(request, plan.data_fingerprint, places=places)
    return Planned(store, plan, data, places)
