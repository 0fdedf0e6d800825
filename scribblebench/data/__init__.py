"""Data sets: one adapter a file, all giving `Case` objects."""

from scribblebench.data import (  # fill DATASETS
    acdc,
    btcv,
    decathlon,
    folder,
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
    "mscmr",
    "myops",
    "nnunet",
    "phantom",
]
