"""Planes of the scored cases, kept for pictures: what was seen, what is true, what was predicted.

Images and dense labels are the same for all trials that score the same cases, so they are kept once
for a results folder, in a file named by its content; a trial keeps its scribbles and predictions.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scribblebench.data.preprocessing import Slices
from scribblebench.errors import InputError
from scribblebench.io.atomic import atomic_path
from scribblebench.types import AnyArray, LabelArray

NAME = "samples.npz"
"""Of a trial's file."""
WINDOW_PERCENT = (1.0, 99.0)
"""Percentiles of a volume's intensities that become black and white."""
LARGEST_PX = 2**25
"""Pixels kept of the planes of all cases: of more, each case keeps every second plane, or third."""


@dataclass(frozen=True)
class CasePlanes:
    """Planes of one case within the field of view.

    Parameters
    ----------
    case_id : str
    plane : ndarray of int, shape (P,)
        Which planes of the volume, resampled, they are.
    image : ndarray of uint8, shape (P, S, S)
        The first channel.
    label, pred : ndarray of uint8, shape (P, S, S)
        Class ids.
    scribble : ndarray of uint8, shape (P, S, S)
        Class ids, the ignore label where not annotated.
    """

    case_id: str
    plane: AnyArray
    image: LabelArray
    label: LabelArray
    scribble: LabelArray
    pred: LabelArray

    @property
    def largest(self) -> int:
        """Index of the plane with most foreground, of the middle one if there is none."""
        sizes = (self.label > 0).sum(axis=(1, 2))
        return int(sizes.argmax()) if sizes.any() else len(self.label) // 2


class Samples:
    """Collects the planes of a trial's scored cases.

    Parameters
    ----------
    n_px : int
        Pixels of all planes of all cases, which decides how many of them are kept.
    """

    def __init__(self, n_px: int) -> None:
        self._every = max(1, -(-n_px // LARGEST_PX))
        self._cases: list[CasePlanes] = []

    def add(self, slices: Slices, scribble: LabelArray, pred: LabelArray) -> None:
        """Keep planes of one case, none of padding; all arrays within the field of view."""
        assert slices.label_map is not None, "scored cases have dense labels"
        real = slices.real
        image = slices.image[:, 0]
        low, high = np.percentile(image[slices.inside], WINDOW_PERCENT)
        grey = np.clip((image[real] - low) / max(high - low, 1e-6), 0.0, 1.0)
        whole = CasePlanes(
            slices.case.case_id,
            slices.first_plane + np.arange(len(grey)),
            (grey * 255).astype(np.uint8),
            slices.label_map[real],
            scribble[real],
            pred[real],
        )
        kept = slice(whole.largest % self._every, None, self._every)
        names = ("plane", "image", "label", "scribble", "pred")
        planes = {name: getattr(whole, name)[kept] for name in names}
        self._cases.append(CasePlanes(whole.case_id, **planes))

    def shared(self) -> tuple[str, dict[str, AnyArray]]:
        """Return the name of the file that trials share, and its arrays.

        `case_id` and the number of planes `n_planes` (N,); `plane` (M,), `image` and `label`
        (M, S, S), for the cases one after the other.
        """
        arrays = self._arrays("plane", "image", "label")
        digest = hashlib.sha256()
        for name, array in arrays.items():
            digest.update(f"{name} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        return f"cases-{digest.hexdigest()[:12]}.npz", arrays

    def own(self) -> dict[str, AnyArray]:
        """Return the arrays of the trial.

        `scribble` and `pred` (M, S, S), and `cases`, the name of the file that trials share.
        """
        return {**self._arrays("scribble", "pred"), "cases": np.array(self.shared()[0])}

    def _arrays(self, *names: str) -> dict[str, AnyArray]:
        arrays = {
            "case_id": np.array([case.case_id for case in self._cases]),
            "n_planes": np.array([len(case.plane) for case in self._cases]),
        }
        return arrays | {
            name: np.concatenate([getattr(case, name) for case in self._cases]) for name in names
        }


def joined(own: Mapping[str, AnyArray], shared: Mapping[str, AnyArray]) -> list[CasePlanes]:
    """Return the cases whose arrays `Samples` has taken apart."""
    ends = np.cumsum(shared["n_planes"])
    parts = [slice(end - n, end) for end, n in zip(ends, shared["n_planes"], strict=True)]
    return [
        CasePlanes(
            str(case_id),
            *(shared[name][part] for name in ("plane", "image", "label")),
            *(own[name][part] for name in ("scribble", "pred")),
        )
        for case_id, part in zip(shared["case_id"], parts, strict=True)
    ]


def single_planes(arrays: Mapping[str, AnyArray]) -> list[CasePlanes]:
    """Return the cases of a file as earlier versions wrote it: one plane each, nothing shared."""
    names = ("image", "label", "scribble", "pred")
    return [
        CasePlanes(str(case_id), np.array([-1]), *(arrays[name][i : i + 1] for name in names))
        for i, case_id in enumerate(arrays["case_id"])
    ]


def largest_planes(cases: Sequence[CasePlanes]) -> dict[str, AnyArray]:
    """Return the plane with most foreground of each case.

    Returns
    -------
    arrays : dict
        `case_id` (N,), and `image`, `label`, `scribble`, `pred` (N, S, S).
    """
    names = ("image", "label", "scribble", "pred")
    planes = {name: [getattr(case, name)[case.largest] for case in cases] for name in names}
    return {
        "case_id": np.array([case.case_id for case in cases]),
        **{name: np.stack(found) for name, found in planes.items()},
    }


def write_samples(root: Path, trial_folder: Path, samples: Samples) -> None:
    """Write the file of a trial, and in the results folder that of its cases unless it is there."""
    name, shared = samples.shared()
    files = {trial_folder / NAME: samples.own()}
    if not (root / name).exists():
        files[root / name] = shared
    for path, arrays in files.items():
        with atomic_path(path) as temporary:
            np.savez_compressed(temporary, allow_pickle=False, **arrays)


def read_samples(root: Path, trial_folder: Path) -> list[CasePlanes] | None:
    """Read what `write_samples` wrote, or an earlier version; None where a file is missing.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    own = _read(trial_folder / NAME)
    if own is None or "cases" not in own:
        return None if own is None else single_planes(own)
    shared = _read(root / str(own["cases"]))
    return None if shared is None else joined(own, shared)


def _read(path: Path) -> dict[str, AnyArray] | None:
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
