"""What a protocol may say: its keys, their values and what must go together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    ValidationInfo,
    model_validator,
)

from scribblebench.data import DATASETS
from scribblebench.data.intensity import IntensityClip
from scribblebench.errors import InputError
from scribblebench.methods import METHODS
from scribblebench.registry import did_you_mean
from scribblebench.scribbles.background import Where
from scribblebench.sweep.axes import (
    Density,
    FormName,
    Randomness,
    Seed,
    all_different,
    check_draws_in_volumes,
    has_budget,
    supervision_of,
)
from scribblebench.sweep.data_settings import DatasetSettings, SplitSettings
from scribblebench.sweep.method_entry import Entry, MethodEntry
from scribblebench.sweep.setting_keys import DRAWING_DEFAULTS, DRAWING_KEYS, Draw, SliceShare
from scribblebench.sweep.trial_groups import Exclusion, ListedTrial
from scribblebench.sweep.variants import Grid, Variant, Varied, Zip, combinations
from scribblebench.sweep.volume_fit import check_fits_volume
from scribblebench.training.settings import STRICT, TrainingSettings

SPLIT_FOLDER = "split_folder"
"""Where the context of validation says from which folder `split.file` is seen."""


class ProtocolError(InputError):
    """A protocol that cannot be met; the message begins with the key at fault."""


class Protocol(BaseModel):
    """A grid of trials, trials listed beside it, and what is left out of both.

    `forms` x `densities` x `randomness` x methods for scribbles x `seeds`; presets and given
    forms have neither density nor randomness, and `dense` goes with the methods for dense labels.
    Every combination of `grid` and `zip` is a variant of the other settings, with such a grid.
    """

    model_config = STRICT

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    """Name of the protocol and of its results folder."""
    description: str = ""
    """For people."""
    dataset: DatasetSettings
    split: SplitSettings = SplitSettings()
    forms: Annotated[list[FormName], AfterValidator(all_different)] = []
    """How scribbles are drawn, or labels that come with the data set."""
    densities: Annotated[list[Density], AfterValidator(all_different)] = []
    """Annotated shares of each foreground class of a slice; for drawn forms."""
    randomness: Annotated[list[Randomness], Field(min_length=1), AfterValidator(all_different)] = [
        0.5
    ]
    """From 0, the form's canonical drawing, to 1; for drawn forms."""
    background: Where = "near"
    """Where the background is annotated; for drawn forms."""
    background_density: Density | None = None
    """Annotated share of the background; null is as many pixels as the foreground."""
    slice_share: SliceShare = 1.0
    """Share of a case's slices that are annotated, evenly spaced; for drawn forms."""
    draw: Draw = "slices"
    """Whether strokes are drawn in slices or run through the volume; for drawn forms."""
    methods: list[Entry] = []
    """Names, or groups that change a method's settings under a name of their own."""
    seeds: Annotated[list[Seed], Field(min_length=1), AfterValidator(all_different)] = [0]
    """Each decides scribbles, initial weights, order of the data and augmentation."""
    training: TrainingSettings = TrainingSettings()
    grid: Grid = {}
    """Lists of values for settings by dotted key, of which every combination is a variant."""
    zip: Zip = {}
    """Equally long lists of values for settings by dotted key, which vary together."""
    trials: list[ListedTrial] = []
    """Trials beside the grid's; one that the grid has too counts once."""
    exclude: list[Exclusion] = []
    """Groups of values; a trial that fits all keys of a group is left out."""

    @model_validator(mode="after")
    def _intensities_are_the_data_sets(self) -> Protocol:
        """Cut intensities as the data set says, where the protocol says nothing, not even null."""
        usual = DATASETS[self.dataset.name].facts.intensity_range
        if usual is not None and "intensity" not in self.training.model_fields_set:
            clip = IntensityClip(range=usual)
            training = self.training.model_copy(update={"intensity": clip})
            object.__setattr__(self, "training", training)  # the model is frozen for all others
        return self

    @model_validator(mode="after")
    def _split_is_there(self, info: ValidationInfo) -> Protocol:
        """Read which cases the split's file names."""
        try:
            self.split.read((info.context or {}).get(SPLIT_FOLDER, Path()), self.dataset.name)
        except ValueError as error:
            raise ValueError(f"split.{error}") from error
        return self

    @model_validator(mode="after")
    def _every_entry_is_used(self) -> Protocol:
        """Refuse forms without a method, methods without a form, and missing densities."""
        if not self.forms and not self.trials:
            raise ValueError("forms must hold at least one value where no trials are listed")
        all_different([method.name for method in self.methods])
        listed = {trial.method for trial in self.trials}
        wanted = {form: supervision_of(form) for form in self.forms}
        offered = {method.name: method.resolved.supervision for method in self.methods}
        for form, supervision in wanted.items():
            if supervision not in offered.values():
                raise ValueError(f"form '{form}' needs a method for {supervision} labels")
        for method, supervision in offered.items():
            if supervision not in wanted.values() and method not in listed:
                raise ValueError(f"method '{method}' needs a form with {supervision} labels")
        if not self.densities and any(map(has_budget, self.forms)):
            raise ValueError("densities must hold at least one value for forms that are drawn")
        return self

    @model_validator(mode="after")
    def _drawing_goes_together(self) -> Protocol:
        if self.draw == "volume" and self.slice_share < 1.0:
            raise ValueError(
                f"slice_share: must be 1 where draw is volume, got {self.slice_share:g}"
            )
        if not any(map(has_budget, [*self.forms, *(trial.form for trial in self.trials)])):
            for key, default in DRAWING_DEFAULTS.items():
                if getattr(self, key) != default:
                    raise ValueError(f"{key}: changes nothing, because no form is drawn")
        return self

    @model_validator(mode="after")
    def _variants_go_together(self) -> Protocol:
        """Refuse variants whose settings do not fit each other or change nothing."""
        drawn = any(map(has_budget, self.forms))
        for name, columns in (("grid", self.grid), ("zip", self.zip)):
            if columns and not self.forms:
                raise ValueError(f"{name}: varies the trials of forms, and there are none")
            for key in columns:
                if key in DRAWING_KEYS and not drawn:
                    raise ValueError(f"{name}: {key}: changes nothing, because no form is drawn")
        if both := [key for key in self.zip if key in self.grid]:
            raise ValueError(f"zip: {both[0]}: must not be in grid too")
        try:
            variants = self.variants()
        except ValueError as error:
            raise ValueError(f"{'grid' if self.grid else 'zip'}: {error}") from error
        if any(variant.settings.draw == "volume" for variant in variants):
            for i, form in enumerate(self.forms):
                try:
                    check_draws_in_volumes(form)
                except ValueError as error:
                    raise ValueError(f"forms[{i}]: {error}") from error
        return self

    @model_validator(mode="after")
    def _methods_fit_volumes(self) -> Protocol:
        """Refuse, in any variant or listed trial, what a method cannot do with its volumes."""
        for variant in self.variants():
            for i, entry in enumerate(self.methods):
                check_fits_volume(
                    entry.resolved.objective, variant.settings.training, f"methods[{i}]: "
                )
        for i, trial in enumerate(self.trials):
            try:
                objective = self.method(trial.method).resolved.objective
                training = self.varied.changed(trial.changes).training
            except ValueError:
                continue  # is told below
            check_fits_volume(objective, training, f"trials[{i}]: method '{trial.method}': ")
        return self

    @model_validator(mode="after")
    def _listed_trials_fit(self) -> Protocol:
        """Refuse listed trials whose method or settings do not fit the rest."""
        for i, trial in enumerate(self.trials):
            try:
                supervision = self.method(trial.method).resolved.supervision
                if supervision != supervision_of(trial.form):
                    wanted = f"a method for {supervision_of(trial.form)} labels"
                    raise ValueError(f"form '{trial.form}' needs {wanted}, got '{trial.method}'")
                if has_budget(trial.form) and trial.randomness is None and len(self.randomness) > 1:
                    raise ValueError("randomness must be given, because the protocol has several")
                if self.varied.changed(trial.changes).draw == "volume":
                    check_draws_in_volumes(trial.form)
            except ValueError as error:
                raise ValueError(f"trials[{i}]: {error}") from error
        return self

    @property
    def varied(self) -> Varied:
        """The settings that variants and listed trials may change."""
        return Varied(
            self.background, self.background_density, self.slice_share, self.draw, self.training
        )

    def variants(self) -> list[Variant]:
        """Return the variants of the settings; one that changes nothing if none is asked for."""
        changes = combinations(self.grid, self.zip)
        return [Variant(change, self.varied.changed(change)) for change in changes]

    def method(self, name: str) -> MethodEntry:
        """Return a method by its name in `methods`, else the registered one.

        Raises
        ------
        ValueError
            With a suggestion, if there is none.
        """
        for entry in self.methods:
            if entry.name == name:
                return entry
        if name not in METHODS:
            known = [*(entry.name for entry in self.methods), *METHODS.names()]
            raise ValueError(f"method: unknown method '{name}'.{did_you_mean(name, known)}")
        return MethodEntry(name=name, method=name)
