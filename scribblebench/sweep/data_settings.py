"""What a protocol says of its data: which data set, and which of its cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, PrivateAttr

from scribblebench.data import DATASETS
from scribblebench.sweep.case_split import CaseSplit, read_cases
from scribblebench.training.settings import STRICT, Count


def _known_dataset(name: str) -> str:
    DATASETS[name]
    return name


class DatasetSettings(BaseModel):
    """Which data set, where it lies and its own options."""

    model_config = STRICT

    name: Annotated[
        str,
        AfterValidator(_known_dataset),
        Field(json_schema_extra={"enum": [*DATASETS.names()]}),
    ]
    data: str | None = None
    """Folder of the data set, or one that holds it under its name."""
    options: dict[str, Any] = {}
    """The data set's own settings."""


class SplitSettings(BaseModel):
    """Which parts of a split to train on and to score: of the data set's own, or of a file's."""

    model_config = STRICT

    train: str = "train"
    score: str = "val"
    file: Annotated[str, Field(min_length=1)] | None = None
    """File of `data split`, relative to this one, whose parts are meant."""
    fold: Annotated[Count, Field(ge=0)] | None = None
    """Which of the file's folds, from 0; its parts are train and val."""
    _cases: CaseSplit | None = PrivateAttr(default=None)
    _named: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def cases(self) -> CaseSplit | None:
        """What the file says; None where the data set's own split is meant."""
        return self._cases

    @property
    def named(self) -> frozenset[str]:
        """All cases that the file names, in any of its parts and folds."""
        return self._named

    def read(self, folder: Path, dataset: str) -> None:
        """Read the file, if there is one, as it is seen from `folder`.

        Raises
        ------
        ValueError
            Beginning with the key at fault.
        """
        if self.file is not None:
            self._cases, self._named = read_cases(
                *(folder / self.file, dataset), fold=self.fold, train=self.train, score=self.score
            )
        elif self.fold is not None:
            raise ValueError("fold: goes with file, which must be given")
