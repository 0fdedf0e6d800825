"""The plan of a sweep on the disk: which trials are asked for, each setting written once.

Format 2 (`plan.json`):

- `common`: what all trials have in common;
- `shared`: for each of the large settings (such as `training`), its distinct values;
- `trials`: a line a trial, its id and what is its own; large settings by their number in `shared`.

Format 1, of earlier versions, has every trial in full.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from scribblebench.errors import InputError
from scribblebench.io.atomic import atomic_path
from scribblebench.sweep.case_split import CaseSplit
from scribblebench.sweep.plan import NOT_IN_ID, TrialConfig
from scribblebench.training.objective_settings import ObjectiveSettings
from scribblebench.training.settings import TrainingSettings

FORMAT = 2
LARGE: dict[str, type[BaseModel] | None] = {
    "dataset_options": None,
    "objective": ObjectiveSettings,
    "training": TrainingSettings,
    "split": CaseSplit,
}
"""Settings that are groups of their own, and the model of each."""


@dataclass(frozen=True)
class Plan:
    """What a sweep asks for.

    Parameters
    ----------
    protocol : str
    data_fingerprint : str
    trials : mapping of str to TrialConfig
        By id, in the order in which they are to be run.
    """

    protocol: str
    data_fingerprint: str
    trials: Mapping[str, TrialConfig]

    @property
    def is_imported(self) -> bool:
        """Whether other tools trained its trials: all or none of them."""
        return any(trial.imported for trial in itertools.islice(self.trials.values(), 1))


def write_plan(path: Path, plan: Plan) -> None:
    """Write a plan, atomically; a file that says the same already is left alone.

    Raises
    ------
    InputError
        If the file is the plan of a protocol with another name, or none that can be read; or if
        one of the two has imported trials and the other has trials to be run.
    """
    text = plan_text(plan)
    if path.is_file():
        if path.read_bytes() == text.encode():
            return
        check_successor(path.parent, read_plan(path), plan)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def check_successor(folder: Path, there: Plan, plan: Plan) -> None:
    """Refuse a plan in a folder that holds another one, of which it is no later version.

    Raises
    ------
    InputError
        As `write_plan`.
    """
    if there.protocol != plan.protocol:
        raise InputError(
            f"{folder}: holds results of protocol '{there.protocol}', not of '{plan.protocol}'; "
            f"give another --output"
        )
    if there.trials and there.is_imported != plan.is_imported:
        what = "imported results" if there.is_imported else "results of a sweep"
        raise InputError(f"{folder}: holds {what}; give another --output")


def plan_text(plan: Plan) -> str:
    """Return the content of `plan.json`."""
    # A plan that does not use what came later is written as before.
    later = [name for name in TrialConfig.QUIET if name not in NOT_IN_ID]
    absent = [n for n in later if all(getattr(c, n) is None for c in plan.trials.values())]
    large = [name for name in LARGE if name not in absent]
    shared: dict[str, list[Any]] = {name: [] for name in large}
    numbers: dict[str, dict[int, int]] = {name: {} for name in large}
    alive = []  # ids of objects are unique only while these are kept

    def number(name: str, value: Any) -> int:
        known = numbers[name]
        if id(value) not in known:
            alive.append(value)
            content = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
            values = shared[name]
            known[id(value)] = values.index(content) if content in values else len(values)
            if known[id(value)] == len(values):
                values.append(content)
        return known[id(value)]

    rows = []
    for config in plan.trials.values():
        row = dict(config.__dict__)
        for name in large:
            row[name] = number(name, row[name])
        imported = row.pop("imported")
        # Only what was imported says so: other plans are as before anything could be.
        rows.append(row if imported is None else {**row, "imported": imported.model_dump()})
    names = [n for n in TrialConfig.model_fields if n not in absent and n != "imported"]
    common = {
        name: rows[0][name]
        for name in names
        if rows and all(r[name] == rows[0][name] for r in rows)
    }
    own = [name for name in names if name not in common]
    head = {
        "format": FORMAT,
        "protocol": plan.protocol,
        "data_fingerprint": plan.data_fingerprint,
        "shared": shared,
        "common": common,
    }
    lines = [
        json.dumps(
            [trial_id, {name: row[name] for name in (*own, "imported") if name in row}],
            allow_nan=False,
        )
        for trial_id, row in zip(plan.trials, rows, strict=True)
    ]
    begin = json.dumps(head, indent=1, allow_nan=False).removesuffix("\n}")
    return f'{begin},\n "trials": [\n' + ",\n".join(lines) + "\n ]\n}\n"


def read_plan(path: Path) -> Plan:
    """Read a plan of any format.

    Raises
    ------
    InputError
        If there is none, or it cannot be read.
    """
    if not path.is_file():
        raise InputError(f"{path.parent}: is not a results folder (it has no plan.json)")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content.get("format", 1)
        if version not in (1, FORMAT):
            raise ValueError(f"format must be 1 or {FORMAT}, got {version}")
        trials = _full(content) if version == 1 else _compact(content)
        return Plan(str(content["protocol"]), str(content["data_fingerprint"]), trials)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read ({reason})") from error


def _full(content: dict[str, Any]) -> dict[str, TrialConfig]:
    return {trial.pop("trial_id"): TrialConfig.model_validate(trial) for trial in content["trials"]}


def _compact(content: dict[str, Any]) -> Mapping[str, TrialConfig]:
    shared = {
        name: [model.model_validate(v) if model and v is not None else v for v in values]
        for name, values in content["shared"].items()
        for model in (LARGE[name],)
    }
    trials = _Trials(dict(content["trials"]), content["common"], shared)
    for trial_id in trials:
        trials[trial_id]  # one tells whether this version can read them
        break
    return trials


class _Trials(Mapping[str, TrialConfig]):
    """The trials of a plan, each made when it is asked for: most questions need only ids."""

    def __init__(
        self,
        own: dict[str, dict[str, Any]],
        common: dict[str, Any],
        shared: dict[str, list[Any]],
    ) -> None:
        self._own, self._common, self._shared = own, common, shared
        self._made: dict[str, TrialConfig] = {}

    def __getitem__(self, trial_id: str) -> TrialConfig:
        if trial_id not in self._made:
            row = {**self._common, **self._own[trial_id]}
            for name, values in self._shared.items():
                row[name] = values[row[name]]
            self._made[trial_id] = TrialConfig(**row)
        return self._made[trial_id]

    def __contains__(self, trial_id: object) -> bool:
        return trial_id in self._own

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)
