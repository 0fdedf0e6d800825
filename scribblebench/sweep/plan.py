"""From a protocol to its trials."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from scribblebench.quiet_defaults import QuietDefaults
from scribblebench.registry import did_you_mean
from scribblebench.scribbles.background import WHERE, Where
from scribblebench.sweep.axes import has_budget
from scribblebench.sweep.blocks import Block, blocks_of
from scribblebench.sweep.case_split import CaseSplit
from scribblebench.sweep.identity import canonical_json
from scribblebench.sweep.protocol_settings import Protocol, ProtocolError
from scribblebench.sweep.setting_keys import DRAWING_DEFAULTS, Draw, shown
from scribblebench.sweep.trial_groups import Exclusion
from scribblebench.sweep.variants import Varied
from scribblebench.training.objective_settings import ObjectiveSettings
from scribblebench.training.settings import TrainingSettings

SCHEMA = 3
"""Raised when the same configuration starts to mean another trial; part of every id."""
NOT_IN_ID = ("variant", "imported")
"""Fields of a trial that tell more of it than what it is."""


class Imported(BaseModel):
    """Where the predictions of a trial come from that another tool has trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tool: str | None
    """What trained the network, such as nnunetv2, and its version; None where nobody said it."""
    version: str | None
    folder: str
    """Name of the folder that held the predictions."""
    digest: str
    """16 hexadecimal digits of a hash of their files."""


ANNOTATION_KEYS = (
    *("form", "density", "randomness", "background", "background_density", "slice_share", "draw"),
)
"""What decides, with the seed and the prepared cases, what is annotated in a trial."""


class TrialConfig(QuietDefaults):
    """Everything that decides a trial's result, apart from code and data.

    `density`, `randomness`, `background` and `background_density` are None for presets and for
    forms that are given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    QUIET: ClassVar[tuple[str, ...]] = (*NOT_IN_ID, "split", "slice_share", "draw")

    dataset: str
    dataset_options: dict[str, Any]
    train_part: str
    score_part: str
    form: str
    density: float | None
    randomness: float | None
    background: Where | None
    background_density: float | None
    method: str
    objective: ObjectiveSettings | None = None
    """What the method minimises; None where it is another tool's, and in results from before."""
    seed: int
    training: TrainingSettings
    variant: str | None = None
    """What tells its settings from the protocol's others, for people: not part of the id."""
    split: CaseSplit | None = None
    """The cases of both parts, where they are not those of the data set's own split."""
    slice_share: float | None = None
    """Share of the slices that are drawn in; None is all of them, or says nothing."""
    draw: Draw | None = None
    """None is slices, or says nothing."""
    imported: Imported | None = None
    """Set where another tool trained; then `training` says only what the annotator saw. Not part
    of the id."""

    def label(self) -> str:
        """Return a short name for people: form, density, randomness, method, variant and seed."""
        parts = [self.form]
        if self.density is not None:
            parts.append(f"{self.density:g}")
        if self.randomness is not None:
            parts.append(f"r{self.randomness:g}")
        return " ".join([*parts, self.arm(), f"seed {self.seed}"])

    def arm(self) -> str:
        """Return the method and, where there is one, the variant: what is compared."""
        return self.method if self.variant is None else f"{self.method} {self.variant}"

    def trial_id(self, data_fingerprint: str) -> str:
        """Return the trial's id: 12 hexadecimal digits of a hash of configuration and data.

        What is hashed is JSON with sorted keys and no blanks, of `schema`, `data` and `trial`. The
        hash of the data does not tell which cases are trained on and which are scored: the names
        of the parts do and, where a file says what they hold, their cases.
        """
        values = {key: getattr(self, key) for key in _IN_ID}
        said = {k: v for k, v in values.items() if k not in self.QUIET or v is not None}
        trial = ",".join([f'"{key}":{canonical_json(value)}' for key, value in said.items()])
        text = (
            f'{{"data":{canonical_json(data_fingerprint)},"schema":{SCHEMA},"trial":{{{trial}}}}}'
        )
        return hashlib.sha256(text.encode()).hexdigest()[:12]


_IN_ID = sorted(set(TrialConfig.model_fields) - set(NOT_IN_ID))
"""Fields that the id is made of, in the order of canonical JSON."""


