"""Data sets: one adapter a file, all giving `Case` objects."""

from scribblebench.data import acdc, decathlon, mscmr, phantom  # fill DATASETS
from scribblebench.data.dataset import (
    DATASETS,
    CaseFiles,
    Dataset,
    DatasetFacts,
    Split,
    fingerprint,
)
from scribblebench.data.opening import open_dataset

__all__ = [
    "DATASETS",
    "CaseFiles",
    "Dataset",
    "DatasetFacts",
    "Split",
    "acdc",
    "decathlon",
    "fingerprint",
    "mscmr",
    "open_dataset",
    "phantom",
]
