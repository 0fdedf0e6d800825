"""Data sets: one adapter a file, all giving `Case` objects."""

from scribblebench.data import (  # fill DATASETS
    acdc,
    btcv,
    decathlon,
    folder,
    medscribble,
    mscmr,
    myops,
    nnunet,
    phantom,
)
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
    "btcv",
    "decathlon",
    "fingerprint",
    "folder",
    "medscribble",
    "mscmr",
    "myops",
    "nnunet",
    "open_dataset",
    "phantom",
]
