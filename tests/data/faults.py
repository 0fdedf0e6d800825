"""A small copy of ACDC, and faults to plant in a copy of any data set of NIfTI files."""

import re
import shutil
from dataclasses import dataclass

import nibabel as nib
import numpy as np

from scribblebench.data.checking import inspect_case, make_report

AFFINE = np.diag([-1.5, -1.5, 8.0, 1.0])
AFFINE[:3, 3] = (40.0, 30.0, -20.0)


def write_acdc(root, n_patients, *, frames=(1,)):
    """Write patients: array (x, y, z) = (12, 10, 3), a square of each class, scribbles in it."""
    labels = np.zeros((12, 10, 3), dtype=np.uint8)
    for class_id in (1, 2, 3):
        labels[3 * class_id : 3 * class_id + 2, 3:6, :2] = class_id
    scribble = np.where(np.arange(10)[None, :, None] == 4, labels, 4).astype(np.uint8)
    for number in range(1, n_patients + 1):
        name = f"patient{number:03d}"
        (root / name).mkdir(parents=True)
        for frame in frames:
            rng = np.random.default_rng([number, frame])
            image = rng.integers(0, 255, labels.shape).astype(np.uint8)
            for suffix, array in (("", image), ("_gt", labels), ("_scribble", scribble)):
                path = root / name / f"{name}_frame{frame:02d}{suffix}.nii.gz"
                nib.save(nib.Nifti1Image(array, AFFINE), path)


def report_of(dataset, root, parts=None):
    cases = [inspect_case(dataset, case_id) for case_id in dataset.case_ids()]
    return make_report(dataset, cases, root, parts or dataset.split().parts)


def rewrite(path, change=None, *, affine=None, dtype=None):
    """Write a file again with other voxels, another affine or another type."""
    image = nib.load(path)
    array = np.asarray(image.dataobj).astype(dtype or image.get_data_dtype())
    new = change(array) if change else array
    nib.save(nib.Nifti1Image(new, image.affine if affine is None else affine), path)


def at_first(value):
    def change(array):
        array.flat[0] = value
        return array

    return change


def label_of(files):
    return files.label or files.scribble


def truncate(files, _):
    path = label_of(files)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def shift(files, _):
    affine = nib.load(files.images[0]).affine.copy()
    affine[:3, 3] += affine[:3, 0] * 3
    rewrite(label_of(files), affine=affine)


def other_spacing(files, _):
    scaled = nib.load(files.images[0]).affine @ np.diag([10.0, 1.0, 1.0, 1.0])
    for path in (*files.images, files.label, files.scribble):
        if path is not None:
            rewrite(path, affine=scaled)


def contradict(files, _):
    def swap(array):
        at = np.argwhere(array == 1)[:2]
        array[tuple(at.T)] = 2
        return array

    rewrite(files.scribble, swap)


def turn(files, _):
    affine = nib.load(files.images[0]).affine
    n = nib.load(files.images[0]).shape[0]
    turned = affine @ np.array([[-1, 0, 0, n - 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    rewrite(label_of(files), lambda array: array[::-1], affine=turned)


def lose_position(files, _):
    sizes = nib.affines.voxel_sizes(nib.load(files.images[0]).affine)
    rewrite(label_of(files), affine=np.diag([*sizes, 1.0]))


def copy_over(files, other):
    pairs = ((files.label, other.label), (files.scribble, other.scribble))
    for to, source in (*zip(files.images, other.images, strict=True), *pairs):
        if to is not None and source is not None:
            shutil.copy(source, to)


def orphan(files, _):
    path = label_of(files)
    numbers = list(re.finditer(r"\d+", path.name))
    start, end = numbers[-1].span()
    shutil.copy(path, path.with_name(f"{path.name[:start]}{'9' * (end - start)}{path.name[end:]}"))


@dataclass(frozen=True)
class Fault:
    """What to do to a case's files (and those of another case), and what must be said of it."""

    plant: object
    severity: str
    says: str
    of_case: bool = True
    needs: str = "label"
    n_problems: int = 1


FAULTS = {
    "missing label": Fault(
        lambda f, _: label_of(f).unlink(), "error", "no such file|holds neither"
    ),
    "empty file": Fault(
        lambda f, _: f.images[0].write_bytes(b""), "error", r"is empty \(0 bytes\)"
    ),
    "garbage": Fault(
        lambda f, _: f.images[0].write_bytes(b"x" * 500), "error", "cannot be read as"
    ),
    "truncated": Fault(truncate, "error", "cannot be read as NIfTI"),
    "NaN": Fault(
        lambda f, _: rewrite(f.images[0], at_first(np.nan), dtype=np.float32),
        *("error", "must be finite, got NaN"),
    ),
    "unknown label": Fault(
        lambda f, _: rewrite(label_of(f), at_first(9)), "error", r"must be among .* got 9 \(1 px\)"
    ),
    "other shape": Fault(
        lambda f, _: rewrite(label_of(f), lambda a: a[:-1]), "error", "must have the image's shape"
    ),
    "shifted": Fault(shift, "error", "must be on the image's grid"),
    "empty labels": Fault(
        lambda f, _: rewrite(f.label, np.zeros_like),
        *("error", "dense labels are empty"),
        n_problems=2,  # scribbles contradict them too
    ),
    "constant image": Fault(
        lambda f, _: rewrite(f.images[0], np.ones_like), "error", "image is constant, every .* is 1"
    ),
    "same image": Fault(copy_over, "any", "has the same image as"),
    "orphan": Fault(orphan, "error", "is called like the labels of a case", of_case=False),
    "empty scribbles": Fault(
        lambda f, _: rewrite(f.scribble, lambda a: np.full_like(a, 4)),
        *("error", "scribbles mark no voxel"),
        needs="scribble",
    ),
    "contradiction": Fault(
        contradict, "warning", "contradict the dense labels in 2 of", needs="both"
    ),
    "other spacing": Fault(
        other_spacing,
        *("warning", "its spacing is .* the median of all cases"),
        n_problems=2,  # pixels are oblong too
    ),
    "turned": Fault(turn, "warning", "has its axes to"),
    "lost position": Fault(lose_position, "warning", "has lost its position and directions"),
}
