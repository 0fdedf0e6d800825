"""Which cases trials train on and score, where a file of a split says so."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from scribblebench.data.split_file import read_split
from scribblebench.errors import InputError
from scribblebench.registry import did_you_mean
from scribblebench.training.settings import STRICT


class CaseSplit(BaseModel):
    """Case ids to train on and to score; they are part of a trial and of its id."""

    model_config = STRICT

    train: tuple[str, ...]
    score: tuple[str, ...]


def read_cases(
    path: Path, dataset: str, *, fold: int | None, train: str, score: str
) -> tuple[CaseSplit, frozenset[str]]:
    """Read from a file which cases two parts of a split, or of one of its folds, hold.

    Parameters
    ----------
    path : Path
        See `scribblebench.data.split_file`.
    dataset : str
        Which the file must be for.
    fold : int or None
        None for a file without folds.
    train, score : str
        Names of the parts.

    Returns
    -------
    cases : CaseSplit
    named : frozenset of str
        All cases of the file, which are those that it was written for.

    Raises
    ------
    InputError
        Beginning with the key of `split` at fault.
    """
    try:
        split = read_split(path, dataset)
    except InputError as error:
        raise InputError(f"file: {error}") from error
    parts = split.parts_of(fold)
    for key, part in (("train", train), ("score", score)):
        if part not in parts:
            raise InputError(
                f"{key}: {path} has no part '{part}'.{did_you_mean(part, list(parts))}"
            )
    return CaseSplit(train=parts[train], score=parts[score]), frozenset(split.case_ids())