def expand(protocol: Protocol) -> Iterator[TrialConfig]:
    """Yield the trials of a protocol, seed by seed, so that a part of a sweep is a whole grid.

    A trial that is listed and in the grid too comes once, as the grid's.

    Raises
    ------
    ProtocolError
        If a group of `exclude` leaves nothing out, or all of them leave nothing; raised at the end.
    """
    trials = _asked_for(protocol)
    if protocol.trials:
        trials = _once(trials)
    return _kept(trials, protocol) if protocol.exclude else trials


def _asked_for(protocol: Protocol) -> Iterator[TrialConfig]:
    blocks = [(b, set(b.seeds), _common(protocol, b)) for b in blocks_of(protocol)]
    for seed in dict.fromkeys(seed for block, _, _ in blocks for seed in block.seeds):
        for block, seeds, common in blocks:
            if seed not in seeds:
                continue
            for density in block.densities:
                for randomness in block.randomness:
                    yield TrialConfig(density=density, randomness=randomness, seed=seed, **common)


def _common(protocol: Protocol, block: Block) -> dict[str, Any]:
    """Return what the trials of a block share."""
    drawn = has_budget(block.form)
    return {
        "dataset": protocol.dataset.name,
        "dataset_options": protocol.dataset.options,
        "train_part": protocol.split.train,
        "score_part": protocol.split.score,
        "form": block.form,
        "background": block.settings.background if drawn else None,
        "background_density": block.settings.background_density if drawn else None,
        **(_drawing(block.settings) if drawn else {}),
        "method": block.method,
        "objective": block.objective,
        "training": block.settings.training,
        "variant": block.variant,
        "split": protocol.split.cases,
    }


def _drawing(settings: Varied) -> dict[str, Any]:
    """Return in which slices, or in what else, is drawn, as far as it is not the default."""
    return {
        key: value
        for key, default in DRAWING_DEFAULTS.items()
        if (value := getattr(settings, key)) != default
    }


def _once(trials: Iterable[TrialConfig]) -> Iterator[TrialConfig]:
    """Yield trials of one protocol without those that were there before."""
    key = operator.attrgetter(*ANNOTATION_KEYS, "method", "seed", "training")
    seen = set()
    for trial in trials:
        if (this := key(trial)) not in seen:
            seen.add(this)
            yield trial


def _kept(trials: Iterable[TrialConfig], protocol: Protocol) -> Iterator[TrialConfig]:
    """Yield the trials that fit none of the exclusions, each of which must leave some out."""
    groups = [
        [(_getter(key), values) for key, values in exclusion.values.items()]
        for exclusion in protocol.exclude
    ]
    for group, exclusion in zip(groups, protocol.exclude, strict=True):
        if "background_density" in exclusion.values:
            # A null means something of drawn forms only, and they have a background.
            group.append((operator.attrgetter("background"), [*WHERE]))
    used: set[int] = set()
    n_kept = 0
    for trial in trials:
        fitting = [i for i, keys in enumerate(groups) if all(get(trial) in v for get, v in keys)]
        used.update(fitting)
        if not fitting:
            n_kept += 1
            yield trial
    for i, exclusion in enumerate(protocol.exclude):
        if i not in used:
            reason = _why_none_fits(exclusion, list(_asked_for(protocol)))
            raise ProtocolError(f"exclude[{i}]: leaves out no trial: {reason}")
    if not n_kept:
        raise ProtocolError("exclude: leaves no trial")


def _getter(key: str) -> Callable[[TrialConfig], Any]:
    """Return what gives a trial's value of a field or, by dotted key, of a setting."""
    get = operator.attrgetter(key)
    default = DRAWING_DEFAULTS.get(key)
    if default is None:
        return get

    def said_or_default(trial: TrialConfig) -> Any:
        value = get(trial)
        return default if value is None and has_budget(trial.form) else value

    return said_or_default


def _why_none_fits(exclusion: Exclusion, trials: Sequence[TrialConfig]) -> str:
    for key, values in exclusion.values.items():
        known = dict.fromkeys(map(_getter(key), trials))
        if not any(value in known for value in values):
            names = [shown(value) for value in known if value is not None]
            near = did_you_mean(values[0], names) if isinstance(values[0], str) else ""
            hint = near or (f" Known: {', '.join(names)}." if names else "")
            return f"none has {key} {' or '.join(map(shown, values))}.{hint}"
    return "none fits all of its keys"
