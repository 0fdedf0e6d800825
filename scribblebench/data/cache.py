"""Prepared cases kept in a folder, so that each is prepared once.

A case has a file of its own, in the format of `scribblebench.data.prepared`, with a hash in its
name of all that it was made from: the bytes of its files, what is done to them and how. A changed
file or setting means another name, so nothing has to be cleared. Any number of processes may use
one folder: files appear whole, and whoever comes second writes the same again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from scribblebench.data.dataset import Dataset, Split
from scribblebench.data.prepared import Preparation, Prepared, write_prepared
from scribblebench.data.preprocessing import Slices
from scribblebench.errors import InputError

VERSION = 2
"""Raised when the same files and settings start to give other prepared cases."""


class Cache:
    """A data set whose prepared cases are kept; it stands in for the data set.

    Images are kept in levels (see `to_levels`), and always come from there: the first run sees
    them as later ones do.

    Parameters
    ----------
    folder : Path
        Made when the first case is kept.
    dataset : Dataset
        Of files; one whose cases are computed has nothing that their names could be made of.
    preparation : Preparation
    """

    def __init__(self, folder: Path, dataset: Dataset, preparation: Preparation) -> None:
        self.folder = folder
        self.preparation = preparation
        self.name, self.labels = dataset.name, dataset.labels
        self._dataset = dataset

    def case_ids(self) -> Sequence[str]:
        """Return all case ids, sorted."""
        return self._dataset.case_ids()

    def patient_id(self, case_id: str) -> str:
        """Return the patient of a case."""
        return self._dataset.patient_id(case_id)

    def split(self) -> Split:
        """Return the default split by patient."""
        return self._dataset.split()

    def path_of(self, case_id: str) -> Path:
        """Return where a case is or will be kept; its files are read for that.

        Raises
        ------
        InputError
            Naming the file that is missing.
        """
        files = self._dataset.files(case_id)
        about = [self.preparation.model_dump_json(), *self.labels.class_names]
        about += [str(VERSION), case_id, self.patient_id(case_id)]
        digest = hashlib.sha256("\0".join(about).encode())
        for path in (*files.images, files.label, files.scribble):
            digest.update(b"\0" if path is None else _bytes_hash(path))
        return self.folder / f"{case_id}-{digest.hexdigest()[:16]}.npz"

    def keep(self, case_id: str) -> Path:
        """Prepare a case and keep it, unless it is kept already; return its file.

        Raises
        ------
        InputError
            Naming the file at fault.
        WriteError
            If the folder cannot be written to.
        """
        path = self.path_of(case_id)
        if not path.is_file():
            self._write(path, case_id)
        return path

    def slices(self, case_id: str) -> Slices:
        """Return a case as it is kept; `slices.case.image` has its shape but is NaN everywhere.

        One that is not kept yet, or whose file is damaged, is prepared. Errors are those of `keep`.
        """
        path = self.keep(case_id)
        slices = self._read(path, case_id)
        if slices is None:
            self._write(path, case_id)
            slices = self._read(path, case_id)
        assert slices is not None, "it was written a moment ago"
        return slices

    def _read(self, path: Path, case_id: str) -> Slices | None:
        """Return a case as it is kept; None if the file is damaged or another one's."""
        try:
            prepared = Prepared(path)
            # As they are written: a tuple among the options comes back as a list.
            same = prepared.preparation.model_dump_json() == self.preparation.model_dump_json()
            if not same or case_id not in prepared.case_ids():
                return None
            return prepared.slices(case_id)
        except InputError:  # its checksums are compared when it is read
            return None

    def _write(self, path: Path, case_id: str) -> None:
        slices = self.preparation.apply(self._dataset.load(case_id))
        write_prepared(path, self.preparation, self.labels, [("", slices)])


def _bytes_hash(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
